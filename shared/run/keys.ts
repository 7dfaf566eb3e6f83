/**
 * Step keys: `decide`, its second visit `decide#2`, inside a map `each[3]/x#2`; and the step that undoes one,
 * `pay!undo`. The id of the drawn step is what is left without item, visit and mark.
 */
import type { StepKey } from './events.ts';

const undoMark = '!undo';

export function stepIdOf(key: StepKey): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/[#[!].*$/, '');
}

/** Where the step is: `''` for the drawing itself, `each[3]` for an item of a map, `each[3]/inner[0]` for one inside it. */
export function scopeOfKey(key: StepKey): string {
  const end = key.lastIndexOf('/');
  return end < 0 ? '' : key.slice(0, end);
}

/** The key of a step's first visit in a scope; visits are counted by it. */
export function placeOf(scope: string, id: string): string {
  return scope === '' ? id : `${scope}/${id}`;
}

/** 1 unless a loop went back over the step. */
export function visitOf(key: StepKey): number {
  const visit = /#(\d+)(!undo)?$/.exec(key)?.[1];
  return visit === undefined ? 1 : Number(visit);
}

export function undoKeyOf(key: StepKey): StepKey {
  return `${key}${undoMark}`;
}

export function isUndoKey(key: StepKey): boolean {
  return key.endsWith(undoMark);
}

/** The step that `pay!undo` undoes. */
export function undoneBy(key: StepKey): StepKey {
  return isUndoKey(key) ? key.slice(0, -undoMark.length) : key;
}
