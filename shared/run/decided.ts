/** What a person's answer to an escalation means for its step. */
import { changeStep, decideTask, withoutTimes } from './changes.ts';
import type { RunEvent } from './events.ts';
import { allowRound } from './rounds.ts';
import { raiseLimit } from './spend.ts';
import { taskOf, type RunState } from './state.ts';

export function decideEscalation(state: RunState, event: RunEvent & { type: 'escalation_decided' }): RunState {
  // The step waits on; what else follows has an event of its own.
  if (taskOf(state, event.taskId)?.isWait) return decideTask(state, event);
  const loop = event.answer === 'retry' ? taskOf(state, event.taskId)?.loop : undefined;
  if (loop !== undefined) return allowRound(decideTask(state, event), event, loop);
  return changeStep(raiseLimit(decideTask(state, event), event), event, (step) => {
    if (event.answer === 'happened') return { ...step, status: 'succeeded', output: event.value ?? null };
    if (['give_up', 'accept', 'rollback', 'skip'].includes(event.answer)) return step;
    if (event.answer === 'approve') return { ...step, status: 'succeeded' };
    return { ...withoutTimes(step), status: 'ready', retries: [] };
  });
}
