/**
 * Maps: a container step runs its children once for each item of a list, some at a time. Opens it, ends its items, and
 * ends it with their results in order. A failure inside that nothing handles ends only its item while the map tolerates
 * it, or leads to the map's own fallback path. Source of the rule: semantics, Control flow.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import { itemOf, itemScope, mapOf } from '../../../shared/run/aside.ts';
import { scopeOfKey } from '../../../shared/run/keys.ts';
import {
  activeOrders,
  heldSteps,
  stepOf,
  type MapState,
  type RunState,
  type StepState,
} from '../../../shared/run/state.ts';
import { nodeOf, type Graph } from '../../../shared/workflow/graph.ts';
import type { ItemResult } from './commands.ts';
import { childrenOf, openMaps } from './instances.ts';
import { fallbackEdges, hasEnded, isOpenPath, outputOf } from './paths.ts';
import { emit, type Turn } from './turn.ts';

export type MapTask =
  /** Every step of the item has ended: evaluate its result. */
  | { type: 'collect'; step: StepKey; index: number }
  /** Every item has ended: check the map's result. */
  | { type: 'close'; step: StepKey };

export function mapTasks(state: RunState, graph: Graph): MapTask[] {
  const held = heldSteps(state);
  const tasks: MapTask[] = [];
  for (const [step, { running }] of openMaps(state)) {
    if (held.has(step)) continue;
    for (const index of running)
      if (isItemOver(state, graph, itemScope(step, index))) tasks.push({ type: 'collect', step, index });
    if (running.length === 0) tasks.push({ type: 'close', step });
  }
  return tasks;
}

function isItemOver(state: RunState, graph: Graph, scope: string): boolean {
  const isUndoing = activeOrders(state).some((order) => order.steps.some((key) => scopeOfKey(key) === scope));
  return !isUndoing && childrenOf(state, graph, scope).every(({ key }) => hasEnded(stepOf(state, key)));
}

export function openMap(turn: Turn, key: StepKey, attempt: number, config: Record<string, unknown>): void {
  const {
    items,
    concurrency = 1,
    tolerate = {},
  } = config as {
    items: unknown[];
    concurrency?: number;
    tolerate?: { count?: number; percent?: number };
  };
  const { count = 0, percent = 0 } = tolerate;
  const tolerated = Math.max(count, Math.floor((items.length * percent) / 100));
  emit(turn, { type: 'map_opened', step: key, attempt, config: { ...config, items }, concurrency, tolerated });
}

/** Durable, whatever is inside: what was done for an item is not done again, and its steps can be put aside. */
export function endItem(turn: Turn, key: StepKey, index: number, result: ItemResult): void {
  const { state, ctx } = turn;
  const steps = childrenOf(state, ctx.graph, itemScope(key, index));
  const failed = steps.map((one) => stepOf(state, one.key)).find((step) => step?.tolerated)?.error;
  const error = failed ?? (result.ok ? undefined : result.error);
  if (error === undefined) {
    const output = 'value' in result ? result.value : outputOf(ctx.graph, state, steps);
    emit(turn, { type: 'item_ended', step: key, index, output });
    return;
  }
  const map = mapOf(state, key);
  const stops = !map || map.failed.length >= map.tolerated;
  emit(turn, { type: 'item_ended', step: key, index, error, ...(stops ? { stops } : {}) });
}

/**
 * Is this failure, which the step itself has no path for, one that only ends the item? While the map tolerates it, or
 * when the map, or one around it, has a path for it.
 */
export function isCaughtByMap(turn: Turn, key: StepKey, error: StepError): boolean {
  const { state, ctx } = turn;
  const item = itemOf(scopeOfKey(key));
  const map = item && mapOf(state, item.map);
  const node = item && nodeOf(ctx.graph, item.map);
  if (!map || !node) return false;
  if (isFailing(turn, item.map, item.index) || failures(turn, item.map, map) < map.tolerated) return true;
  const scope = scopeOfKey(item.map);
  const hasPath = fallbackEdges(node, error).some((edge) => isOpenPath(state, scope, edge));
  return hasPath || isCaughtByMap(turn, item.map, error);
}

function failures(turn: Turn, key: StepKey, map: MapState): number {
  return map.failed.length + map.running.filter((index) => isFailing(turn, key, index)).length;
}

function isFailing({ state, ctx }: Turn, key: StepKey, index: number): boolean {
  const steps = childrenOf(state, ctx.graph, itemScope(key, index));
  return steps.some((one): boolean => Boolean(stepOf(state, one.key)?.tolerated));
}

export interface MapResult {
  /** In the order of the items; `null` for one that failed. */
  output: unknown[];
  /** How many items there were, and which of them failed. */
  details: Record<string, unknown>;
  stopped?: StepError;
}

export function mapResult(state: RunState, { key }: StepState): MapResult {
  const map = mapOf(state, key);
  const failed = [...(map?.failed ?? [])].sort((one, other) => one.index - other.index);
  return {
    output: map?.results ?? [],
    details: { items: map?.results.length, ...(failed.length > 0 ? { failed } : {}) },
    ...(map?.stopped ? { stopped: namingItem(map.stopped.error, map.stopped.index) } : {}),
  };
}

function namingItem(error: StepError, index: number): StepError {
  return { ...error, message: `Item ${index + 1}: ${error.message}` };
}
