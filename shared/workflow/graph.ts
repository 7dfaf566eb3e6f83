/**
 * The compiled graph: a document's steps and edges indexed for walking. Pure and cheap; nothing is evaluated.
 */
import type { StepKey } from '../run/events.ts';
import { isUndoKey, stepIdOf, undoKeyOf } from '../run/keys.ts';
import { effectOf, type StepManifest } from '../steps/manifest.ts';
import type { EffectClass } from '../steps/effect.ts';
import type { Compensation, Edge, Step, WorkflowDocument } from './document.ts';
import { findRaces, neededBy } from './joins.ts';
import { findLoops, type Loops } from './regions.ts';

export interface GraphStep {
  id: string;
  step: Step;
  effect: EffectClass;
  /** Durable before anything after it starts: marked so, or with an effect above `read`. */
  checkpointed: boolean;
  incoming: Edge[];
  /** The incoming edges that a step waits for: those that go back only bring it here again. */
  arriving: Edge[];
  outgoing: Edge[];
  /** How many of the arriving paths have to be taken; `Infinity` for all that are not skipped. */
  needed: number;
  /** Of a map: the steps that run for each item, in document order. */
  children?: GraphStep[];
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
  loops: Loops;
  /** Joins that let go of what they no longer wait for, with the steps that lead to nothing but them. */
  races: ReadonlyMap<string, ReadonlySet<string>>;
  /** By id: the steps that may be skipped or begin because this one ended. */
  followers: ReadonlyMap<string, readonly string[]>;
  /** The step that undoes one, by the id of the one it undoes. */
  compensations: Map<string, GraphStep>;
  /** Steps without incoming edges other than loop edges, in document order: where a run begins. */
  entries: string[];
}

/** The kind of a container whose children run once for each item of a list. */
export const mapKind = 'map';

export type Manifests = ReadonlyMap<string, StepManifest>;

/** Edges whose ends are missing are left out: `findProblems` names them, the runtime never sees such a document. */
export function compileGraph(document: WorkflowDocument, manifests: Manifests): Graph {
  const steps = new Map<string, GraphStep>();
  for (const [id, step] of Object.entries(document.steps)) {
    // What a workflow inside does is not known here; starting it again finds the run that was started.
    const effect = step.kind === 'workflow' ? 'idempotent' : effectOf(step, manifests.get(step.kind));
    const checkpointed = step.checkpoint === true || (effect !== 'pure' && effect !== 'read');
    steps.set(id, { id, step, effect, checkpointed, incoming: [], arriving: [], outgoing: [], needed: neededBy(step) });
  }
  const compensations = new Map<string, GraphStep>();
  for (const [id, one] of Object.entries(document.steps)) {
    const compensate = one.compensate ?? rollbackOfChild(one);
    if (!compensate) continue;
    const effect = effectOf(compensate, manifests.get(compensate.kind));
    const label = compensate.label ?? `Undo ${document.steps[id]?.label ?? id}`;
    const step: Step = { ...compensate, label, checkpoint: true };
    const alone = { incoming: [], arriving: [], outgoing: [], needed: neededBy({}) };
    compensations.set(id, { id: undoKeyOf(id), step, effect, checkpointed: true, ...alone });
  }
  for (const edge of document.edges) {
    const from = steps.get(edge.from.step);
    const to = steps.get(edge.to.step);
    if (!from || !to) continue;
    from.outgoing.push(edge);
    to.incoming.push(edge);
    if (!edge.loop) to.arriving.push(edge);
  }
  const entries = [...steps.values()].filter((node) => node.arriving.length === 0).map((node) => node.id);
  const roots = [...steps.values()]
    .filter(({ step }) => step.parent === undefined)
    .map((node): Instance => ({ node, key: node.id, scope: '' }));
  const loops = findLoops([...steps.values()].flatMap((node) => node.outgoing));
  const races = findRaces(Object.entries(document.steps), document.edges);
  for (const node of steps.values()) if (node.step.kind === mapKind) node.children = childrenOf(steps, node.id);
  return { document, steps, roots, loops, races, followers: indexFollowers(steps, loops), compensations, entries };
}

function childrenOf(steps: ReadonlyMap<string, GraphStep>, parent: string): GraphStep[] {
  return [...steps.values()].filter(({ step }) => step.parent === parent);
}

/** A workflow inside is undone by rolling it back. */
function rollbackOfChild({ kind, kindVersion, config }: Step): Compensation | undefined {
  return kind === 'workflow' ? { kind, kindVersion, config: { ref: config['ref'] }, effect: 'idempotent' } : undefined;
}

/** Where its edges lead; and, of a step that may go back, what was kept waiting by the rounds it is in. */
function indexFollowers(steps: ReadonlyMap<string, GraphStep>, loops: Loops): Map<string, string[]> {
  const followers = new Map<string, string[]>();
  for (const { id, outgoing } of steps.values()) {
    const held = outgoing.some((edge) => edge.loop) ? (loops.around.get(id) ?? []).flatMap(({ exits }) => exits) : [];
    const next = [...outgoing, ...held].filter((edge) => !edge.loop).map((edge) => edge.to.step);
    followers.set(id, [...new Set(next)]);
  }
  return followers;
}

/** The drawn step behind a key such as `decide#2` or `each[3]/x`, or the compensation behind `pay!undo`. */
export function nodeOf(graph: Graph, key: StepKey): GraphStep | undefined {
  return (isUndoKey(key) ? graph.compensations : graph.steps).get(stepIdOf(key));
}

/** The steps that may be skipped or begin because this one ended. */
export function followersOf(graph: Graph, id: string): readonly string[] {
  return graph.followers.get(id) ?? [];
}

/** The paths a step waits for. */
export function arrivingAt(graph: Graph, id: string): readonly Edge[] {
  return graph.steps.get(id)?.arriving ?? [];
}

/** The steps that run for the item a scope stands for. */
export function childrenIn(graph: Graph, scope: string): readonly GraphStep[] {
  return graph.steps.get(stepIdOf(scope))?.children ?? [];
}
