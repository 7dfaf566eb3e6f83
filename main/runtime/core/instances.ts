/**
 * Which step keys exist now: a drawn step is one key per visit of a loop and per item of a map. Everything that walks a
 * run walks these, so that nobody else has to know how a key is made.
 */
import type { StepKey } from '../../../shared/run/events.ts';
import { itemOf, itemScope, mapOf } from '../../../shared/run/aside.ts';
import { placeOf, scopeOfKey, stepIdOf } from '../../../shared/run/keys.ts';
import { stepOf, type MapState, type RunState } from '../../../shared/run/state.ts';
import { childrenIn, nodeOf, type Graph, type Instance } from '../../../shared/workflow/graph.ts';

/** The key of the step's current visit in this scope. */
export function currentKey(state: RunState, scope: string, id: string): StepKey {
  const place = placeOf(scope, id);
  if (!state.visits || !Object.hasOwn(state.visits, place)) return place;
  return `${place}#${state.visits[place]}`;
}

/** Every step that may be looked at now: of the drawing, then of each item under way. */
export function instancesOf(state: RunState, graph: Graph): readonly Instance[] {
  const roots = rootInstances(state, graph);
  if (!state.maps) return roots;
  const found = [...roots];
  for (const [key, map] of openMaps(state))
    for (const index of map.running) found.push(...childrenOf(state, graph, itemScope(key, index)));
  return found;
}

export function openMaps(state: RunState): [StepKey, MapState][] {
  return Object.entries(state.maps ?? {}).filter(([key]) => stepOf(state, key)?.status === 'open');
}

/** The steps of the drawing itself, in their current visit. */
export function rootInstances(state: RunState, graph: Graph): readonly Instance[] {
  if (!state.visits) return graph.roots;
  return graph.roots.map(({ node, scope }) => ({ node, scope, key: currentKey(state, scope, node.id) }));
}

/** The steps of an item, in their current visit. */
export function childrenOf(state: RunState, graph: Graph, scope: string): Instance[] {
  return childrenIn(graph, scope).map((node) => ({ node, scope, key: currentKey(state, scope, node.id) }));
}

/** Undefined when there is no such step, or it is not in this visit, or in an item that is not under way. */
export function instanceOf(state: RunState, graph: Graph, key: StepKey): Instance | undefined {
  const node = nodeOf(graph, key);
  const scope = scopeOfKey(key);
  if (!node || currentKey(state, scope, node.id) !== key) return undefined;
  const item = itemOf(scope);
  if (item?.map === undefined) return node.step.parent === undefined ? { node, key, scope } : undefined;
  const isUnderWay = stepOf(state, item.map)?.status === 'open' && mapOf(state, item.map)?.running.includes(item.index);
  return isUnderWay && node.step.parent === stepIdOf(item.map) ? { node, key, scope } : undefined;
}
