/**
 * What no document may hold, wherever it comes from: a field that could reach a prototype, or nesting that could
 * exhaust the stack of whoever walks it. Walks without recursion itself; a value that holds itself is too deep.
 */
import type { PathPart } from './pointer.ts';

export interface Unsafe {
  code: 'too_deep' | 'forbidden_key';
  message: string;
  fix: string;
  path: PathPart[];
}

interface Visit {
  value: object;
  key: PathPart;
  outer: Visit | undefined;
  depth: number;
}

export function isForbiddenKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor';
}

function pathTo(visit: Visit): PathPart[] {
  const path: PathPart[] = [];
  for (let at: Visit | undefined = visit; at?.outer; at = at.outer) path.push(at.key);
  return path.reverse();
}

export function findUnsafe(value: unknown, maxDepth: number): Unsafe | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const open: Visit[] = [{ value, key: '', outer: undefined, depth: 0 }];
  for (let visit = open.pop(); visit; visit = open.pop()) {
    const { value: at, depth } = visit;
    if (depth >= maxDepth)
      return {
        code: 'too_deep',
        message: `Values are nested more than ${maxDepth} deep.`,
        fix: 'Flatten what is inside.',
        path: pathTo(visit).slice(0, 4),
      };
    const isList = Array.isArray(at);
    for (const [key, item] of Object.entries(at)) {
      if (!isList && isForbiddenKey(key))
        return {
          code: 'forbidden_key',
          message: `A field must not be called "${key}".`,
          fix: 'Rename the field.',
          path: [...pathTo(visit), key],
        };
      if (typeof item === 'object' && item !== null)
        open.push({ value: item as object, key, outer: visit, depth: depth + 1 });
    }
  }
  return undefined;
}
