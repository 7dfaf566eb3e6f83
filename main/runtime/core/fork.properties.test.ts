/** Forks of any run from any checkpoint: nothing that was copied runs again, and the plan names all that may happen twice. */
import { expect, test } from 'vitest';
import { always, live } from '../../../test/harness/fates.ts';
import { coreDriver } from '../../../test/harness/core.ts';
import { foldRun } from '../../../shared/run/evolve.ts';
import { isUndoKey, stepIdOf } from '../../../shared/run/keys.ts';
import { planFork } from './fork.ts';

const patient = { timeout: 3_600_000 };

test(
  'copied steps never begin, the rest goes its way, and what happens again was planned',
  patient,
  always((graph, seed) => {
    const origin = live(graph, seed, () => undefined, true).core.state();
    for (const id of graph.steps.keys()) {
      const fork = planFork(origin, graph, graph, id);
      if ('code' in fork) continue;
      const { plan, copies, forkOf } = fork;
      const began = new Set<string>();
      const core = coreDriver(graph, { seed, runId: 'run_fork', onCall: ({ step }) => began.add(step) });
      const names = { workflowId: 'wf_test', workflowName: 'Test', version: 'v1', owner: 'role:lead' };
      core.turn({ type: 'start_run', ...names, input: null, env: {}, by: 'person:ada', forkOf, copies });
      core.drive();
      const state = core.state();
      expect(foldRun(core.events())).toEqual(state);
      expect(state.word).not.toBe('started');
      for (const key of plan.copied) expect(began.has(key)).toBe(false);
      // Of what stands in the run that was forked, the fork changes again only what its plan names.
      const named = new Set(plan.again.map(({ step }) => stepIdOf(step)));
      for (const effect of Object.values(origin.effects)) {
        if (isUndoKey(effect.step) || effect.status === 'failed' || effect.status === 'rolled_back') continue;
        if (began.has(effect.step)) expect(named).toContain(stepIdOf(effect.step));
      }
    }
  }),
);
