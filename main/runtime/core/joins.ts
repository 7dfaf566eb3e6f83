/**
 * Joins that go on before all their branches have arrived. What then leads to nothing but such a join has lost: what did
 * not begin is skipped, what is under way is let go or brought to an answer first, and what it changed is undone where
 * that is possible. Source of the rule: semantics, Control flow.
 */
import type { StepKey } from '../../../shared/run/events.ts';
import { withItems } from '../../../shared/run/aside.ts';
import { scopeOfKey, stepIdOf } from '../../../shared/run/keys.ts';
import { heldSteps, isReached, stepOf } from '../../../shared/run/state.ts';
import { arrivingAt, followersOf, type Instance } from '../../../shared/workflow/graph.ts';
import { openChanges } from './effects.ts';
import { currentKey, instanceOf } from './instances.ts';
import { hasEnded, pathState, position } from './paths.ts';
import { emit, type Turn } from './turn.ts';
import { orderUndo } from './undo.ts';

/** Looks at the joins after these steps. True when something was ordered, so that there may be more to settle. */
export function decideJoins(turn: Turn, ended: Set<StepKey>): boolean {
  const { graph } = turn.ctx;
  let hasOrdered = false;
  for (const key of graph.races.size > 0 ? [...ended] : []) {
    for (const id of followersOf(graph, stepIdOf(key))) {
      const losers = graph.races.get(id);
      const join = instanceOf(turn.state, graph, currentKey(turn.state, scopeOfKey(key), id));
      if (losers && join && isDecidedNow(turn, join)) hasOrdered = letGo(turn, join, losers, ended) || hasOrdered;
    }
  }
  return hasOrdered;
}

function isDecidedNow({ state, ctx }: Turn, join: Instance): boolean {
  if (isReached(state, join.key) || heldSteps(state).has(join.key)) return false;
  const wasDecided = Object.values(state.undoOrders ?? {}).some((order) => order.join === join.key);
  return !wasDecided && position(join, state, ctx.graph) === 'ready';
}

function letGo(turn: Turn, join: Instance, losers: ReadonlySet<string>, ended: Set<StepKey>): boolean {
  const won = winners(turn, join);
  const held = heldSteps(turn.state);
  const lost = [...losers].filter((id) => !won.has(id)).map((id) => currentKey(turn.state, join.scope, id));
  for (const key of lost) {
    if (isReached(turn.state, key) || held.has(key)) continue;
    emit(turn, { type: 'step_skipped', step: key }, true);
    ended.add(key);
  }
  const changed = new Set(openChanges(turn.state).map((effect) => effect.step));
  const steps = lost
    .flatMap((key) => withItems(turn.state, key))
    .filter((key) => !held.has(key) && (!hasEnded(stepOf(turn.state, key)) || changed.has(key)));
  if (steps.length === 0) return false;
  orderUndo(turn, { steps, because: 'lost_join', by: 'system', join: join.key, then: { type: 'skip' } });
  return true;
}

/** What the taken paths came from, back to where they are the same as the lost ones. */
function winners({ state, ctx }: Turn, join: Instance): Set<string> {
  const found = new Set([join.node.id]);
  for (const id of found) {
    for (const edge of arrivingAt(ctx.graph, id))
      if (pathState(edge, join.scope, state, ctx.graph) === 'taken') found.add(edge.from.step);
  }
  return found;
}
