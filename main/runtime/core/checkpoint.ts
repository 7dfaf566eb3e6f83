/**
 * Back to a checkpoint: what ran after it is undone, the last change first, and those steps are put back; what was
 * saved up to the checkpoint stays. Must never undo what ran beside the checkpoint or before it.
 */
import type { Actor, StepKey } from '../../../shared/run/events.ts';
import { isUndoKey, scopeOfKey, stepIdOf } from '../../../shared/run/keys.ts';
import { isReached, stepOf, type RunState } from '../../../shared/run/state.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { Graph } from '../../../shared/workflow/graph.ts';
import { regionsAround } from '../../../shared/workflow/regions.ts';
import { neighbours, reachable } from '../../../shared/workflow/walk.ts';
import type { Refusal } from './commands.ts';
import { currentKey } from './instances.ts';
import { isUnhandled } from './paths.ts';
import type { Turn } from './turn.ts';
import { orderUndo } from './undo.ts';

/** `to`: the id of a drawn step, in its latest visit. */
export function rollBackTo(turn: Turn, request: { to: string; by: Actor; reason?: string }): Refusal | undefined {
  const { to, by, reason } = request;
  const refusal = refuseCheckpoint(turn.state, turn.ctx.graph, to);
  if (refusal) return refusal;
  orderUndo(turn, {
    steps: stepsAfter(turn.state, turn.ctx.graph, to),
    because: 'checkpoint',
    by,
    ...(reason === undefined ? {} : { reason }),
    then: { type: 'reset' },
  });
  return undefined;
}

export function refuseCheckpoint(state: RunState, graph: Graph, to: string): Refusal | undefined {
  const node = graph.steps.get(to);
  if (!node || node.step.parent !== undefined) {
    const why = node ? 'is inside a container' : 'does not exist';
    return { code: 'not_found', message: `The step "${to}" ${why}; name a checkpointed step of the drawing` };
  }
  const label = `“${stepLabel(graph.document, to)}”`;
  if (!node.checkpointed)
    return { code: 'refused', message: `${label} is no checkpoint, so a run cannot go back to it` };
  if (state.rollback) return { code: 'conflict', message: 'The whole run was or is being rolled back' };
  if (state.cancelling && !state.end)
    return { code: 'conflict', message: 'The run is being cancelled; go back when that is done' };
  if (stepOf(state, currentKey(state, '', to))?.status !== 'confirmed')
    return { code: 'conflict', message: `${label} has no saved result in this run that it could go back to` };
  const after = stepsAfter(state, graph, to);
  const failed = Object.values(state.steps).find((step) => isUnhandled(step) && !after.includes(step.key));
  if (failed) {
    const place = `“${stepLabel(graph.document, stepIdOf(failed.key))}”`;
    return { code: 'conflict', message: `${place} failed and does not follow ${label}, so the run would fail again` };
  }
  if (after.length === 0)
    return { code: 'conflict', message: `Nothing has run after ${label}, so there is nothing to go back from` };
  return undefined;
}

/**
 * What ran after the step, in the order it was reached: every visit of the steps that follow it, but of those that go
 * round with it only the visit that it is in. What was let go because the run ended runs again as well.
 */
export function stepsAfter(state: RunState, graph: Graph, to: string): StepKey[] {
  const forward = graph.document.edges
    .filter((edge) => !edge.loop)
    .map((edge) => ({ from: edge.from.step, to: edge.to.step }));
  const after = reachable(neighbours(forward, 'forward'), [to]);
  const goesRound = (id: string): boolean => regionsAround(graph.loops, to).some(({ body }) => body.has(id));
  return Object.keys(state.steps).filter((key) => {
    if (isUndoKey(key) || !isReached(state, key)) return false;
    if (wasLetGo(state, key)) return true;
    const outer = outermost(graph, stepIdOf(key));
    if (!after.has(outer)) return false;
    return !goesRound(outer) || scopeOfKey(key) !== '' || currentKey(state, '', outer) === key;
  });
}

function wasLetGo(state: RunState, key: StepKey): boolean {
  const step = stepOf(state, key);
  return step?.status === 'failed' && step.ports.length === 0 && step.error?.class === 'cancelled';
}

/** The step of the drawing itself that this one is in. */
export function outermost(graph: Graph, id: string): string {
  const parent = graph.document.steps[id]?.parent;
  return parent === undefined ? id : outermost(graph, parent);
}
