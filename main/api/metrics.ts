/**
 * Recovery quality of many runs, per workflow and over all. Read in pages with a pause between them, so that a long
 * history holds up nothing else. Must never count anything itself: that is `shared/run/metrics-summary.ts`.
 */
import { setImmediate } from 'node:timers/promises';
import { ApiError } from '../../shared/api/contract.ts';
import type { Handlers, MetricsReport } from '../../shared/api/contract.ts';
import { addRun, emptyTally, summaryOf, type Tally } from '../../shared/run/metrics-summary.ts';
import type { MetricsQuery } from '../store/port.ts';
import type { Parts } from './parts.ts';

const PAGE = 200;

interface Counted {
  name: string;
  tally: Tally;
}

export function metricsHandlers({ store, clock }: Parts): Pick<Handlers, 'metrics.read'> {
  return {
    'metrics.read': async ({ workflowId, from, to }): Promise<MetricsReport> => {
      if (from !== undefined && to !== undefined && from >= to)
        throw new ApiError('bad_input', 'The period must begin before it ends.', '/from');
      const now = clock();
      const query: MetricsQuery = {
        limit: PAGE,
        ...(workflowId === undefined ? {} : { workflowId }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      };
      let all = emptyTally;
      const byWorkflow = new Map<string, Counted>();
      for (let page = await store.metrics(query); page.length > 0; page = await nextPage(page)) {
        for (const run of page) {
          all = addRun(all, run);
          // The newest run comes first, and with it the name the workflow has now.
          const counted = byWorkflow.get(run.workflowId) ?? { name: run.workflowName, tally: emptyTally };
          byWorkflow.set(run.workflowId, { ...counted, tally: addRun(counted.tally, run) });
        }
      }
      if (workflowId !== undefined && !byWorkflow.has(workflowId))
        byWorkflow.set(workflowId, { name: await nameOf(workflowId), tally: emptyTally });
      return {
        from: from ?? all.firstStartedAt ?? null,
        to: to ?? now,
        all: summaryOf(all, now),
        workflows: [...byWorkflow].map(([id, { name, tally }]) => ({
          workflowId: id,
          workflowName: name,
          ...summaryOf(tally, now),
        })),
      };

      async function nextPage(page: readonly { startedAt: number; runId: string }[]): ReturnType<typeof store.metrics> {
        const last = page[page.length - 1];
        if (!last || page.length < PAGE) return [];
        await setImmediate();
        return store.metrics({ ...query, before: { startedAt: last.startedAt, runId: last.runId } });
      }
    },
  };

  /** A workflow that never ran in the period is one all the same; one nobody knows is a mistake. */
  async function nameOf(workflowId: string): Promise<string> {
    const draft = await store.draft(workflowId);
    const [run] = draft ? [] : await store.runs({ workflowId, limit: 1 });
    const name = draft?.document.name ?? run?.workflowName;
    if (name === undefined)
      throw new ApiError('not_found', `There is no workflow with the id ${workflowId}.`, '/workflowId');
    return name;
  }
}
