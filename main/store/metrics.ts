/**
 * Recovery quality as it lies in the run rows: read in pages, newest runs first, and folded once for rows that an older
 * version wrote. Must never compute a number itself: the fold did.
 */
import type { RunSummary } from '../../shared/api/contract.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import type { RunMetrics } from '../../shared/run/metrics.ts';
import type { RunState } from '../../shared/run/state.ts';
import type { Journal } from './journal.ts';
import type { MeasuredRunRow, MetricsQuery, SqlDatabase } from './port.ts';
import { allRows } from './sql.ts';
import type { Transaction } from './sql.ts';
import type { Tables } from './tables.ts';

export function readMetrics(db: SqlDatabase, query: MetricsQuery): MeasuredRunRow[] {
  const conditions = ['metrics IS NOT NULL'];
  const parameters: unknown[] = [];
  const where = (condition: string, ...values: unknown[]): void => {
    conditions.push(condition);
    parameters.push(...values);
  };
  if (query.workflowId !== undefined) where('workflow_id = ?', query.workflowId);
  if (query.from !== undefined) where('started_at >= ?', query.from);
  if (query.to !== undefined) where('started_at < ?', query.to);
  if (query.before) where('(started_at, run_id) < (?, ?)', query.before.startedAt, query.before.runId);
  const rows = allRows<{ data: string; metrics: string }>(
    db.prepare(
      `SELECT data, metrics FROM run WHERE ${conditions.join(' AND ')} ORDER BY started_at DESC, run_id DESC LIMIT ?`,
    ),
    ...parameters,
    query.limit,
  );
  return rows.map(({ data, metrics }) => ({
    ...(JSON.parse(data) as RunSummary),
    metrics: JSON.parse(metrics) as RunMetrics,
  }));
}

export interface OldRuns {
  db: SqlDatabase;
  journal: Journal;
  tables: Tables;
  transaction: Transaction;
  fold: (events: RunEvent[]) => RunState | undefined;
  log: (message: string) => void;
}

/** A run that does not fold stays as it is, for doctor to tell; it must not keep the folder from opening. */
export function measureOldRuns({ db, journal, tables, transaction, fold, log }: OldRuns): void {
  const old = allRows<{ runId: string }>(db.prepare('SELECT run_id AS runId FROM run WHERE metrics IS NULL'));
  if (old.length === 0) return;
  transaction(() => {
    for (const { runId } of old) {
      const found = foldOf(runId);
      if (found) tables.project(found.state, [], found.updatedAt);
    }
  });

  function foldOf(runId: string): { state: RunState; updatedAt: number } | undefined {
    try {
      const events = journal.events(runId, 0);
      const state = fold(events);
      const last = events[events.length - 1];
      return state && last && { state, updatedAt: last.at };
    } catch (error) {
      log(`Run ${runId} of an older version cannot be folded: ${String(error)}`);
      return undefined;
    }
  }
}
