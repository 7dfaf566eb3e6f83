/**
 * Forks in the fold: what a run knows from its start of the run it was forked from, and steps whose results were copied
 * from there. Never knows why a step was copied; a copied step has no attempt, cost or effect of its own.
 */
import { changeStep } from './changes.ts';
import type { Origin, Rounds, RunEvent } from './events.ts';
import type { RunState } from './state.ts';

export function startRun(state: RunState, event: RunEvent & { type: 'run_started' }): RunState {
  const { workflowId, workflowName, version, owner, input, env, key, by, at, forkOf, parent, pins } = event;
  return {
    ...state,
    ...{ workflowId, workflowName, version, owner, input, env },
    startedBy: by,
    startedAt: at,
    ...(key === undefined ? {} : { key }),
    ...(parent === undefined ? {} : { parent }),
    ...(pins === undefined ? {} : { pins }),
    ...(forkOf ? fromOrigin(forkOf) : {}),
  };
}

function fromOrigin({ rounds, ...forkOf }: Origin & { rounds?: Rounds }): Partial<RunState> {
  return { forkOf, ...rounds };
}

export function copyStep(state: RunState, event: RunEvent & { type: 'step_copied' }): RunState {
  const { output, ports, from, error, byRule, decidedBy, version, config } = event;
  return changeStep(
    state,
    { step: event.step, at: event.at },
    (step) => ({
      ...step,
      status: error ? 'failed' : 'confirmed',
      ports,
      ...(error ? { error } : { output }),
      ...(byRule ? { byRule } : {}),
      ...(version ? { version } : {}),
      ...(config ? { config } : {}),
      copied: { ...from, ...(decidedBy ? { decidedBy } : {}) },
    }),
    'copied',
  );
}
