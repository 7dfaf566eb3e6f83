/**
 * The journal: what happened, appended and never changed. An event's envelope is in columns, the rest is its body.
 * Must never let a run's sequence have a gap or a repeat.
 */
import type { RunEvent } from '../../shared/run/events.ts';
import type { Blobs } from './blobs.ts';
import type { RunAppend, SqlDatabase } from './port.ts';
import { allRows, firstRow } from './sql.ts';

export interface Journal {
  /** Inside the caller's transaction. Throws on a gap, a repeat, or a state that is not the fold of these events. */
  add(append: RunAppend): void;
  events(runId: string, after: number): RunEvent[];
  runIds(): string[];
  /** Sentences about runs whose sequence is not 1, 2, 3 … */
  gaps(): string[];
}

interface EventRow {
  seq: number;
  at: number;
  type: string;
  body: string;
}

export function journalOn(db: SqlDatabase, blobs: Blobs): Journal {
  const lastSeq = db.prepare('SELECT max(seq) AS seq FROM run_event WHERE run_id = ?');
  const insert = db.prepare('INSERT INTO run_event (run_id, seq, at, type, body, blob) VALUES (?, ?, ?, ?, ?, ?)');
  const select = db.prepare(
    `SELECT seq, at, type, coalesce(body, blob.content) AS body
     FROM run_event LEFT JOIN blob ON blob.hash = run_event.blob WHERE run_id = ? AND seq > ? ORDER BY seq`,
  );
  const runIds = db.prepare('SELECT DISTINCT run_id AS runId FROM run_event ORDER BY run_id');
  const gaps = db.prepare(
    `SELECT run_id AS runId, count(*) AS count, min(seq) AS first, max(seq) AS last FROM run_event
     GROUP BY run_id HAVING first <> 1 OR last <> count`,
  );

  return {
    add({ runId, events, state }) {
      let last = firstRow<{ seq: number | null }>(lastSeq, runId)?.seq ?? 0;
      for (const { runId: ofRun, seq, at, type, ...rest } of events) {
        if (ofRun !== runId) throw new Error(`Run ${runId}: an event of run ${ofRun} is in its batch.`);
        if (seq !== last + 1) throw new Error(`Run ${runId}: event ${seq} (${type}) does not follow event ${last}.`);
        const { body, blob } = blobs.place(JSON.stringify(rest));
        insert.run(runId, seq, at, type, body, blob);
        last = seq;
      }
      if (state.runId !== runId || state.lastSeq !== last) {
        throw new Error(
          `Run ${runId}: the state to store is of run ${state.runId} after event ${state.lastSeq}, not after ${last}.`,
        );
      }
    },
    events(runId, after) {
      return allRows<EventRow>(select, runId, after).map(
        ({ body, seq, at, type }) => ({ ...JSON.parse(body), runId, seq, at, type }) as RunEvent,
      );
    },
    runIds() {
      return allRows<{ runId: string }>(runIds).map((row) => row.runId);
    },
    gaps() {
      return allRows<{ runId: string; count: number; first: number; last: number }>(gaps).map(
        ({ runId, count, first, last }) => `run ${runId} has ${count} events numbered ${first} to ${last}`,
      );
    },
  };
}
