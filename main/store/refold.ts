/**
 * Folds the journal into the projections again: asked for by doctor, and done after every change of the layout, so that
 * a new column is as right for old runs as for new ones. Must run inside a transaction; reads one run at a time.
 */
import type { RunEvent } from '../../shared/run/events.ts';
import type { RunState } from '../../shared/run/state.ts';
import { blobsOn } from './blobs.ts';
import { documentsOn } from './documents.ts';
import { journalOn } from './journal.ts';
import type { Journal } from './journal.ts';
import type { SqlDatabase } from './port.ts';
import { tablesOn } from './tables.ts';
import type { Tables } from './tables.ts';

export type Fold = (events: RunEvent[]) => RunState | undefined;

export function refold(journal: Journal, tables: Tables, fold: Fold): void {
  tables.clear();
  for (const runId of journal.runIds()) refoldRun(runId, journal, tables, fold);
}

function refoldRun(runId: string, journal: Journal, tables: Tables, fold: Fold): void {
  const events = journal.events(runId, 0);
  const state = fold(events);
  const last = events[events.length - 1];
  if (state && last) tables.project(state, [], last.at);
}

/**
 * For a database whose layout is being changed: nothing of it is prepared yet. A run that does not fold is left for
 * doctor to tell; it must not keep the folder from opening.
 */
export function refoldOn(db: SqlDatabase, fold: Fold, log: (message: string) => void): void {
  const journal = journalOn(db, blobsOn(db));
  const tables = tablesOn(db, documentsOn(db).version);
  tables.clear();
  for (const runId of journal.runIds()) {
    try {
      refoldRun(runId, journal, tables, fold);
    } catch (error) {
      log(`Run ${runId} of an older version cannot be folded: ${String(error)}`);
    }
  }
}
