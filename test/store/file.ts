/**
 * What the tests of a database file share: a filled folder, a refusal as a value, a stranger's hands on the file, a
 * driver that shows its connections, and a process of its own.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { StoreError } from '../../main/store/port.ts';
import type { SqlDatabase, SqlDriver } from '../../main/store/port.ts';
import { openIn, temporaryFolder } from './folder.ts';
import { appendOf, wholeRun } from './history.ts';

export const isWindows = process.platform === 'win32';

export const fileIn = (dataDir: string): string => path.join(dataDir, 'holdfast.db');

/** Opens the file beside the store and works on it as a stranger would. */
export function tamper<T>(driver: SqlDriver, dataDir: string, work: (db: SqlDatabase) => T): T {
  const db = driver.open(fileIn(dataDir));
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** A driver that hands out the connections it opened. */
export function watched(driver: SqlDriver): { driver: SqlDriver; last: () => SqlDatabase } {
  let last: SqlDatabase | undefined;
  return {
    driver: { ...driver, open: (file) => (last = driver.open(file)) },
    last: () => {
      if (!last) throw new Error('Nothing was opened.');
      return last;
    },
  };
}

export async function refusalOf(dataDir: string, driver: SqlDriver): Promise<StoreError> {
  const error = await openIn(dataDir, driver).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreError)) throw new Error(`Expected a refusal, got ${String(error)}`);
  expect(error.message).toMatch(/^[^\n]+: [^\n]+\.$/);
  return error;
}

/** A folder with one closed store in it that holds a run. */
export async function filledFolder(driver: SqlDriver): Promise<string> {
  const dataDir = temporaryFolder();
  const store = await openIn(dataDir, driver);
  await store.append([appendOf(wholeRun('r1'))]);
  await store.close();
  return dataDir;
}

/** Runs child.ts; with `killAfterMs` it is killed that long after its first line. */
export function child(
  mode: 'append' | 'open',
  dataDir: string,
  driverName: string,
  runId = '',
  killAfterMs?: number,
): Promise<{ lines: string[] }> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [
      fileURLToPath(new URL('./child.ts', import.meta.url)),
      mode,
      dataDir,
      driverName,
      runId,
    ]);
    let output = '';
    let complaint = '';
    let killTimer: ReturnType<typeof setTimeout> | undefined;
    running.stdout.on('data', (chunk) => {
      output += String(chunk);
      if (killAfterMs !== undefined) killTimer ??= setTimeout(() => running.kill('SIGKILL'), killAfterMs);
    });
    running.stderr.on('data', (chunk) => (complaint += String(chunk)));
    running.once('error', reject);
    running.once('close', (code, signal) => {
      clearTimeout(killTimer);
      const wasKilled = killAfterMs !== undefined && signal === 'SIGKILL';
      if (code !== 0 && !wasKilled) reject(new Error(`The child ended with ${code ?? signal}: ${complaint}`));
      else resolve({ lines: output.slice(0, output.lastIndexOf('\n')).split('\n').filter(Boolean) });
    });
  });
}
