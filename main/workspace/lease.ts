/**
 * The lease of a data folder: at most one process works in it. It is a lock that the operating system holds for the
 * process (an exclusive lock on a small SQLite file), so it ends with kill -9 and stays while the process sleeps.
 * Every take-over raises a fencing number. Must never be taken by removing another process's files.
 */
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StoreError } from '../store/port.ts';
import type { SqlDatabase, SqlDriver } from '../store/port.ts';
import { asStoreError, guarded } from '../store/failure.ts';
import { prepareFolder } from '../store/folder.ts';

export type HostKind = 'electron' | 'loopback' | 'terminal';

/** What `host.json` says about the process that holds the lease; readable by its owner only. */
export interface HostNote {
  pid: number;
  host: HostKind;
  fence: number;
  /** Unix socket or named pipe that speaks the wire, one JSON message per line. */
  socket: string;
  token: string;
}

export interface Lease {
  fence: number;
  /** Tells other commands how to reach this process. */
  announce(note: { socket: string; token: string }): void;
  release(): void;
}

const NOTE = 'host.json';
const RETRY_MS = 100;

export async function takeLease(options: {
  dataDir: string;
  driver: SqlDriver;
  host: HostKind;
  waitMs?: number;
}): Promise<Lease> {
  const { dataDir, driver, host } = options;
  prepareFolder(dataDir);
  const until = Date.now() + (options.waitMs ?? 0);
  let taken = tryTake(dataDir, driver);
  while (taken === undefined && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    taken = tryTake(dataDir, driver);
  }
  if (taken === undefined) throw inUse(dataDir);
  const { database, fence } = taken;
  const notePath = path.join(dataDir, NOTE);
  // A note left by a process that was killed would send others to a socket nobody answers.
  rmSync(notePath, { force: true });
  let open = true;
  return {
    fence,
    announce: ({ socket, token }) => {
      const note: HostNote = { pid: process.pid, host, fence, socket, token };
      guarded(notePath, () => {
        writeFileSync(`${notePath}.new`, `${JSON.stringify(note)}\n`, { mode: 0o600 });
        renameSync(`${notePath}.new`, notePath);
      });
    },
    release: () => {
      if (!open) return;
      open = false;
      rmSync(notePath, { force: true });
      database.close();
    },
  };
}

/**
 * Undefined when another process holds it. The transaction stays open and never writes, so the file stays empty: there
 * is nothing in it that a crash could damage, and nothing to sync.
 */
function tryTake(dataDir: string, driver: SqlDriver): { database: SqlDatabase; fence: number } | undefined {
  const file = path.join(dataDir, 'lease.db');
  let database: SqlDatabase | undefined;
  try {
    closeSync(openSync(file, 'a', 0o600));
    database = driver.open(file);
    database.exec('PRAGMA busy_timeout = 0');
    database.exec('BEGIN EXCLUSIVE');
    return { database, fence: nextFence(dataDir) };
  } catch (error) {
    database?.close();
    const typed = asStoreError(error, file);
    if (typed instanceof StoreError && typed.reason === 'in_use') return undefined;
    throw typed;
  }
}

/** Only the holder of the lease comes here. The number tells living processes apart, so it need not survive a power cut. */
function nextFence(dataDir: string): number {
  const file = path.join(dataDir, 'lease.fence');
  let last = 0;
  try {
    last = Number.parseInt(readFileSync(file, 'utf8'), 10) || 0;
  } catch {
    // The first lease of this folder.
  }
  writeFileSync(`${file}.new`, `${last + 1}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return last + 1;
}

function inUse(dataDir: string): StoreError {
  const note = readNote(dataDir);
  const who = note ? `${hostWords[note.host]}, process ${note.pid}` : 'another process';
  return new StoreError(
    'in_use',
    `The data folder ${dataDir} is in use by ${who}; close it first, or choose another folder with --data.`,
  );
}

const hostWords: Record<HostKind, string> = {
  electron: 'the Holdfast desktop app',
  loopback: 'Holdfast in a browser',
  terminal: 'a holdfast command',
};

/** What the holder wrote about itself; undefined when there is no readable note. It is a hint, the lock is the truth. */
export function readNote(dataDir: string): HostNote | undefined {
  try {
    const note = JSON.parse(readFileSync(path.join(dataDir, NOTE), 'utf8')) as Partial<HostNote> | null;
    if (typeof note?.pid !== 'number' || typeof note.socket !== 'string' || typeof note.token !== 'string')
      return undefined;
    if (typeof note.fence !== 'number' || !note.host || !Object.hasOwn(hostWords, note.host)) return undefined;
    return { pid: note.pid, host: note.host, fence: note.fence, socket: note.socket, token: note.token };
  } catch {
    return undefined;
  }
}
