/**
 * What an outcome says about an announced effect. Three answers: it did not happen, nobody knows but trying
 * again finds out, or nobody knows and a person must say (in doubt). An effect is never assumed.
 */
import type { ErrorClass, StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import { isOpen, type EffectState, type RunState } from '../../../shared/run/state.ts';
import { escalate } from './failure.ts';
import { emit, graphStep, type Turn } from './turn.ts';

export type Settlement = 'did_not_happen' | 'partly_applied' | 'repeatable' | 'in_doubt';

/** With these the target itself said that it did nothing. */
const targetSaidNo: readonly ErrorClass[] = ['refused', 'rate_limited', 'stale'];

/** A "no" to this attempt settles the effect only when no earlier attempt of it is unknown. */
export function settleFailedEffect(
  turn: Turn,
  effect: EffectState,
  error: StepError,
  { sent, response }: { sent: boolean; response?: unknown },
): Settlement {
  const { key, step } = effect;
  if (error.class === 'partial' && sent) {
    const answer = response === undefined ? {} : { response };
    emit(turn, { type: 'effect_partly_applied', step, key, error, ...answer });
    return 'partly_applied';
  }
  if ((!sent || targetSaidNo.includes(error.class)) && !effect.mayHaveHappened) {
    emit(turn, { type: 'effect_failed', step, key, sent, error });
    return 'did_not_happen';
  }
  if (findsOut(turn, effect)) return 'repeatable';
  putInDoubt(turn, effect, error.message);
  return 'in_doubt';
}

/** Trying again finds out what became of it: the target honours the key, or is asked before anything is sent. */
export function findsOut(turn: Turn, { class: effectClass, step }: EffectState): boolean {
  if (turn.state.cancelling) return false;
  const isAsked = effectClass === 'probeable' && graphStep(turn.ctx, step)?.step.probe !== undefined;
  return effectClass === 'idempotent' || isAsked;
}

/** The run stops here and asks a named person instead of guessing. A cancelled run keeps it in plain sight. */
export function putInDoubt(turn: Turn, effect: EffectState, because: string): void {
  const { key, step } = effect;
  const message = `Nobody knows whether ${effect.target} happened: ${because}`;
  emit(turn, { type: 'effect_in_doubt', step, key, message });
  if (turn.state.cancelling) return;
  escalate(turn, step, {
    on: 'in_doubt',
    message,
    // While the run turns back that is what happens anyway, once the answer is known.
    allow: ['happened', 'not_happened', ...(turn.state.rollback ? [] : ['rollback' as const]), 'give_up'],
    effectKey: key,
    pausesRun: false,
  });
}

/** The announced effect of the step that nobody has an answer for yet. There is never more than one. */
export function unsettledEffect(state: RunState, step: StepKey): EffectState | undefined {
  return Object.values(state.effects).find((effect) => effect.step === step && effect.status === 'intended');
}

/** The run may not end by failing while an effect has no answer yet, or a person was asked for one. */
export function awaitsAnswer(state: RunState): boolean {
  return (
    Object.values(state.effects).some((effect) => effect.status === 'intended') ||
    Object.values(state.tasks).some((task) => task.kind === 'in_doubt' && isOpen(task))
  );
}

/** Effects that happened or may have happened and were not undone: what a failed run leaves behind. */
export function openChanges(state: RunState): EffectState[] {
  return Object.values(state.effects).filter(
    ({ status, undoes }) => undoes === undefined && status !== 'failed' && status !== 'rolled_back',
  );
}
