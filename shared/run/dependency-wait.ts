/** A step that waits for a system it depends on. However often it asks again, it waits since the first time. */
import { changeStep } from './changes.ts';
import type { RunEvent } from './events.ts';
import { stepOf, type RunState } from './state.ts';

type Waited = Extract<RunEvent, { type: 'dependency_waited' }>;
type Resumed = Extract<RunEvent, { type: 'dependency_resumed' }>;

export function beginWaiting(state: RunState, event: Waited): RunState {
  const waitsFor = waitOf(state, event);
  return changeStep(
    state,
    event,
    (step) => ({ ...step, status: 'dependency', dueAt: event.until, waitsFor }),
    'dependency',
  );
}

/** It answers, but whoever goes on may find that it does not any more. */
export function endWaiting(state: RunState, event: Resumed): RunState {
  const waitsFor = waitOf(state, event);
  return changeStep(state, event, (step) => ({ ...step, status: 'ready', waitsFor }));
}

function waitOf(state: RunState, { step, dependency, at }: Waited | Resumed): { dependency: string; since: number } {
  const before = stepOf(state, step)?.waitsFor;
  return before?.dependency === dependency ? before : { dependency, since: at };
}
