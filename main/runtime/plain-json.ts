/**
 * Turns whatever a library or a step gave back into plain JSON that shares nothing with it: no functions, no marked
 * arrays, no prototypes. Must never let a value through that would read back differently from the journal.
 */

const MAX_DEPTH = 200;
const MAX_NODES = 1_000_000;
const MAX_TEXT = 10_000_000;

export type PlainJson = { ok: true; value: unknown } | { ok: false; message: string };

class NotJson extends Error {}

/** `undefined` members are left out and `undefined` entries become null, as JSON does; anything else must be JSON. */
export function toPlainJson(value: unknown): PlainJson {
  const left = { nodes: MAX_NODES, text: MAX_TEXT };
  try {
    return { ok: true, value: copy(value, 0, left) };
  } catch (error) {
    if (error instanceof NotJson) return { ok: false, message: error.message };
    throw error;
  }
}

function copy(value: unknown, depth: number, left: { nodes: number; text: number }): unknown {
  left.nodes -= 1;
  if (left.nodes < 0) throw new NotJson(`holds more than ${MAX_NODES} values`);
  if (depth > MAX_DEPTH) throw new NotJson(`is nested deeper than ${MAX_DEPTH} levels`);
  switch (typeof value) {
    case 'string':
      left.text -= value.length;
      if (left.text < 0) throw new NotJson(`holds more than ${MAX_TEXT} characters`);
      return value;
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new NotJson('holds a number that is not finite');
      return value;
    case 'bigint':
    case 'symbol':
      throw new NotJson(`holds a ${typeof value}, which is not JSON`);
    case 'function':
      throw new NotJson('is a function, not a value');
    case 'object':
      return value === null ? null : copyObject(value, depth, left);
  }
}

function copyObject(value: object, depth: number, left: { nodes: number; text: number }): unknown {
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (let index = 0; index < value.length; index++) list.push(copy(value[index], depth + 1, left) ?? null);
    return list;
  }
  // How JSONata marks its own functions.
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) throw new NotJson('is a function, not a value');
  if (value instanceof Date) return value.toISOString();
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const copied = copy(member, depth + 1, left);
    if (copied !== undefined) setOwn(result, name, copied);
  }
  return result;
}

/** Assignment that cannot reach a prototype, whatever the name is. */
export function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[name] = value;
  }
}
