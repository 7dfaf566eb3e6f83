/**
 * The projected tables in SQL: run, task and the effect ledger, written row by row from projections.ts and read back.
 * Must never compute anything about a run: what is in a row was decided by the fold.
 */
import type { InboxItem, LedgerRow, RunSummary } from '../../shared/api/contract.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import type { SpendTotal } from '../../shared/run/spend.ts';
import type { RunState, TaskState } from '../../shared/run/state.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import type { ReadStore, RunQuery, RunWake, SqlDatabase, SqlStatement } from './port.ts';
import { effectRows, labelOf, runRow, spendRows, taskRows, touchedBy } from './projections.ts';
import type { EffectRow, RunRow, SpendRow, StoredEffect, TaskRow } from './projections.ts';
import { spendOn } from './spend.ts';
import { allRows, firstRow } from './sql.ts';

export type TaskQuery = Parameters<ReadStore['tasks']>[0];

export interface Tables {
  /** Upserts the run's row and the rows its events touched; `events` empty means every row of the run. */
  project(state: RunState, events: readonly RunEvent[], updatedAt: number): void;
  /** Empties what is refolded as a whole; the effect ledger keeps its rows and is only corrected. */
  clear(): void;
  rowsOf(runId: string): { run: RunRow | undefined; tasks: TaskRow[]; effects: EffectRow[]; spend: SpendRow[] };
  /** What all runs of each workflow spent, by period, from this period on. */
  spendTotals(since: string): SpendTotal[];
  runs(query: RunQuery): RunSummary[];
  run(runId: string): RunSummary | undefined;
  runByKey(key: string): string | undefined;
  wakes(): RunWake[];
  runsOfWorkflow(workflowId: string): { count: number; last: RunSummary | undefined };
  tasks(query: TaskQuery): InboxItem[];
  ledger(query: { runId?: string }): LedgerRow[];
}

type Data = { data: string };

