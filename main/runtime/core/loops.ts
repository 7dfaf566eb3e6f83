/**
 * Going back. A loop edge is taken once its source ended along it and everything it repeats has ended; the body then
 * has a new visit. Must never go round more often than the edge allows: at its limit the source step asks.
 * Source of the rule: semantics, Control flow.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import { placeOf, scopeOfKey, stepIdOf, visitOf } from '../../../shared/run/keys.ts';
import { stepOf, type RunState } from '../../../shared/run/state.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { Edge } from '../../../shared/workflow/document.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import { innerLoops, regionsAround, type LoopRegion } from '../../../shared/workflow/regions.ts';
import type { DecideContext } from './commands.ts';
import { currentKey } from './instances.ts';
import { hasEnded, isAtLimit, iterationOf, pathState } from './paths.ts';
import { emit, type Turn } from './turn.ts';

/** Goes round where these steps were the last to end. */
export function takeLoops(turn: Turn, ended: Iterable<StepKey>): void {
  const { loops } = turn.ctx.graph;
  for (const key of ended) {
    for (const region of regionsAround(loops, stepIdOf(key))) takeLoop(turn, scopeOfKey(key), region);
  }
}

function takeLoop(turn: Turn, scope: string, region: LoopRegion): void {
  const { graph } = turn.ctx;
  const pathOf = (edge: Edge) => pathState(edge, scope, turn.state, graph);
  const edge = region.back.find((one) => pathOf(one) === 'taken');
  if (!edge || !isSettled(turn.state, scope, region)) return;
  const visits: Record<string, number> = {};
  for (const id of region.body) visits[placeOf(scope, id)] = visitOf(currentKey(turn.state, scope, id)) + 1;
  const isWithin = (one: Edge): boolean => region.body.has(one.from.step) && region.body.has(one.to.step);
  const exits = region.exits.filter((one) => pathOf(one) === 'taken');
  const restarts = innerLoops(graph.loops, edge);
  const forgets = [...graph.loops.left.keys()].filter(isWithin);
  emit(
    turn,
    {
      type: 'loop_taken',
      step: currentKey(turn.state, scope, edge.from.step),
      edge: edge.id,
      iteration: iterationOf(turn.state, scope, edge) + 1,
      visits,
      ...(exits.length > 0 ? { exits: exits.map(({ id }) => id) } : {}),
      ...(restarts.length > 0 ? { restarts: restarts.map(({ id }) => id) } : {}),
      ...(forgets.length > 0 ? { forgets: forgets.map(({ id }) => id) } : {}),
    },
    true,
  );
}

function isSettled(state: RunState, scope: string, region: LoopRegion): boolean {
  for (const id of region.body) if (!hasEnded(stepOf(state, currentKey(state, scope, id)))) return false;
  return true;
}

/** The edge that would go back from here once more than it may. */
export function loopAtLimit(
  state: RunState,
  node: GraphStep,
  key: StepKey,
  leads: (edge: Edge) => boolean,
): Edge | undefined {
  return node.outgoing.find((edge) => edge.loop && leads(edge) && isAtLimit(state, scopeOfKey(key), edge));
}

export function loopLimitError(ctx: DecideContext, state: RunState, key: StepKey, edge: Edge): StepError {
  const rounds = iterationOf(state, scopeOfKey(key), edge);
  const head = stepLabel(ctx.graph.document, edge.to.step);
  return {
    class: 'loop_limit',
    message: `The loop back to “${head}” has run ${rounds === 1 ? 'once' : `${rounds} times`}, which is its limit`,
  };
}
