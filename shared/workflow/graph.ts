/**
 * The compiled graph: a document's steps and edges indexed for walking. Pure and cheap; nothing is evaluated.
 */
import type { StepKey } from '../run/events.ts';
import { isUndoKey, stepIdOf, undoKeyOf } from '../run/keys.ts';
import { effectOf, type StepManifest } from '../steps/manifest.ts';
import type { EffectClass } from '../steps/effect.ts';
import type { Edge, Step, WorkflowDocument } from './document.ts';

export interface GraphStep {
  id: string;
  step: Step;
  effect: EffectClass;
  /** Durable before anything after it starts: marked so, or with an effect above `read`. */
  checkpointed: boolean;
  incoming: Edge[];
  outgoing: Edge[];
}

/** A step where it is now: its key names the visit and, inside a map, the item. */
export interface Instance {
  node: GraphStep;
  key: StepKey;
  /** `''` for the drawing itself, `each[3]` for an item of a map. */
  scope: string;
}

export interface Graph {
  document: WorkflowDocument;
  steps: Map<string, GraphStep>;
  /** The steps that are in no container, in document order, in their first visit. */
  roots: readonly Instance[];
  /** The step that undoes one, by the id of the one it undoes. */
  compensations: Map<string, GraphStep>;
  /** Steps without incoming edges other than loop edges, in document order: where a run begins. */
  entries: string[];
}

export type Manifests = ReadonlyMap<string, StepManifest>;

/** Edges whose ends are missing are left out: `findProblems` names them, the runtime never sees such a document. */
export function compileGraph(document: WorkflowDocument, manifests: Manifests): Graph {
  const steps = new Map<string, GraphStep>();
  for (const [id, step] of Object.entries(document.steps)) {
    const effect = effectOf(step, manifests.get(step.kind));
    const checkpointed = step.checkpoint === true || (effect !== 'pure' && effect !== 'read');
    steps.set(id, { id, step, effect, checkpointed, incoming: [], outgoing: [] });
  }
  const compensations = new Map<string, GraphStep>();
  for (const [id, { compensate }] of Object.entries(document.steps)) {
    if (!compensate) continue;
    const effect = effectOf(compensate, manifests.get(compensate.kind));
    const label = compensate.label ?? `Undo ${document.steps[id]?.label ?? id}`;
    const step: Step = { ...compensate, label, checkpoint: true };
    compensations.set(id, { id: undoKeyOf(id), step, effect, checkpointed: true, incoming: [], outgoing: [] });
  }
  for (const edge of document.edges) {
    const from = steps.get(edge.from.step);
    const to = steps.get(edge.to.step);
    if (!from || !to) continue;
    from.outgoing.push(edge);
    to.incoming.push(edge);
  }
  const entries = [...steps.values()].filter((node) => node.incoming.every((edge) => edge.loop)).map((node) => node.id);
  const roots = [...steps.values()]
    .filter(({ step }) => step.parent === undefined)
    .map((node): Instance => ({ node, key: node.id, scope: '' }));
  return { document, steps, roots, compensations, entries };
}

/** The drawn step behind a key such as `decide#2` or `each[3]/x`, or the compensation behind `pay!undo`. */
export function nodeOf(graph: Graph, key: StepKey): GraphStep | undefined {
  return (isUndoKey(key) ? graph.compensations : graph.steps).get(stepIdOf(key));
}
