/** Temporary data folders that are removed after each test, and stores that are closed before that. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import type { SqlDriver, Store } from '../../main/store/port.ts';
import { openStore } from '../../main/store/store.ts';
import type { StoreOptions } from '../../main/store/store.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import { START_MS } from './history.ts';

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-store-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function openIn(dataDir: string, driver: SqlDriver, more: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({ dataDir, driver, clock: () => START_MS, fold: foldRun, ...more });
  cleanups.push(() => store.close());
  return store;
}
