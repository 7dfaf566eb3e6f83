/** What a step knows of the run it started: that it works, waits or asks somebody, until its end comes as an answer. */
import { changeStep } from './changes.ts';
import type { RunEvent } from './events.ts';
import type { RunState } from './state.ts';
import { without } from './without.ts';

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

export function startChild(state: RunState, event: Of<'child_started'>): RunState {
  const { childId, version, undo } = event;
  const child = { runId: childId, version, word: 'started' as const, ...(undo ? { undo } : {}) };
  return changeStep(state, event, (step) => ({ ...step, status: 'child', child }));
}

export function changeChild(state: RunState, event: Of<'child_changed'>): RunState {
  const { word, reason } = event;
  return changeStep(
    state,
    event,
    (step) =>
      step.child
        ? { ...step, child: { ...without(step.child, 'reason'), word, ...(reason === undefined ? {} : { reason }) } }
        : step,
    word === 'escalated' ? 'child_escalated' : word === 'waiting' ? 'child' : undefined,
  );
}
