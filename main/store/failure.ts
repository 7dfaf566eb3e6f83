/**
 * Turns what a driver or the file system throws into one sentence that names the file and the fix.
 * Must never swallow: an error that is not about the file (a bug, a constraint) passes through unchanged.
 */
import { StoreError } from './port.ts';

const ELSEWHERE = 'or choose another data folder';

export function corrupt(file: string, detail: string): StoreError {
  return new StoreError(
    'corrupt',
    `${file} is damaged or is not a Holdfast database (${detail}): put a backup in its place, or move it away to start with an empty one.`,
  );
}

export function fromTheFuture(file: string, found: number, known: number): StoreError {
  return new StoreError(
    'from_the_future',
    `${file} was written by a newer Holdfast (data version ${found}, this one knows ${known}): update Holdfast, ${ELSEWHERE}.`,
  );
}

export function readOnly(path: string): StoreError {
  return new StoreError('read_only', `${path} cannot be written: give yourself write permission to it, ${ELSEWHERE}.`);
}

export function unreadable(path: string, detail: string): StoreError {
  return new StoreError(
    'unreadable',
    `${path} cannot be read or written (${detail}): check the disk and the permissions, ${ELSEWHERE}.`,
  );
}

function full(file: string): StoreError {
  return new StoreError('full', `There is no space left for ${file}: free some space on that disk, ${ELSEWHERE}.`);
}

function inUse(file: string): StoreError {
  return new StoreError('in_use', `${file} is in use by another process: stop that one, ${ELSEWHERE}.`);
}

function driverMissing(detail: string): StoreError {
  return new StoreError(
    'unreadable',
    `The database driver could not be loaded (${detail}): install Holdfast again, for example with npm ci.`,
  );
}

function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  // One driver reports a failed open only as SQLite's number in the text.
  return /Unable to open connection to local database .*: 14/.test(error.message) ? 'SQLITE_CANTOPEN' : '';
}

/** The typed error for what was thrown, or the same value when it says nothing about the file. */
export function asStoreError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const code = codeOf(error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') return full(file);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return inUse(file);
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return corrupt(file, error.message);
  if (code.startsWith('SQLITE_READONLY') || code === 'EROFS') return readOnly(file);
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED') return driverMissing(code);
  if (code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_PERM')) {
    return unreadable(file, error.message);
  }
  if (/^E[A-Z]+$/.test(code)) return unreadable(file, code);
  return error;
}

/** Runs the work; what it throws comes out typed. */
export function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asStoreError(error, file);
  }
}
