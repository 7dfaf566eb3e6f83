/**
 * Opens the one connection of a data folder: floor, folder, header, pragmas, migrations, a first write, and only then
 * the proof of the pragmas. Whatever is wrong is a StoreError with one sentence, and a refused file is unchanged.
 */
import { corrupt, fromTheFuture, guarded, unreadable } from './failure.ts';
import { APPLICATION_ID, prepareFolder, readHeader } from './folder.ts';
import { migrate } from './migrate.ts';
import type { Migration } from './migrate.ts';
import { StoreError } from './port.ts';
import type { SqlDatabase, SqlDriver } from './port.ts';
import { applyPragmas, wrongPragmas } from './pragmas.ts';
import { firstRow, scalar } from './sql.ts';

export interface OpenOptions {
  dataDir: string;
  driver: SqlDriver;
  migrations: readonly Migration[];
  clock: () => number;
  log: (message: string) => void;
  /** See `MigrateOptions`. */
  refold: (db: SqlDatabase) => void;
}

export interface OpenDatabase {
  db: SqlDatabase;
  file: string;
  sqliteVersion: string;
}

export function openDatabase(options: OpenOptions): OpenDatabase {
  const { driver, migrations, clock, log, refold } = options;
  const sqliteVersion = requireVersion(driver);
  const file = prepareFolder(options.dataDir);
  const known = migrations.length;
  return guarded(file, () => {
    const header = readHeader(file);
    if (!header.empty) requireOurs(file, header, known);
    const db = driver.open(file);
    try {
      requireOursInside(db, file, known);
      applyPragmas(db);
      migrate(db, { driver, file, migrations, clock, log, refold });
      requirePragmas(db, file, clock());
      return { db, file, sqliteVersion };
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Asked of a database in memory, so that a driver that is too old never touches the file. */
function requireVersion(driver: SqlDriver): string {
  return guarded('SQLite', () => {
    const memory = driver.open(':memory:');
    try {
      const found = String(scalar(memory, 'SELECT sqlite_version()'));
      if (isOlder(found, driver.minimumVersion)) {
        throw new StoreError(
          'too_old',
          `SQLite ${found} of ${driver.name} is too old, ${driver.minimumVersion} or newer is needed: install Holdfast again, for example with npm ci.`,
        );
      }
      return found;
    } finally {
      memory.close();
    }
  });
}

export function isOlder(version: string, than: string): boolean {
  const left = version.split('.').map(Number);
  const right = than.split('.').map(Number);
  for (let index = 0; index < right.length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function requireOurs(file: string, found: { userVersion: number; applicationId: number }, known: number): void {
  const isOurs = found.applicationId === APPLICATION_ID;
  if (!isOurs && (found.userVersion !== 0 || found.applicationId !== 0)) {
    throw corrupt(file, 'it belongs to another program');
  }
  if (found.userVersion > known) throw fromTheFuture(file, found.userVersion, known);
}

/** The log may hold a newer header than the file itself. One statement, so that it sees one moment. */
function requireOursInside(db: SqlDatabase, file: string, known: number): void {
  const found = firstRow<{ userVersion: number; applicationId: number; tables: number }>(
    db.prepare(
      `SELECT (SELECT user_version FROM pragma_user_version) AS userVersion,
         (SELECT application_id FROM pragma_application_id) AS applicationId,
         (SELECT count(*) FROM sqlite_schema) AS tables`,
    ),
  );
  if (!found) throw corrupt(file, 'it does not answer');
  requireOurs(file, found, known);
  if (found.userVersion === 0 && found.tables > 0) throw corrupt(file, 'it has tables of another program');
}

/**
 * Sets everything once more, writes, and only then reads back. Nothing may be set between the write and the reading:
 * that would hide a driver that drops a setting with the first write.
 */
function requirePragmas(db: SqlDatabase, file: string, now: number): void {
  applyPragmas(db);
  db.prepare(
    'INSERT INTO opening (id, last_at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at',
  ).run(now);
  const wrong = wrongPragmas(db);
  if (wrong.length > 0) {
    throw unreadable(file, `the database does not keep the settings that make it safe: ${wrong.join(', ')}`);
  }
}
