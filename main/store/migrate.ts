/**
 * Brings a database to the newest schema: numbered files, each in one transaction, counted in `user_version`.
 * Before an existing database is changed, a verified copy of it lies beside it. Must never go backwards.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeVerifiedCopy } from './copy.ts';
import { guarded } from './failure.ts';
import type { SqlDatabase, SqlDriver } from './port.ts';
import { allRows, scalar, transactionOn } from './sql.ts';

export interface Migration {
  version: number;
  name: string;
  sql: string;
}

/** The folder `migrations` lies beside the running file: this source file, or the bundle this was built into. */
function migrationsFolder(): string {
  const here = typeof __filename === 'string' ? __filename : fileURLToPath(import.meta.url);
  return path.join(path.dirname(here), 'migrations');
}

export function loadMigrations(folder = migrationsFolder()): Migration[] {
  const names = guarded(folder, () => readdirSync(folder))
    .filter((name) => /^\d{4}_.+\.sql$/.test(name))
    .sort();
  return names.map((name, index) => {
    const version = Number(name.slice(0, 4));
    if (version !== index + 1)
      throw new Error(`Migration ${name} should have number ${index + 1}: numbers have no gaps.`);
    const file = path.join(folder, name);
    return { version, name, sql: guarded(file, () => readFileSync(file, 'utf8')) };
  });
}

export interface MigrateOptions {
  driver: SqlDriver;
  file: string;
  migrations: readonly Migration[];
  clock: () => number;
  log: (message: string) => void;
  /** Folds what is derived again, in the transaction of the last change of an existing database. */
  refold: (db: SqlDatabase) => void;
}

export function userVersion(db: SqlDatabase): number {
  return Number(scalar(db, 'PRAGMA user_version'));
}

export function migrate(db: SqlDatabase, options: MigrateOptions): void {
  const { file, migrations, log } = options;
  const from = userVersion(db);
  const due = migrations.filter((migration) => migration.version > from);
  if (due.length === 0) return;
  if (from > 0) {
    const copy = path.join(path.dirname(file), `backup-v${from}-${fileTime(options.clock())}.db`);
    writeVerifiedCopy(db, options.driver, copy);
    log(`Copied the database to ${copy} before changing its layout.`);
  }
  const transaction = transactionOn(db);
  for (const migration of due) {
    transaction(() => {
      // Another process may have come first while this one waited for the lock.
      if (userVersion(db) >= migration.version) return;
      db.exec(migration.sql);
      if (from > 0 && migration === due[due.length - 1]) options.refold(db);
      const broken = allRows(db.prepare('PRAGMA foreign_key_check')).length;
      if (broken > 0) throw new Error(`Migration ${migration.name} leaves ${broken} broken references.`);
      db.exec(`PRAGMA user_version = ${migration.version}`);
    });
    if (from > 0) log(`Applied ${migration.name}.`);
  }
}

/** 20261123T185401123Z: sorts by time and is a legal file name everywhere. */
function fileTime(at: number): string {
  return new Date(at).toISOString().replace(/[-:.]/g, '');
}
