/** The table of the systems that steps depend on. An older state never takes the place of a newer one. */
import type { DependencyState } from '../../shared/run/dependency.ts';
import type { SqlDatabase } from './port.ts';
import { allRows } from './sql.ts';

export function dependenciesOn(db: SqlDatabase) {
  const upsert = db.prepare(
    `INSERT INTO dependency (name, version, data) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET version = excluded.version, data = excluded.data
     WHERE excluded.version > version`,
  );
  const all = db.prepare('SELECT data FROM dependency ORDER BY name');
  const waiting = db.prepare(`SELECT data FROM run WHERE ended_at IS NULL AND data LIKE '%"waitsFor"%'`);

  return {
    save(states: readonly DependencyState[]): void {
      for (const state of states) upsert.run(state.name, state.version, JSON.stringify(state));
    },
    all: (): DependencyState[] => allRows<{ data: string }>(all).map(({ data }) => JSON.parse(data) as DependencyState),
    /** Unfinished runs that wait for a system, and for which. */
    waiting: (): { runId: string; waitsFor: string[] }[] =>
      allRows<{ data: string }>(waiting).map(({ data }) => {
        const { runId, waitsFor = [] } = JSON.parse(data) as { runId: string; waitsFor?: string[] };
        return { runId, waitsFor };
      }),
  };
}
