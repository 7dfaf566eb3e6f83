/**
 * The smallest field changes between two versions of a value, as edits want them. One changed field is one change, so
 * that typing into it becomes one undo step. Lists are changed as a whole. Pure.
 */
import type { FieldChange } from '../../../shared/workflow/edits.ts';
import { pointerOf, type PathPart } from '../../../shared/workflow/pointer.ts';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function changesBetween(before: unknown, after: unknown, base: readonly PathPart[] = []): FieldChange[] {
  if (Object.is(before, after)) return [];
  if (!isRecord(before) || !isRecord(after)) return [{ pointer: pointerOf(base), value: after }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => changesBetween(before[key], after[key], [...base, key]));
}
