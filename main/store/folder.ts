/**
 * The data folder and the file in it, before SQLite sees them: made private to this user, checked for access, and the
 * file's header read with plain file calls, so that a file that is refused is not touched by as much as a lock.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { asStoreError, corrupt, readOnly, unreadable } from './failure.ts';

export const DATABASE_NAME = 'holdfast.db';
/** `HOLD` in ASCII, in SQLite's application id: tells our files from other programs' databases. */
export const APPLICATION_ID = 0x484f4c44;

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';

/** What the header says. `empty` is a file that has no page yet. */
export type Header = { empty: true } | { empty: false; userVersion: number; applicationId: number };

/** Creates the folder (0700) and the file (0600) where they are missing; resolves to the file's path. */
export function prepareFolder(dataDir: string): string {
  const folder = path.resolve(dataDir);
  const file = path.join(folder, DATABASE_NAME);
  try {
    const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) syncFolder(path.dirname(made));
  } catch (error) {
    throw folderError(error, folder);
  }
  requireAccess(folder, constants.R_OK | constants.X_OK, () => unreadable(folder, 'permission denied'));
  requireAccess(folder, constants.W_OK, () => readOnly(folder));
  if (!existsSync(file)) {
    try {
      closeSync(openSync(file, 'a', 0o600));
      syncFolder(folder);
    } catch (error) {
      throw folderError(error, file);
    }
  }
  if (!statSync(file).isFile()) throw unreadable(file, 'it is not a file');
  requireAccess(file, constants.R_OK, () => unreadable(file, 'permission denied'));
  requireAccess(file, constants.W_OK, () => readOnly(file));
  return file;
}

function folderError(error: unknown, where: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EACCES' || code === 'EPERM') return readOnly(where);
  if (code === 'EEXIST' || code === 'ENOTDIR') return unreadable(where, 'a file is in the place of a folder');
  return asStoreError(error, where);
}

function requireAccess(target: string, mode: number, refusal: () => Error): void {
  try {
    accessSync(target, mode);
  } catch {
    throw refusal();
  }
}

/** A new name in a folder is durable only once the folder is synced. Windows has no such call. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export function readHeader(file: string): Header {
  const size = statSync(file).size;
  if (size === 0) return { empty: true };
  const header = Buffer.alloc(HEADER_BYTES);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(handle);
  }
  if (size < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw corrupt(file, 'it does not begin like a database');
  }
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const expectedBytes = pageBytes * header.readUInt32BE(28);
  // With a log beside it the file may lawfully be short: the missing pages are still in the log.
  if (size < expectedBytes && !hasLog(file))
    throw corrupt(file, `${expectedBytes - size} bytes are missing at its end`);
  return { empty: false, userVersion: header.readUInt32BE(60), applicationId: header.readUInt32BE(68) };
}

function hasLog(file: string): boolean {
  return existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0;
}
