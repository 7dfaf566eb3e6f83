/**
 * The fallback path of a step that failed: an edge from `failed` that names the error, or any of them when an escalation
 * rule says so. What the step had changed is undone before the path starts; what cannot be undone is shown to a person
 * first, because the path would come on top of it.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import { scopeOfKey } from '../../../shared/run/keys.ts';
import type { EscalationTrigger } from '../../../shared/workflow/document.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import { escalate, escalationRule, failStep, triggerOf, type FailureFacts } from './failure.ts';
import { loopLimitError } from './loops.ts';
import { fallbackEdges, isOpenPath } from './paths.ts';
import type { Turn } from './turn.ts';
import { changesInReverse, endOnFallback, orderUndo, whyKept } from './undo.ts';

/** What follows an error that nothing retries: its path, else what the rules and the workflow say about failure. */
export function failOrFallBack(turn: Turn, node: GraphStep, key: StepKey, error: StepError, facts: FailureFacts): void {
  const on = triggerOf(error, facts);
  const paths = fallbackEdges(node, error);
  if (paths.some((edge) => isOpenPath(turn.state, scopeOfKey(key), edge)) || isRuled(turn, node, key, on)) {
    undoThenGo(turn, key, error, { on, message: facts.message });
    return;
  }
  const [used] = paths;
  if (!used || error.class === 'loop_limit') {
    failStep(turn, key, error, facts);
    return;
  }
  const limit = loopLimitError(turn.ctx, turn.state, key, used);
  const message = `${limit.message}; the last time: ${error.message}`;
  failOrFallBack(turn, node, key, { ...limit, message }, { ...facts, on: 'loop_limit', message });
}

/** Nothing has run yet, as at a limit: only a rule that says so leads to the path. */
export function takeFallbackByRule(
  turn: Turn,
  node: GraphStep,
  key: StepKey,
  limit: { on: EscalationTrigger; message: string },
  error: StepError = { class: 'budget', message: limit.message },
): boolean {
  const { on, message } = limit;
  if (!isRuled(turn, node, key, on)) return false;
  undoThenGo(turn, key, error, { on, message });
  return true;
}

function isRuled(turn: Turn, node: GraphStep, key: StepKey, on: EscalationTrigger): boolean {
  const hasPath = node.outgoing.some(
    (edge) => edge.from.port === 'failed' && isOpenPath(turn.state, scopeOfKey(key), edge),
  );
  return hasPath && escalationRule(turn.ctx, key, on)?.then === 'fallback';
}

function undoThenGo(
  turn: Turn,
  key: StepKey,
  error: StepError,
  { on, message }: { on: EscalationTrigger; message: string },
): void {
  // A loop that may not go round again leaves nothing half done.
  const left = error.class === 'loop_limit' ? [] : changesInReverse(turn.state, [key]);
  const stays = left.flatMap((effect) => {
    const why = whyKept(turn.state, turn.ctx.graph, effect);
    return why === undefined ? [] : [`${effect.target} stays (${why})`];
  });
  if (left.length === 0) endOnFallback(turn, key, error);
  else if (stays.length === 0)
    orderUndo(turn, { steps: [key], because: 'fallback', by: 'system', then: { type: 'fail', step: key, error } });
  else {
    const question = `${message} Before the other path is taken, what was done has to be undone, but ${stays.join('; ')}.`;
    escalate(turn, key, { on, message: question, allow: ['accept', 'give_up'], pausesRun: false, cause: error.class });
  }
}
