/**
 * The Sandbox, opened when something first speaks to it: most commands never do, and a server takes a while to start.
 * What a data folder already holds of it is read when the app opens, so that damage is told then and not in a run.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { StoreError } from '../store/port.ts';
import { LEDGER_NAME, SandboxLedgerError } from './ledger.ts';
import type { Sandbox, SandboxOptions } from './sandbox.ts';
import type { SandboxEntry } from './system.ts';

export interface SandboxOnDemand {
  /** Base URL of a system; undefined when there is no such system. */
  resolve(system: string): Promise<string | undefined>;
  /** What really happened, oldest first. */
  entries(): Promise<SandboxEntry[]>;
  close(): Promise<void>;
}

export async function sandboxOnDemand(options: SandboxOptions): Promise<SandboxOnDemand> {
  let opening: Promise<Sandbox> | undefined;
  const opened = (): Promise<Sandbox> => (opening ??= open(options));
  if (existsSync(path.join(options.dir, LEDGER_NAME))) await opened();
  return {
    resolve: async (system) => (await opened()).resolve(system),
    entries: async () => (await opened()).entries(),
    close: async () => {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}

/** Its ledger is part of the data folder: what is wrong with it is told like the rest. */
async function open(options: SandboxOptions): Promise<Sandbox> {
  try {
    const { startSandbox } = await import('./sandbox.ts');
    return await startSandbox(options);
  } catch (error) {
    if (error instanceof SandboxLedgerError) throw new StoreError('corrupt', error.message);
    const code = error instanceof Object && 'code' in error ? String(error.code) : '';
    if (code === '') throw error;
    const fix = 'Move it away; the Sandbox starts anew.';
    throw new StoreError('unreadable', `The Sandbox's folder ${options.dir} cannot be used (${code}). ${fix}`);
  }
}
