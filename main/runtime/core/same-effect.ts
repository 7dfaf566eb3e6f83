/**
 * The same-effect guard: the same request to the same target a second time in a run is a duplicate action, asked about
 * before it is announced. What is repeated under its own key is none, nor what undoes a change, nor what follows an
 * effect that did not happen or was undone. Must never look at anything but what the ledger says.
 */
import type { StepKey } from '../../../shared/run/events.ts';
import type { StepError } from '../../../shared/run/errors.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import type { EffectState, RunState } from '../../../shared/run/state.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import { openChanges } from './effects.ts';
import { escalate, escalationRule, failStep } from './failure.ts';
import { takeFallbackByRule } from './fallback.ts';
import type { Turn } from './turn.ts';

const on = 'inconsistent_data';

/** The first effect of the run that this one would repeat; undefined when there is none, or a person let it pass. */
export function effectRepeated(
  state: RunState,
  step: StepKey,
  planned: Pick<EffectState, 'key' | 'target' | 'requestDigest'> & { status?: EffectState['status'] },
): EffectState | undefined {
  // Once it may have happened, repeating it under its key is how that is found out.
  if (isUndoKey(step) || (planned.status !== undefined && planned.status !== 'failed')) return undefined;
  const first = openChanges(state).find(
    ({ target, requestDigest }) => target === planned.target && requestDigest === planned.requestDigest,
  );
  return first && !wasLetPass(state, planned.key, first.key) ? first : undefined;
}

/** Decided once and for this key: a later change of the same step is asked about again. */
function wasLetPass(state: RunState, as: string, of: string): boolean {
  return Object.values(state.tasks).some(
    ({ duplicate, decision }) => duplicate?.as === as && duplicate.of === of && decision?.answer === 'retry',
  );
}

/** A rule for inconsistent data decides; without one that does, a person is asked before anything is announced. */
export function askAboutDuplicate(turn: Turn, node: GraphStep, key: StepKey, as: string, first: EffectState): void {
  const error: StepError = { class: 'refused', code: 'duplicate', message: sentenceOf(first) };
  const { message } = error;
  if (takeFallbackByRule(turn, node, key, { on, message }, error)) return;
  const then = escalationRule(turn.ctx, key, on)?.then;
  if (then === 'fail' || then === 'rollback') {
    failStep(turn, key, error, { on, message, happened: false });
    return;
  }
  const duplicate = { of: first.key, as };
  escalate(turn, key, { on, message, allow: ['retry', 'give_up'], cause: 'refused', duplicate, pausesRun: false });
}

function sentenceOf({ step, target, status, intendedAt, settledAt = intendedAt }: EffectState): string {
  const did = { intended: 'is doing', in_doubt: 'may have done' }[status as string] ?? 'has done';
  const when = new Date(settledAt).toISOString();
  return `${step} ${did} the same already: ${target}, ${when}. Doing it again would do it twice`;
}
