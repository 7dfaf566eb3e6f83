/**
 * The store over SQLite: puts the parts together behind the port. One connection, one writer, every method's failure a
 * StoreError when it is about the file. Must never acknowledge an append before it is on disk.
 */
import { blobsOn } from './blobs.ts';
import { writeVerifiedCopy } from './copy.ts';
import { dependenciesOn } from './dependencies.ts';
import { examine } from './doctor.ts';
import { documentsOn } from './documents.ts';
import { asStoreError, guarded } from './failure.ts';
import { journalOn } from './journal.ts';
import { logRoomFor } from './log-room.ts';
import { readMetrics } from './metrics.ts';
import { loadMigrations } from './migrate.ts';
import type { Migration } from './migrate.ts';
import { openDatabase } from './open.ts';
import type { OpenDatabase } from './open.ts';
import type { DoctorFinding, SqlDriver, Store } from './port.ts';
import { AUTO_CHECKPOINT_PAGES, readPragmas } from './pragmas.ts';
import { refoldOn } from './refold.ts';
import type { Fold } from './refold.ts';
import { allRows, firstRow, transactionOn } from './sql.ts';
import { tablesOn } from './tables.ts';

export interface StoreOptions {
  dataDir: string;
  driver: SqlDriver;
  clock: () => number;
  /** The fold of a run's journal; doctor compares and rebuilds with it. */
  fold: Fold;
  log?: (message: string) => void;
  /** For tests of upgrades; without it the product's own. */
  migrations?: readonly Migration[];
}

/** A quiet moment this long after the last write is used to fold the log back into the file. */
const IDLE_MS = 10_000;

export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, driver, clock, log = () => {}, migrations = loadMigrations() } = options;
  const opened = openDatabase({
    dataDir,
    driver,
    migrations,
    clock,
    log,
    refold: (db) => refoldOn(db, options.fold, log),
  });
  try {
    return assemble(opened, options, log);
  } catch (error) {
    opened.db.close();
    throw asStoreError(error, opened.file);
  }
}

function assemble(
  { db, file, sqliteVersion }: OpenDatabase,
  options: StoreOptions,
  log: (message: string) => void,
): Store {
  const { driver, clock, fold } = options;
  const documents = documentsOn(db);
  const blobs = blobsOn(db);
  const journal = journalOn(db, blobs);
  const tables = tablesOn(db, documents.version);
  const dependencies = dependenciesOn(db);
  const transaction = transactionOn(db);
  const selectCommand = db.prepare('SELECT 1 FROM run_command WHERE command_id = ?');
  const insertCommand = db.prepare('INSERT INTO run_command (command_id, run_id, at) VALUES (?, ?, ?)');
  let isOpen = true;

  const room = logRoomFor(file, AUTO_CHECKPOINT_PAGES);

  const idle = setTimeout(() => {
    try {
      // The log keeps its size: overwriting it is cheaper than growing it again.
      if (isOpen) allRows(db.prepare('PRAGMA wal_checkpoint(PASSIVE)'));
    } catch (error) {
      log(`Folding the log into ${file} failed and is tried again after the next write: ${String(error)}`);
    }
  }, IDLE_MS);
  idle.unref();

  const requireOpen = (): void => {
    if (!isOpen) throw new Error('The store is closed.');
  };
  const read = <T>(work: () => T): T => {
    requireOpen();
    return guarded(file, work);
  };
  const write = <T>(work: () => T): T => {
    try {
      const result = read(() => transaction(work));
      room.keepAhead();
      idle.refresh();
      return result;
    } catch (error) {
      journal.forget();
      throw error;
    }
  };

  return {
    async append(batch) {
      if (batch.every(({ events, commandIds }) => events.length === 0 && commandIds.length === 0)) return;
      write(() => {
        for (const append of batch) {
          journal.add(append);
          const last = append.events[append.events.length - 1];
          if (last) tables.project(append.state, append.events, last.at);
          if (append.dependencies) dependencies.save(append.dependencies);
          for (const commandId of append.commandIds) insertCommand.run(commandId, append.runId, clock());
        }
      });
    },
    async events(runId, after = 0) {
      return read(() => journal.events(runId, after));
    },
    async commandSeen(commandId) {
      return read(() => firstRow(selectCommand, commandId) !== undefined);
    },
    async runs(query) {
      return read(() => tables.runs(query));
    },
    async run(runId) {
      return read(() => tables.run(runId));
    },
    async runByKey(key) {
      return read(() => tables.runByKey(key));
    },
    async metrics(query) {
      return read(() => readMetrics(db, query));
    },
    async wakes() {
      return read(() => tables.wakes());
    },
    async tasks(query) {
      return read(() => tables.tasks(query));
    },
    async ledger(query) {
      return read(() => tables.ledger(query));
    },
    async version(digest) {
      return read(() => documents.version(digest));
    },
    async saveVersion(version) {
      write(() => documents.saveVersion(version));
    },
    async drafts() {
      return read(() =>
        documents.drafts().map((draft) => {
          const { count, last } = tables.runsOfWorkflow(draft.id);
          const lastRun = last && { runId: last.runId, word: last.word, startedAt: last.startedAt };
          return { ...draft, runs: count, ...(lastRun ? { lastRun } : {}) };
        }),
      );
    },
    async draft(id) {
      return read(() => documents.draft(id));
    },
    async saveDraft(draft) {
      return write(() => documents.saveDraft(draft));
    },
    async deleteDraft(id) {
      write(() => documents.deleteDraft(id));
    },
    async setting(name) {
      return read(() => documents.setting(name));
    },
    async dependencies() {
      return read(() => dependencies.all());
    },
    async waitingRuns() {
      return read(() => dependencies.waiting());
    },
    async saveDependency(state) {
      write(() => dependencies.save([state]));
    },
    async spendTotals(since) {
      return read(() => tables.spendTotals(since));
    },
    async saveSetting(name, value) {
      write(() => documents.saveSetting(name, value));
    },
    facts() {
      return read(() => ({ sqliteVersion, driver: driver.name, path: file, pragmas: readPragmas(db) }));
    },
    async doctor({ rebuild = false, backup }) {
      return read(() => {
        const copied = backup === undefined ? [] : [copyTo(backup)];
        return [...copied, ...examine({ db, journal, blobs, tables, transaction, fold }, rebuild)];
      });
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      clearTimeout(idle);
      room.close();
      try {
        allRows(db.prepare('PRAGMA wal_checkpoint(TRUNCATE)'));
      } catch (error) {
        // Nothing is lost: everything is in the log, and the next opening reads it. A full disk must not fail what is done.
        log(`Folding the log into ${file} failed and is done at the next start: ${String(error)}`);
      } finally {
        db.close();
      }
    },
  };

  /** Before anything is rebuilt, so that the copy is of what was there. */
  function copyTo(target: string): DoctorFinding {
    try {
      writeVerifiedCopy(db, driver, target);
      return { check: 'integrity', ok: true, message: `A verified copy is in ${target}.` };
    } catch (error) {
      return { check: 'integrity', ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  }
}
