/**
 * What a map changes in a run's state: its items, which of them are under way, their results in order, and the steps of
 * items that ended, which are put aside so that a run of many items stays as light as one of a few.
 */
import { itemScope, mapOf } from './aside.ts';
import { changeStep } from './changes.ts';
import type { RunEvent } from './events.ts';
import { goRound } from './rounds.ts';
import type { MapState, RunState } from './state.ts';

type FlowEvent = RunEvent & { type: 'map_opened' | 'item_ended' | 'loop_taken' };

/** What happens to parts of a graph that run more than once. */
export function changeFlow(state: RunState, event: FlowEvent): RunState {
  if (event.type === 'loop_taken') return goRound(state, event);
  return event.type === 'map_opened' ? openMap(state, event) : endItem(state, event);
}

function openMap(state: RunState, event: RunEvent & { type: 'map_opened' }): RunState {
  const { step, concurrency, tolerated } = event;
  const { items } = event.config;
  const next = Math.min(concurrency, items.length);
  const map: MapState = {
    items,
    tolerated,
    running: Array.from({ length: next }, (_, index) => index),
    next,
    results: items.map(() => null),
    failed: [],
    ended: items.map(() => null),
  };
  const opened = changeStep(state, event, (old) => ({
    ...old,
    status: 'open',
    config: event.config,
    firstStartedAt: old.firstStartedAt ?? event.at,
    attempts: [...old.attempts, { attempt: event.attempt, startedAt: event.at, costMicros: 0 }],
  }));
  return { ...opened, maps: { ...state.maps, [step]: map } };
}

/** The item's place goes to the next one, unless the map stops; its steps are put aside. */
function endItem(state: RunState, event: RunEvent & { type: 'item_ended' }): RunState {
  const map = mapOf(state, event.step);
  if (!map?.running.includes(event.index)) return state;
  const stopped = event.stops && event.error ? { index: event.index, error: event.error } : map.stopped;
  const hasNext = stopped === undefined && map.next < map.items.length;
  const { rest, put } = putAside(state, `${itemScope(event.step, event.index)}/`);
  const ended = map.ended.slice();
  ended[event.index] = put;
  const results = map.results.slice();
  if (event.error === undefined) results[event.index] = event.output ?? null;
  const left = map.running.filter((index) => index !== event.index);
  const next: MapState = {
    ...map,
    running: hasNext ? [...left, map.next] : left,
    next: map.next + (hasNext ? 1 : 0),
    results,
    failed: event.error === undefined ? map.failed : [...map.failed, { index: event.index, error: event.error }],
    ended,
    ...(stopped === undefined ? {} : { stopped }),
  };
  return { ...rest, maps: { ...rest.maps, [event.step]: next } };
}

/** Everything under this prefix leaves the state's own records. */
function putAside(state: RunState, prefix: string): { rest: RunState; put: NonNullable<MapState['ended'][number]> } {
  const steps = split(state.steps, prefix);
  const maps = split(state.maps, prefix);
  const running = Object.values(steps.inside).filter(({ status }) => status === 'running').length;
  const rest: RunState = { ...state, steps: steps.outside, maps: maps.outside, active: state.active - running };
  for (const field of ['visits', 'loops', 'exits'] as const)
    if (state[field]) Object.assign(rest, { [field]: split<unknown>(state[field], prefix).outside });
  return { rest, put: { steps: steps.inside, ...(Object.keys(maps.inside).length > 0 ? { maps: maps.inside } : {}) } };
}

function split<T>(
  record: Record<string, T> | undefined,
  prefix: string,
): { inside: Record<string, T>; outside: Record<string, T> } {
  const inside: Record<string, T> = {};
  const outside: Record<string, T> = {};
  for (const [key, value] of Object.entries({ ...record })) (key.startsWith(prefix) ? inside : outside)[key] = value;
  return { inside, outside };
}