export function tablesOn(db: SqlDatabase, version: (digest: string) => WorkflowDocument | undefined): Tables {
  const prepared = new Map<string, SqlStatement>();
  const statement = (sql: string): SqlStatement => {
    let found = prepared.get(sql);
    if (!found) prepared.set(sql, (found = db.prepare(sql)));
    return found;
  };

  const placeOf = db.prepare('SELECT place, ended_at AS endedAt, wake_at AS wakeAt FROM run WHERE run_id = ?');
  const insertRun = db.prepare(
    `INSERT INTO run (run_id, workflow_id, start_key, word, started_at, ended_at, wake_at, data, metrics)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // Two statements, because naming an indexed column rewrites its index even when the value stays the same.
  const updateRun = db.prepare('UPDATE run SET word = ?, data = ?, metrics = ? WHERE place = ?');
  const moveRun = db.prepare(
    'UPDATE run SET word = ?, data = ?, metrics = ?, ended_at = ?, wake_at = ? WHERE place = ?',
  );
  const upsertTask = db.prepare(
    `INSERT INTO task (task_id, run_id, open, opened_at, data) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (task_id) DO UPDATE SET open = excluded.open, data = excluded.data WHERE run_id = excluded.run_id`,
  );
  const upsertEffect = db.prepare(
    `INSERT INTO effect (key, run_id, step, class, status, attempts, intended_at, settled_at, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET status = excluded.status, attempts = excluded.attempts,
       settled_at = excluded.settled_at, data = excluded.data WHERE run_id = excluded.run_id`,
  );

  const writeRun = (row: RunRow): void => {
    const { runId, workflowId, startKey, word, startedAt, endedAt, wakeAt, data, metrics } = row;
    const before = firstRow<{ place: number; endedAt: number | null; wakeAt: number | null }>(placeOf, runId);
    if (!before) insertRun.run(runId, workflowId, startKey, word, startedAt, endedAt, wakeAt, data, metrics);
    else if (before.endedAt === endedAt && before.wakeAt === wakeAt) updateRun.run(word, data, metrics, before.place);
    else moveRun.run(word, data, metrics, endedAt, wakeAt, before.place);
  };
  const writeTask = (row: TaskRow): void => {
    const { changes } = upsertTask.run(row.taskId, row.runId, row.open, row.openedAt, row.data);
    if (changes === 0) throw new Error(`Task ${row.taskId} of run ${row.runId} belongs to another run.`);
  };
  const writeEffect = (row: EffectRow): void => {
    const { changes } = upsertEffect.run(
      row.key,
      row.runId,
      row.step,
      row.class,
      row.status,
      row.attempts,
      row.intendedAt,
      row.settledAt,
      row.data,
    );
    if (changes === 0) throw new Error(`Effect ${row.key} of run ${row.runId} belongs to another run.`);
  };

  const spend = spendOn(db);

  const parsed = <T>(row: Data): T => JSON.parse(row.data) as T;
  const runData = (sql: string, ...parameters: unknown[]): RunSummary[] =>
    allRows<Data>(statement(sql), ...parameters).map(parsed<RunSummary>);

  return {
    project(state, events, updatedAt) {
      const touched = events.length > 0 ? touchedBy(events) : undefined;
      writeRun(runRow(state, updatedAt));
      for (const row of taskRows(state, touched)) writeTask(row);
      for (const row of effectRows(state, touched)) writeEffect(row);
      for (const row of spendRows(state, events)) spend.write(row);
    },
    clear() {
      db.exec('DELETE FROM task; DELETE FROM run; DELETE FROM run_spend;');
    },
    rowsOf(runId) {
      return {
        run: firstRow<RunRow>(
          statement(
            `SELECT run_id AS runId, workflow_id AS workflowId, start_key AS startKey, word, started_at AS startedAt,
               ended_at AS endedAt, wake_at AS wakeAt, data, metrics FROM run WHERE run_id = ?`,
          ),
          runId,
        ),
        tasks: allRows<TaskRow>(
          statement(
            `SELECT task_id AS taskId, run_id AS runId, open, opened_at AS openedAt, data FROM task
             WHERE run_id = ? ORDER BY task_id`,
          ),
          runId,
        ),
        effects: allRows<EffectRow>(
          statement(
            `SELECT key, run_id AS runId, step, class, status, attempts, intended_at AS intendedAt,
               settled_at AS settledAt, data FROM effect WHERE run_id = ? ORDER BY key`,
          ),
          runId,
        ),
        spend: spend.rowsOf(runId),
      };
    },
    spendTotals: spend.totals,
    runs(query) {
      const conditions: string[] = [];
      const parameters: unknown[] = [];
      if (query.workflowId !== undefined) {
        conditions.push('workflow_id = ?');
        parameters.push(query.workflowId);
      }
      if (query.unfinished) conditions.push('ended_at IS NULL');
      const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
      return runData(
        `SELECT data FROM run ${where} ORDER BY started_at DESC, run_id DESC LIMIT ?`,
        ...parameters,
        query.limit ?? -1,
      );
    },
    run(runId) {
      return runData('SELECT data FROM run WHERE run_id = ?', runId)[0];
    },
    runByKey(key) {
      return firstRow<{ runId: string }>(statement('SELECT run_id AS runId FROM run WHERE start_key = ?'), key)?.runId;
    },
    wakes() {
      return allRows<RunWake>(
        statement(
          'SELECT run_id AS runId, wake_at AS wakeAt FROM run WHERE wake_at IS NOT NULL ORDER BY wake_at, place',
        ),
      );
    },
    runsOfWorkflow(workflowId) {
      const counted = firstRow<{ count: number }>(
        statement('SELECT count(*) AS count FROM run WHERE workflow_id = ?'),
        workflowId,
      );
      const [last] = runData(
        'SELECT data FROM run WHERE workflow_id = ? ORDER BY started_at DESC, run_id DESC LIMIT 1',
        workflowId,
      );
      return { count: counted?.count ?? 0, last };
    },
    tasks(query) {
      const conditions: string[] = [];
      const parameters: unknown[] = [];
      if (query.state === 'open') conditions.push('task.open = 1');
      if (query.state === 'done') conditions.push('task.open = 0');
      if (query.runId !== undefined) {
        conditions.push('task.run_id = ?');
        parameters.push(query.runId);
      }
      if (query.taskId !== undefined) {
        conditions.push('task.task_id = ?');
        parameters.push(query.taskId);
      }
      const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
      const rows = allRows<Data & { run: string }>(
        statement(
          `SELECT task.data AS data, run.data AS run FROM task JOIN run ON run.run_id = task.run_id ${where}
           ORDER BY task.opened_at, task.task_id`,
        ),
        ...parameters,
      );
      return rows.map((row) => {
        const task = parsed<TaskState>(row);
        const run = JSON.parse(row.run) as RunSummary;
        return {
          ...task,
          runId: run.runId,
          workflowId: run.workflowId,
          workflowName: run.workflowName,
          label: labelOf(version(run.version), task.step),
          costMicros: run.costMicros,
        };
      });
    },
    ledger({ runId }) {
      const rows =
        runId === undefined
          ? allRows<Data>(statement('SELECT data FROM effect ORDER BY intended_at, rowid'))
          : allRows<Data>(statement('SELECT data FROM effect WHERE run_id = ? ORDER BY intended_at, rowid'), runId);
      return rows.map((row) => {
        const { version: digest, ...effect } = parsed<StoredEffect>(row);
        return { ...effect, label: labelOf(version(digest), effect.step) };
      });
    },
  };
}
