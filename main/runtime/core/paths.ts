/**
 * Which paths of the graph are taken, skipped or still open. An edge is taken when its source ended with the edge's
 * port (and, for a fallback edge, with an error it names); it is skipped when its source ended otherwise.
 */
import { matchesError, type StepError } from '../../../shared/run/errors.ts';
import type { RunState, StepState } from '../../../shared/run/state.ts';
import type { Edge } from '../../../shared/workflow/document.ts';
import type { Graph, GraphStep } from '../../../shared/workflow/graph.ts';

export type EdgeState = 'open' | 'taken' | 'skipped';

export function edgeState(edge: Edge, source: StepState | undefined): EdgeState {
  if (!source) return 'open';
  switch (source.status) {
    case 'skipped':
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
export function position(node: GraphStep, state: RunState): 'ready' | 'skipped' | 'pending' {
  let taken = node.incoming.length === 0;
  for (const edge of node.incoming) {
    const found = edgeState(edge, state.steps[edge.from.step]);
    if (found === 'open') return 'pending';
    if (found === 'taken') taken = true;
  }
  return taken ? 'ready' : 'skipped';
}

/** True when a step ended without a result and no path handles it: the run is coming to its end. */
export function hasUnhandledFailure(state: RunState): boolean {
  return Object.values(state.steps).some((step) => step.status === 'failed' && step.ports.length === 0);
}

export function hasEnded(step: StepState | undefined): boolean {
  return (
    step?.status === 'confirmed' || step?.status === 'skipped' || (step?.status === 'failed' && step.ports.length > 0)
  );
}

/**
 * The run's output: what its last steps produced. One confirmed last step gives its output as it is, several give
 * an object by step id.
 */
export function runOutput(graph: Graph, state: RunState): unknown {
  const last = [...graph.steps.values()].filter(
    (node) =>
      state.steps[node.id]?.status === 'confirmed' &&
      !node.outgoing.some((edge) => edgeState(edge, state.steps[node.id]) === 'taken'),
  );
  const only = last[0];
  if (only && last.length === 1) return state.steps[only.id]?.output ?? null;
  return Object.fromEntries(last.map((node) => [node.id, state.steps[node.id]?.output ?? null]));
}
