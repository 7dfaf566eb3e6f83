/**
 * Copy and paste: a part of a graph taken out as data, and the edit that puts it into a graph under fresh ids.
 * Expressions inside the part follow the new ids; what they name outside of it stays as it is.
 */
import type { Edge, Step, WorkflowDocument } from './document.ts';
import type { Edit, Point } from './edits.ts';
import { freshEdgeId, freshStepId } from './fresh.ts';

export interface Fragment {
  steps: Record<string, Step>;
  edges: Edge[];
  layout: Record<string, Point>;
}

/** The named steps and the connections among them. */
export function copyFragment(document: WorkflowDocument, ids: readonly string[]): Fragment {
  const wanted = new Set(ids);
  const places = document.layout ?? {};
  return {
    steps: Object.fromEntries(Object.entries(document.steps).filter(([id]) => wanted.has(id))),
    edges: document.edges.filter((edge) => wanted.has(edge.from.step) && wanted.has(edge.to.step)),
    layout: Object.fromEntries(Object.entries(places).filter(([id]) => wanted.has(id))),
  };
}

/** `$steps.old` and `` $steps.`old` `` in every text become `$steps.new`. */
function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string')
    return value.replace(/(\$steps\s*\.\s*`?)([a-z][A-Za-z0-9_]*)/g, (all, before: string, id: string) => {
      const next = names.get(id);
      return next === undefined ? all : before + next;
    });
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renamed(item, names)]));
}

export function pasteEdit(
  document: WorkflowDocument,
  fragment: Fragment,
  offset: Point,
): Extract<Edit, { type: 'paste' }> {
  const names = new Map<string, string>();
  for (const [id, step] of Object.entries(fragment.steps)) {
    const wanted = Object.hasOwn(document.steps, id) ? step.kind : id;
    names.set(id, freshStepId(document, wanted, names.values()));
  }
  const newName = (id: string) => names.get(id) ?? id;
  const steps: Record<string, Step> = {};
  for (const [id, step] of Object.entries(fragment.steps)) {
    const copy = renamed(step, names) as Step;
    const { parent, ...rest } = copy;
    const outside = parent !== undefined && !names.has(parent) && !Object.hasOwn(document.steps, parent);
    steps[newName(id)] = parent === undefined || outside ? rest : { ...rest, parent: newName(parent) };
  }
  const edgeIds: string[] = [];
  const edges = fragment.edges.map((edge): Edge => {
    const id = freshEdgeId(document, edgeIds);
    edgeIds.push(id);
    return { ...edge, id, from: { ...edge.from, step: newName(edge.from.step) }, to: { step: newName(edge.to.step) } };
  });
  const layout = Object.fromEntries(
    Object.entries(fragment.layout).map(([id, at]) => [newName(id), { x: at.x + offset.x, y: at.y + offset.y }]),
  );
  return { type: 'paste', steps, edges, layout };
}
