/**
 * A verified copy of the whole database in one file: written by `VACUUM INTO`, synced, opened again and checked.
 * Must never overwrite a file that exists, and never leave a copy behind that did not pass.
 */
import { closeSync, existsSync, fsyncSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { asStoreError, unreadable } from './failure.ts';
import { syncFolder } from './folder.ts';
import { StoreError } from './port.ts';
import type { SqlDatabase, SqlDriver } from './port.ts';
import { allRows, scalar } from './sql.ts';

/** What `integrity_check` complains about; empty when the file is sound. */
export function integrityProblems(db: SqlDatabase): string[] {
  return allRows<{ integrity_check: string }>(db.prepare('PRAGMA integrity_check'))
    .map((row) => row.integrity_check)
    .filter((line) => line !== 'ok');
}

export function writeVerifiedCopy(db: SqlDatabase, driver: SqlDriver, target: string): void {
  const file = path.resolve(target);
  if (existsSync(file)) {
    throw new StoreError(
      'unreadable',
      `${file} exists already and is not overwritten: name another file for the copy.`,
    );
  }
  try {
    // Created here, so that the copy is as private as the original: SQLite fills an empty file.
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    throw asStoreError(error, file);
  }
  try {
    db.prepare('VACUUM INTO ?').run(file);
    const handle = openSync(file, 'r+');
    fsyncSync(handle);
    closeSync(handle);
    syncFolder(path.dirname(file));
    verify(driver, file, scalar(db, 'PRAGMA user_version'));
  } catch (error) {
    rmSync(file, { force: true });
    throw asStoreError(error, file);
  }
}

function verify(driver: SqlDriver, file: string, version: string | number | undefined): void {
  const copy = driver.open(file);
  try {
    const problems = integrityProblems(copy);
    if (problems.length > 0) throw unreadable(file, `the copy is not sound: ${problems[0]}`);
    if (scalar(copy, 'PRAGMA user_version') !== version) throw unreadable(file, 'the copy is of another data version');
  } finally {
    copy.close();
  }
}
