/**
 * Sending back to an earlier step: the named step runs again and reads the reviewer's comment, and so does what ran
 * after it; what those steps changed is undone first. Must never be offered where a change of theirs cannot be undone:
 * the rerun would come on top of it. Source of the rule: semantics, Gates and escalation.
 */
import type { Actor, StepKey } from '../../../shared/run/events.ts';
import { scopeOfKey } from '../../../shared/run/keys.ts';
import { stepOf, type RunState } from '../../../shared/run/state.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { Graph } from '../../../shared/workflow/graph.ts';
import { stepsAfter } from './checkpoint.ts';
import { currentKey } from './instances.ts';
import { hasEnded } from './paths.ts';
import type { Turn } from './turn.ts';
import { changesInReverse, orderUndo, whyKept } from './undo.ts';

/** `id`: the drawn step to go back to, in its visit now. Undefined when the review of `key` may send back there. */
export function whyNotBack(state: RunState, graph: Graph, key: StepKey, id: string): string | undefined {
  const to = currentKey(state, scopeOfKey(key), id);
  const step = stepOf(state, to);
  if (!hasEnded(step) || step?.status === 'skipped')
    return `“${stepLabel(graph.document, id)}” has no result that could be done again`;
  for (const change of changesInReverse(state, stepsBack(state, graph, to, id))) {
    // How the effect ends is found out before anything is undone, so the worst is assumed.
    const why = whyKept(state, graph, { ...change, status: 'confirmed' });
    if (why !== undefined) return `${change.target} would stay (${why})`;
  }
  return undefined;
}

/** The order puts the steps back once nothing of them is left to undo; in the same turn when nothing is. */
export function sendBack(turn: Turn, request: { key: StepKey; id: string; by: Actor; comment: string }): void {
  const { key, id, by, comment } = request;
  const to = currentKey(turn.state, scopeOfKey(key), id);
  orderUndo(turn, {
    steps: stepsBack(turn.state, turn.ctx.graph, to, id),
    because: 'send_back',
    by,
    reason: comment,
    then: { type: 'reset', review: { step: to, comment } },
  });
}

function stepsBack(state: RunState, graph: Graph, to: StepKey, id: string): StepKey[] {
  return [to, ...stepsAfter(state, graph, id)];
}
