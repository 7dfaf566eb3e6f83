/**
 * Where the steps of a map's items are found: the item a scope stands for, and what was put aside when it ended. Only
 * looks things up; what an event changes is in `items.ts`.
 */
import type { StepKey } from './events.ts';
import { isUndoKey } from './keys.ts';
import type { MapState, RunState, StepState } from './state.ts';

/** The scope of an item: its steps are `each[3]/…`. */
export function itemScope(map: StepKey, index: number): string {
  return `${map}[${index}]`;
}

/** The map and the item that a scope stands for; undefined for the drawing itself. */
export function itemOf(scope: string): { map: StepKey; index: number } | undefined {
  const found = /^(.*)\[(\d+)\]$/.exec(scope);
  return found?.[1] === undefined ? undefined : { map: found[1], index: Number(found[2]) };
}

export function mapOf(state: Pick<RunState, 'maps'>, key: StepKey): MapState | undefined {
  return state.maps && Object.hasOwn(state.maps, key) ? state.maps[key] : undefined;
}

/** The steps of an item that has ended, by their keys; undefined while it runs. Items inside it are looked up the same way. */
export function stepsPutAside(
  state: Pick<RunState, 'steps' | 'maps'>,
  scope: string,
): Record<StepKey, StepState> | undefined {
  let holder: Pick<RunState, 'steps' | 'maps'> = state;
  for (const place of scopesOf(scope)) {
    const item = itemOf(place);
    holder = (item && mapOf(holder, item.map)?.ended[item.index]) ?? holder;
  }
  return holder === state ? undefined : holder.steps;
}

/** `each[3]/inner[0]` lies in `each[3]` and in itself. */
function scopesOf(scope: string): string[] {
  const parts = scope.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Every step that a run reached, also of items that have ended; those that go on after it as they are now. */
export function everyStep(state: Pick<RunState, 'steps' | 'maps'>): StepState[] {
  const aside = Object.values(state.maps ?? {}).flatMap(({ ended }) =>
    ended.flatMap((item) => (item ? everyStep(item) : [])),
  );
  return [...Object.values(state.steps), ...aside.filter(({ key }) => !Object.hasOwn(state.steps, key))];
}

/** The step and, of a map, every step that its items reached. */
export function withItems(state: Pick<RunState, 'steps' | 'maps'>, key: StepKey): StepKey[] {
  if (!mapOf(state, key)) return [key];
  const inside = everyStep(state).filter((step) => step.key.startsWith(`${key}[`) && !isUndoKey(step.key));
  return [key, ...inside.map((step) => step.key)];
}
