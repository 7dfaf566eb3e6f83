/**
 * Step keys: `decide`, its second visit `decide#2`, inside a map `each[3]/x#2`; and the step that undoes one,
 * `pay!undo`. The id of the drawn step is what is left without item, visit and mark.
 */
import type { StepKey } from './events.ts';

const undoMark = '!undo';

export function stepIdOf(key: StepKey): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/[#[!].*$/, '');
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
