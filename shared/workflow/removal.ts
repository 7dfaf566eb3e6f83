/**
 * Taking steps out of a graph with everything that hangs on them: connections, places, samples, memberships.
 * Text that names a removed step is kept as it is: `findProblems` says where.
 */
import type { Edge, Step, WorkflowDocument } from './document.ts';

function without<T>(record: Record<string, T>, gone: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([id]) => !gone.has(id)));
}

/** Joins each way into the step to each forward way out of it; failure and rejection paths are not forward. */
function bridged(edges: readonly Edge[], step: string): Edge[] {
  const into = edges.filter((edge) => edge.to.step === step && edge.from.step !== step && !edge.loop);
  const outOf = edges.filter(
    (edge) =>
      edge.from.step === step &&
      edge.to.step !== step &&
      !edge.loop &&
      edge.from.port !== 'failed' &&
      edge.from.port !== 'rejected',
  );
  const kept = edges.filter((edge) => edge.from.step !== step && edge.to.step !== step);
  const result = [...kept];
  for (const one of into) {
    let free: string | undefined = one.id;
    for (const other of outOf) {
      const same = (edge: Edge) =>
        edge.from.step === one.from.step && edge.from.port === one.from.port && edge.to.step === other.to.step;
      if (one.from.step === other.to.step || result.some(same)) continue;
      // The first bridge goes on being the edge that led in; others keep the id of the edge they replace.
      const ids = [free, other.id, `${one.id}_${other.id}`].filter((id) => id !== undefined);
      const id = ids.find((candidate) => candidate.length <= 64 && !result.some((edge) => edge.id === candidate));
      if (id === undefined) continue;
      result.push({ ...one, id, to: other.to });
      free = undefined;
    }
  }
  return result;
}

function freed(step: Step, gone: ReadonlySet<string>): Step {
  if (step.parent === undefined || !gone.has(step.parent)) return step;
  const { parent: _gone, ...rest } = step;
  return rest;
}

export function withoutSteps(document: WorkflowDocument, ids: readonly string[], reconnect: boolean): WorkflowDocument {
  const gone = new Set(ids);
  let edges: Edge[] = document.edges;
  if (reconnect) for (const id of gone) edges = bridged(edges, id);
  else edges = edges.filter((edge) => !gone.has(edge.from.step) && !gone.has(edge.to.step));
  const left = Object.entries(document.steps).filter(([id]) => !gone.has(id));
  const next: WorkflowDocument = {
    ...document,
    steps: Object.fromEntries(left.map(([id, step]) => [id, freed(step, gone)])),
    edges,
  };
  if (document.layout) next.layout = without(document.layout, gone);
  if (document.pins) next.pins = without(document.pins, gone);
  if (document.groups)
    next.groups = document.groups.map((group) => ({ ...group, steps: group.steps.filter((id) => !gone.has(id)) }));
  return next;
}
