/**
 * Changing one place inside a JSON value, named by a JSON Pointer, without touching the original. Missing objects on
 * the way are made; a list takes `-` for its end. Must never write through a prototype.
 */
import { pathOf } from './pointer.ts';
import { isForbiddenKey } from './safety.ts';

/** `value: undefined` (or left out) removes what is there. */
export interface FieldChange {
  pointer: string;
  value?: unknown;
}

export type Changed = { ok: true; value: unknown } | { ok: false; message: string };

const refusal = (pointer: string): Changed => ({ ok: false, message: `There is no place ${pointer} to change.` });

function changeAt(value: unknown, path: readonly string[], change: FieldChange): Changed {
  const [key, ...rest] = path;
  if (key === undefined) return { ok: true, value: change.value };
  if (isForbiddenKey(key)) return refusal(change.pointer);
  if (Array.isArray(value)) {
    const index = key === '-' ? value.length : /^(0|[1-9]\d*)$/.test(key) ? Number(key) : -1;
    if (index < 0 || index > value.length) return refusal(change.pointer);
    const inner = changeAt(value[index], rest, change);
    if (!inner.ok) return inner;
    const copy: unknown[] = [...value];
    if (inner.value === undefined) copy.splice(index, 1);
    else copy[index] = inner.value;
    return { ok: true, value: copy };
  }
  if (value !== undefined && (typeof value !== 'object' || value === null)) return refusal(change.pointer);
  const record = (value ?? {}) as Record<string, unknown>;
  if (change.value === undefined && !Object.hasOwn(record, key)) return { ok: true, value };
  const inner = changeAt(Object.hasOwn(record, key) ? record[key] : undefined, rest, change);
  if (!inner.ok) return inner;
  const copy = { ...record };
  if (inner.value === undefined) delete copy[key];
  else copy[key] = inner.value;
  return { ok: true, value: copy };
}

export function applyChanges(value: unknown, changes: readonly FieldChange[]): Changed {
  let at = value;
  for (const change of changes) {
    const changed = changeAt(at, pathOf(change.pointer), change);
    if (!changed.ok) return changed;
    at = changed.value;
  }
  return { ok: true, value: at };
}
