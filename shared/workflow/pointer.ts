/**
 * JSON Pointers (RFC 6901): how every problem names its place in a document. Text in, text out; nothing is looked up
 * through a prototype.
 */
export type PathPart = string | number;

export function pointerOf(path: readonly PathPart[]): string {
  return path.map((part) => `/${String(part).replace(/~/g, '~0').replace(/\//g, '~1')}`).join('');
}

export function pathOf(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'));
}

/** The id of the step a pointer leads into, when it leads into one. */
export function stepOfPath(path: readonly PathPart[]): string | undefined {
  return path[0] === 'steps' && path.length > 1 ? String(path[1]) : undefined;
}

/** The value at a path, or undefined where the path leaves the value. */
export function valueAt(value: unknown, path: readonly PathPart[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<PathPart, unknown>)[part];
  }
  return at;
}
