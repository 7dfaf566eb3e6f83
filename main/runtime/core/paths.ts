/**
 * Which paths of the graph are taken, skipped or still open. An edge is taken when its source ended with the edge's
 * port (and, for a fallback edge, with an error it names); it is skipped when its source ended otherwise.
 */
import { matchesError, type StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { stepOf, type RunState, type StepState } from '../../../shared/run/state.ts';
import type { Edge } from '../../../shared/workflow/document.ts';
import type { Graph, GraphStep, Instance } from '../../../shared/workflow/graph.ts';
import { currentKey, rootInstances } from './instances.ts';

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
      return namesError(edge, source.error) ? 'taken' : 'skipped';
    default:
      return 'open';
  }
}

function namesError(edge: Edge, error: StepError | undefined): boolean {
  return !edge.onErrors || (error !== undefined && edge.onErrors.some((pattern) => matchesError(pattern, error)));
}

/** The fallback edges that handle this error. */
export function fallbackEdges(node: GraphStep, error: StepError): Edge[] {
  return node.outgoing.filter((edge) => edge.from.port === 'failed' && namesError(edge, error));
}

/** `ready`: every incoming path is settled and at least one was taken. `skipped`: all of them were skipped. */
export function position({ node, scope }: Instance, state: RunState): 'ready' | 'skipped' | 'pending' {
  let taken = node.incoming.length === 0;
  for (const edge of node.incoming) {
    const found = edgeState(edge, stepOf(state, currentKey(state, scope, edge.from.step)));
    if (found === 'open') return 'pending';
    if (found === 'taken') taken = true;
  }
  return taken ? 'ready' : 'skipped';
}

/** The step that ended without a result and without a path that handles it: the run is coming to its end. */
export function unhandledFailure(state: RunState): { key: StepKey; error: StepError } | undefined {
  for (const { key, status, ports, error } of Object.values(state.steps)) {
    // A compensation that was given up leaves its change as it is; the run goes on.
    if (isUndoKey(key)) continue;
    if (status === 'failed' && ports.length === 0 && error) return { key, error };
  }
  return undefined;
}

export function hasEnded(step: StepState | undefined): boolean {
  return (
    step?.status === 'confirmed' ||
    step?.status === 'skipped' ||
    step?.status === 'rolled_back' ||
    (step?.status === 'failed' && step.ports.length > 0)
  );
}

/**
 * The run's output: what its last steps produced. One confirmed last step gives its output as it is, several give
 * an object by step id.
 */
export function runOutput(graph: Graph, state: RunState): unknown {
  const last: [string, unknown][] = [];
  for (const { node, key } of rootInstances(state, graph)) {
    const step = stepOf(state, key);
    if (step?.status !== 'confirmed' || node.outgoing.some((edge) => edgeState(edge, step) === 'taken')) continue;
    last.push([node.id, step.output ?? null]);
  }
  const [first] = last;
  return first && last.length === 1 ? first[1] : Object.fromEntries(last);
}
