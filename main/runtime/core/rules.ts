/**
 * The two escalation rules about a result: it cost too much, or the step is not sure enough of it. A person looks at
 * such a result before anything uses it; missing or non-numeric confidence counts as none.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { StepKey, TaskAnswer } from '../../../shared/run/events.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { isOpen } from '../../../shared/run/state.ts';
import { changesTheWorld } from '../../../shared/steps/effect.ts';
import { moneyText } from '../../../shared/workflow/describe.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import { endByRule, escalate } from './failure.ts';
import { takeFallbackByRule } from './fallback.ts';
import { confidenceOf } from './gate.ts';
import { rulesFor, type PlacedRule } from './placed-rules.ts';
import { stepState, type Turn } from './turn.ts';

/** True when a rule holds the result back: its step is not confirmed until somebody has decided. */
export function isHeldByRule(turn: Turn, node: GraphStep, key: StepKey, output: unknown): boolean {
  if (isUndoKey(key)) return false;
  const crossed = crossedRule(turn, key, output);
  if (!crossed) return false;
  const { placed, message } = crossed;
  const { on, then } = placed.rule;
  const error: StepError = { class: on === 'cost_over' ? 'budget' : 'low_confidence', code: 'rule', message };
  // What a map did for its items is not simply done once more.
  const happened = changesTheWorld(node.effect) || node.children !== undefined;
  if (then === 'fallback' && takeFallbackByRule(turn, node, key, { on, message })) return true;
  if (then === 'fail' || then === 'rollback') {
    endByRule(turn, key, error, then);
    return true;
  }
  const allow: TaskAnswer[] = happened ? ['approve', 'give_up', 'skip'] : ['approve', 'retry', 'give_up', 'skip'];
  escalate(turn, key, { on, message, allow, pausesRun: then === 'pause', place: placed.place });
  return true;
}

interface Crossed {
  placed: PlacedRule;
  message: string;
}

function crossedRule(turn: Turn, key: StepKey, output: unknown): Crossed | undefined {
  for (const placed of rulesFor(turn.ctx, key, 'confidence_below')) {
    const message = unsure(placed, output);
    if (message !== undefined) return { placed, message };
  }
  for (const placed of rulesFor(turn.ctx, key, 'cost_over')) {
    const message = tooDear(turn, placed, key);
    if (message !== undefined) return { placed, message };
  }
  return undefined;
}

/** On the step itself a missing confidence counts as none; for the whole workflow only steps that state one are meant. */
function unsure({ rule: { below = 0 }, isOwn }: PlacedRule, output: unknown): string | undefined {
  const stated = typeof output === 'object' && output !== null && Object.hasOwn(output, 'confidence');
  if (!stated && !isOwn) return undefined;
  const value = stated ? (output as { confidence: unknown }).confidence : undefined;
  const measured = confidenceOf(value);
  return measured < below ? `The confidence is ${measured}; the rule asks below ${below}` : undefined;
}

/** Whoever has let the cost pass once is not asked again, and two are not asked at the same time. */
function tooDear(turn: Turn, { rule: { micros = 0 }, place, isOwn }: PlacedRule, key: StepKey): string | undefined {
  const cost = isOwn
    ? stepState(turn, key).attempts.reduce((sum, attempt) => sum + attempt.costMicros, 0)
    : turn.state.costMicros;
  if (cost <= micros) return undefined;
  const isKnown = Object.values(turn.state.tasks).some(
    (task) => task.place === place && (isOpen(task) || task.decision?.answer === 'approve'),
  );
  const who = isOwn ? 'This step' : 'The run';
  return isKnown ? undefined : `${who} has cost ${moneyText(cost)}; the rule asks above ${moneyText(micros)}`;
}
