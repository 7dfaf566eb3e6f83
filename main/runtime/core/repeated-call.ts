/**
 * The same expensive call twice in a run: same kind, same resolved config, and nothing changed by it. The recorded
 * result is served again, or a person is asked, as the workflow says. Must never serve a result that failed its check,
 * was sent back or edited by a reviewer: only of a step that was confirmed as it answered.
 */
import type { CallPlace, StepKey } from '../../../shared/run/events.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { stepOf, type RunState, type StepState } from '../../../shared/run/state.ts';
import type { AttemptOutcome, Checked, Prepared } from './commands.ts';
import { escalate } from './failure.ts';
import type { Turn } from './turn.ts';

const rule = '/settings/repeatedCalls';

export type RepeatedCall =
  | { answer: 'park'; source: StepState }
  | { answer: 'reuse'; outcome: Extract<AttemptOutcome, { ok: true }>; checked: Checked };

export function repeatedCall(turn: Turn, key: StepKey, prepared: Prepared): RepeatedCall | undefined {
  const { callDigest, repeated: checked } = prepared;
  const setting = turn.ctx.graph.document.settings?.repeatedCalls ?? 'reuse';
  // Undoing is exempt: it has limits of its own, and must not be held up by what going forward may cost.
  if (callDigest === undefined || !checked || setting === 'allow' || isUndoKey(key)) return undefined;
  const source = recordedCall(turn.state, key, callDigest);
  if (!source) return undefined;
  if (setting === 'park') return wasLetPass(turn.state, key) ? undefined : { answer: 'park', source };
  const reusedFrom: CallPlace = { step: source.key, attempt: source.attempts.length };
  return { answer: 'reuse', outcome: { ok: true, output: source.output, ports: source.ports, reusedFrom }, checked };
}

export function askAboutRepetition(turn: Turn, key: StepKey, source: StepState): void {
  escalate(turn, key, {
    on: 'cost_over',
    message: `This is the same call as that of ${source.key}, which has an answer already`,
    allow: ['retry', 'give_up'],
    rule,
    pausesRun: false,
  });
}

/**
 * A confirmed step of this run whose last attempt made this very call, and whose answer nobody changed. The next attempt
 * of a step is no repetition of its last one: that one failed, or was sent back. What undoes a change is never one.
 */
export function recordedCall(state: RunState, key: StepKey, callDigest: string): StepState | undefined {
  if (isUndoKey(key) || stepOf(state, key)?.attempts.some((attempt) => attempt.callDigest === callDigest))
    return undefined;
  return Object.values(state.steps).find((step) => {
    if (step.status !== 'confirmed' || isUndoKey(step.key)) return false;
    if (step.attempts[step.attempts.length - 1]?.callDigest !== callDigest) return false;
    return !Object.values(state.tasks).some((task) => task.step === step.key && task.decision?.answer === 'edit');
  });
}

function wasLetPass(state: RunState, key: StepKey): boolean {
  return Object.values(state.tasks).some(
    (task) => task.step === key && task.rule === rule && task.decision?.answer === 'retry',
  );
}
