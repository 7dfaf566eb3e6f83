/**
 * Which paths of the graph are taken, skipped or still open. An edge is taken when its source ended with the edge's
 * port (and, for a fallback edge, with an error it names); it is skipped when its source ended otherwise.
 */
import { matchesError, type StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import { isUndoKey, placeOf } from '../../../shared/run/keys.ts';
import { loopAt } from '../../../shared/run/rounds.ts';
import { heldSteps, stepOf, type RunState, type StepState } from '../../../shared/run/state.ts';
import type { Edge } from '../../../shared/workflow/document.ts';
import type { Graph, GraphStep, Instance } from '../../../shared/workflow/graph.ts';
import { roundsAllowed, type LoopRegion } from '../../../shared/workflow/regions.ts';
import { currentKey } from './instances.ts';

export type EdgeState = 'open' | 'taken' | 'skipped';

export function edgeState(edge: Edge, source: StepState | undefined): EdgeState {
  if (!source) return 'open';
  switch (source.status) {
    case 'skipped':
    case 'rolled_back':
      return 'skipped';
    case 'confirmed':
      return source.ports.includes(edge.from.port) ? 'taken' : 'skipped';
    case 'failed':
      if (!source.ports.includes(edge.from.port)) return 'skipped';
      return source.byRule || namesError(edge, source.error) ? 'taken' : 'skipped';
    default:
      return 'open';
  }
}

function namesError(edge: Edge, error: StepError | undefined): boolean {
  return !edge.onErrors || (error !== undefined && edge.onErrors.some((pattern) => matchesError(pattern, error)));
}

/** The edge as the run sees it now: loops that may still go round keep what leaves them open. */
export function pathState(edge: Edge, scope: string, state: RunState, graph: Graph): EdgeState {
  const found = edgeState(edge, stepOf(state, currentKey(state, scope, edge.from.step)));
  const left = graph.loops.left.get(edge);
  if (!edge.loop && !left) return found;
  const wasTaken = state.exits !== undefined && Object.hasOwn(state.exits, placeOf(scope, edge.id));
  if (found === 'taken' || wasTaken) return edge.loop && isAtLimit(state, scope, edge) ? 'skipped' : 'taken';
  if (found === 'open') return 'open';
  const mayGoRound = ({ back }: LoopRegion): boolean =>
    back.some((again) => pathState(again, scope, state, graph) !== 'skipped');
  return left?.some(mayGoRound) ? 'open' : 'skipped';
}

/** How often the body of this loop edge has run since it was entered, the round under way included. */
export function iterationOf(state: RunState, scope: string, edge: Edge): number {
  return loopAt(state, placeOf(scope, edge.id))?.iteration ?? 1;
}

/** The edge has led back as often as it may, and as often as people let it beyond that. */
export function isAtLimit(state: RunState, scope: string, edge: Edge): boolean {
  const allowed = roundsAllowed(edge) + (loopAt(state, placeOf(scope, edge.id))?.extra ?? 0);
  return iterationOf(state, scope, edge) >= allowed;
}

/** False for a loop edge that may not go round any more. */
export function isOpenPath(state: RunState, scope: string, edge: Edge): boolean {
  return !edge.loop || !isAtLimit(state, scope, edge);
}

/** The fallback edges that handle this error, loops that may not go round any more included. */
export function fallbackEdges(node: GraphStep, error: StepError): Edge[] {
  return node.outgoing.filter((edge) => edge.from.port === 'failed' && namesError(edge, error));
}

/**
 * `ready`: as many paths as it needs were taken, or every one is settled and at least one was taken, or a loop led back
 * here. `skipped`: all of them were skipped.
 */
export function position({ node, scope }: Instance, state: RunState, graph: Graph): 'ready' | 'skipped' | 'pending' {
  let taken = 0;
  let isOpen = false;
  for (const edge of node.arriving) {
    const found = pathState(edge, scope, state, graph);
    if (found === 'taken') taken += 1;
    else if (found === 'open') isOpen = true;
    if (isOpen && node.needed === Number.POSITIVE_INFINITY) return 'pending';
  }
  if (taken >= node.needed || node.arriving.length === 0) return 'ready';
  if (isOpen) return 'pending';
  if (taken > 0) return 'ready';
  // A loop that went round leads here, also when no path did: its first round may have been given by a person.
  return node.incoming.some((edge) => edge.loop && iterationOf(state, scope, edge) > 1) ? 'ready' : 'skipped';
}

/** The step that ended without a result and without a path that handles it: the run is coming to its end. */
export function unhandledFailure(state: RunState): { key: StepKey; error: StepError } | undefined {
  // What is about to be put back, or ended by an order, is no end yet.
  const held = heldSteps(state);
  let stopped: { key: StepKey; error: StepError } | undefined;
  for (const step of Object.values(state.steps)) {
    const { key, error } = step;
    if (!isUnhandled(step) || held.has(key) || !error) continue;
    // What was only stopped because of another step's failure is not the reason.
    if (error.class !== 'cancelled') return { key, error };
    stopped ??= { key, error };
  }
  return stopped;
}

/** A compensation that was given up is none: it leaves its change as it is, and the run goes on. */
export function isUnhandled({ key, status, ports, tolerated }: StepState): boolean {
  return status === 'failed' && ports.length === 0 && !tolerated && !isUndoKey(key);
}

export function hasEnded(step: StepState | undefined): boolean {
  return (
    step?.status === 'confirmed' ||
    step?.status === 'skipped' ||
    step?.status === 'rolled_back' ||
    (step?.status === 'failed' && (step.ports.length > 0 || step.tolerated === true))
  );
}

/**
 * What a run, or an item of a map, comes to: what its last steps produced. One confirmed last step gives its output as
 * it is, several give an object by step id.
 */
export function outputOf(graph: Graph, state: RunState, steps: readonly Instance[]): unknown {
  const last: [string, unknown][] = [];
  for (const { node, key, scope } of steps) {
    const step = stepOf(state, key);
    const goesOn = (edge: Edge): boolean => pathState(edge, scope, state, graph) === 'taken';
    if (step?.status !== 'confirmed' || node.outgoing.some(goesOn)) continue;
    last.push([node.id, step.output ?? null]);
  }
  const [first] = last;
  return first && last.length === 1 ? first[1] : Object.fromEntries(last);
}
