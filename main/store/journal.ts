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
  /** A transaction failed: what was added in it is not there. */
  forget(): void;
}

interface EventRow {
  seq: number;
  at: number;
  type: string;
  body: string;
}

/** Where a run's next event goes. */
interface End {
  number: number;
  lastSeq: number;
}

/** Ends of runs that are known without asking; the runs of one busy moment, not all there are. */
const KNOWN_ENDS = 1_000;

export function journalOn(db: SqlDatabase, blobs: Blobs): Journal {
  const selectEnd = db.prepare(
    `SELECT number, coalesce((SELECT max(seq) FROM run_event WHERE run = number), 0) AS lastSeq
     FROM run_number WHERE run_id = ?`,
  );
  const insertNumber = db.prepare('INSERT INTO run_number (run_id) VALUES (?)');
  const insert = db.prepare('INSERT INTO run_event (run, seq, at, type, body, blob) VALUES (?, ?, ?, ?, ?, ?)');
  const select = db.prepare(
    `SELECT seq, at, type, coalesce(body, blob.content) AS body FROM run_event LEFT JOIN blob ON blob.hash = run_event.blob
     WHERE run = (SELECT number FROM run_number WHERE run_id = ?) AND seq > ? ORDER BY seq`,
  );
  const runIds = db.prepare('SELECT run_id AS runId FROM run_number ORDER BY run_id');
  const gaps = db.prepare(
    `SELECT run_id AS runId, count(seq) AS count, min(seq) AS first, max(seq) AS last
     FROM run_number LEFT JOIN run_event ON run = number
     GROUP BY number HAVING first IS NOT 1 OR last IS NOT count ORDER BY run_id`,
  );
  const ends = new Map<string, End>();

  function endOf(runId: string): End {
    const known = ends.get(runId);
    if (known) return known;
    const end = firstRow<End>(selectEnd, runId) ?? {
      number: Number(insertNumber.run(runId).lastInsertRowid),
      lastSeq: 0,
    };
    const oldest = ends.size >= KNOWN_ENDS ? ends.keys().next().value : undefined;
    if (oldest !== undefined) ends.delete(oldest);
    ends.set(runId, end);
    return end;
  }

  return {
    add({ runId, events, state }) {
      const end = endOf(runId);
      for (const { runId: ofRun, seq, at, type, ...rest } of events) {
        if (ofRun !== runId) throw new Error(`Run ${runId}: an event of run ${ofRun} is in its batch.`);
        if (seq !== end.lastSeq + 1) {
          throw new Error(`Run ${runId}: event ${seq} (${type}) does not follow event ${end.lastSeq}.`);
        }
        const { body, blob } = blobs.place(JSON.stringify(rest));
        insert.run(end.number, seq, at, type, body, blob);
        end.lastSeq = seq;
      }
      if (state.runId !== runId || state.lastSeq !== end.lastSeq) {
        throw new Error(
          `Run ${runId}: the state to store is of run ${state.runId} after event ${state.lastSeq}, not after ${end.lastSeq}.`,
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
    forget() {
      ends.clear();
    },
  };
}
