/** The table of what runs spent per day and month: written with the events, added up per workflow. */
import type { SpendTotal } from '../../shared/run/spend.ts';
import type { SqlDatabase } from './port.ts';
import type { SpendRow } from './projections.ts';
import { allRows } from './sql.ts';

export function spendOn(db: SqlDatabase) {
  // Most events of a run change nothing of it, and then no page is touched.
  const upsert = db.prepare(
    `INSERT INTO run_spend (run_id, period, workflow_id, spent_micros, reserved_micros, raised_micros, warned_micros)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (run_id, period) DO UPDATE SET spent_micros = excluded.spent_micros,
       reserved_micros = excluded.reserved_micros, raised_micros = excluded.raised_micros,
       warned_micros = excluded.warned_micros
     WHERE spent_micros <> excluded.spent_micros OR reserved_micros <> excluded.reserved_micros
       OR raised_micros IS NOT excluded.raised_micros OR warned_micros IS NOT excluded.warned_micros`,
  );
  const ofRun = db.prepare(
    `SELECT run_id AS runId, period, workflow_id AS workflowId, spent_micros AS spentMicros,
       reserved_micros AS reservedMicros, raised_micros AS raisedMicros, warned_micros AS warnedMicros
     FROM run_spend WHERE run_id = ? ORDER BY period`,
  );
  const totals = db.prepare(
    `SELECT workflow_id AS workflowId, period, sum(spent_micros) AS spentMicros, sum(reserved_micros) AS reservedMicros,
       max(raised_micros) AS raisedMicros, max(warned_micros) AS warnedMicros
     FROM run_spend WHERE period >= ? GROUP BY workflow_id, period`,
  );

  return {
    write(row: SpendRow): void {
      upsert.run(
        row.runId,
        row.period,
        row.workflowId,
        row.spentMicros,
        row.reservedMicros,
        row.raisedMicros,
        row.warnedMicros,
      );
    },
    rowsOf: (runId: string): SpendRow[] => allRows<SpendRow>(ofRun, runId),
    totals: (since: string): SpendTotal[] =>
      allRows<Omit<SpendRow, 'runId'>>(totals, since).map(({ raisedMicros, warnedMicros, ...rest }) => ({
        ...rest,
        ...(raisedMicros === null ? {} : { raisedMicros }),
        ...(warnedMicros === null ? {} : { warnedMicros }),
      })),
  };
}
