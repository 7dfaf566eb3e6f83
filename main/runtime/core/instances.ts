/**
 * Which step keys exist now: a drawn step is one key per visit of a loop and per item of a map. Everything that walks a
 * run walks these, so that nobody else has to know how a key is made.
 */
import type { StepKey } from '../../../shared/run/events.ts';
import { placeOf, scopeOfKey } from '../../../shared/run/keys.ts';
import type { RunState } from '../../../shared/run/state.ts';
import { nodeOf, type Graph, type Instance } from '../../../shared/workflow/graph.ts';

/** The key of the step's current visit in this scope. */
export function currentKey(state: RunState, scope: string, id: string): StepKey {
  const place = placeOf(scope, id);
  if (!state.visits || !Object.hasOwn(state.visits, place)) return place;
  return `${place}#${state.visits[place]}`;
}

/** Every step that may be looked at now, in document order. */
export function instancesOf(state: RunState, graph: Graph): readonly Instance[] {
  return rootInstances(state, graph);
}

/** The steps of the drawing itself, in their current visit. */
export function rootInstances(state: RunState, graph: Graph): readonly Instance[] {
  if (!state.visits) return graph.roots;
  return graph.roots.map(({ node, scope }) => ({ node, scope, key: currentKey(state, scope, node.id) }));
}

/** Undefined when there is no such step, or it is not in this visit. */
export function instanceOf(state: RunState, graph: Graph, key: StepKey): Instance | undefined {
  const node = nodeOf(graph, key);
  const scope = scopeOfKey(key);
  return node && currentKey(state, scope, node.id) === key ? { node, key, scope } : undefined;
}
