/**
 * What an outcome says about an announced effect. Three answers: it did not happen, nobody knows but it may be
 * repeated under its key, or nobody knows and a person must say (in doubt). An effect is never assumed.
 */
import type { ErrorClass, StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import type { RunState } from '../../../shared/run/state.ts';
import { escalate } from './failure.ts';
import { emit, type Turn } from './turn.ts';

export type Settlement = 'did_not_happen' | 'repeatable' | 'in_doubt';

/** With these the target itself said that it did nothing. */
const targetSaidNo: readonly ErrorClass[] = ['refused', 'rate_limited', 'stale'];

export function settleFailedEffect(
  turn: Turn,
  step: StepKey,
  effectKey: string,
  error: StepError,
  sent: boolean,
): Settlement {
  const effect = turn.state.effects[effectKey];
  if (!effect) return 'did_not_happen';
  if (!sent || targetSaidNo.includes(error.class)) {
    emit(turn, { type: 'effect_failed', step, key: effectKey, sent, error });
    return 'did_not_happen';
  }
  if (effect.class === 'idempotent' && !turn.state.cancelling) return 'repeatable';
  putInDoubt(turn, step, effectKey, `Nobody knows whether ${effect.target} happened: ${error.message}`);
  return 'in_doubt';
}

/** The run stops here and asks a named person instead of guessing. */
export function putInDoubt(turn: Turn, step: StepKey, effectKey: string, message: string): void {
  emit(turn, { type: 'effect_in_doubt', step, key: effectKey, message });
  if (turn.state.cancelling) return;
  escalate(turn, step, {
    on: 'in_doubt',
    message,
    allow: ['happened', 'not_happened', 'give_up'],
    effectKey,
    pausesRun: false,
  });
}

/** Effects that happened or may have happened and were not undone: what a failed run leaves behind. */
export function openEffects(state: RunState): number {
  return Object.values(state.effects).filter((effect) => effect.status !== 'failed').length;
}
