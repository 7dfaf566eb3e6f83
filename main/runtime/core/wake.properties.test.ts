/** No run oversleeps: whenever something is due, or will be, a host that starts looks at the run by then. */
import { expect, test } from 'vitest';
import { always, live } from '../../../test/harness/fates.ts';
import { foldRun } from '../../../shared/run/evolve.ts';
import { wakeOf } from '../../../shared/run/wake.ts';
import { due } from './due.ts';

test(
  'a run is looked at no later than something of it is due, and is left alone when it waits for a person',
  { timeout: 3_600_000 },
  always((graph, seed) => {
    live(graph, seed, ({ core }) => {
      // What a host that starts now finds on disk.
      const state = foldRun(core.journal());
      if (!state) return;
      const { tasks, wakeAt } = due(state, core.now(), graph);
      const looked = wakeOf(state);
      if (tasks.length > 0) expect(looked).toBeLessThanOrEqual(core.now());
      else if (wakeAt !== undefined) expect(looked).toBeLessThanOrEqual(wakeAt);
      // A run may be read without need while it holds steps back, never when all that is left is asked of people.
      const holds = Object.values(state.steps).some(
        ({ status, dueAt }) =>
          status === 'ready' || status === 'pending' || status === 'succeeded' || dueAt !== undefined,
      );
      if (tasks.length === 0 && wakeAt === undefined && !holds) expect(looked).toBeUndefined();
    });
  }),
);
