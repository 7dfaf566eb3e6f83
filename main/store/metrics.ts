/**
 * Recovery quality as it lies in the run rows: read in pages, newest runs first. Must never compute a number itself: the
 * fold did.
 */
import type { RunSummary } from '../../shared/api/contract.ts';
import type { RunMetrics } from '../../shared/run/metrics.ts';
import type { MeasuredRunRow, MetricsQuery, SqlDatabase } from './port.ts';
import { allRows } from './sql.ts';

export function readMetrics(db: SqlDatabase, query: MetricsQuery): MeasuredRunRow[] {
  const conditions: string[] = [];
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
      `SELECT data, metrics FROM run ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
       ORDER BY started_at DESC, run_id DESC LIMIT ?`,
    ),
    ...parameters,
    query.limit,
  );
  return rows.map(({ data, metrics }) => ({
    ...(JSON.parse(data) as RunSummary),
    metrics: JSON.parse(metrics) as RunMetrics,
  }));
}
