/**
 * A payload as a form: which fields it has, of which type, and how the typed text becomes the payload again. Pure.
 * Two levels become fields; what lies deeper stays one field of JSON, so that nothing is hidden and nothing is lost.
 */
import { formatFieldName } from '../../lib/format.ts';

export type FieldKind = 'text' | 'long' | 'choice' | 'number' | 'boolean' | 'json';

export interface Field {
  /** The path's keys joined by `/`, unique in the form. */
  id: string;
  path: string[];
  label: string;
  /** The object it lies in, when that is not the payload itself. */
  group?: string;
  kind: FieldKind;
  value: unknown;
  /** For a choice: what else it may be. */
  choices?: string[];
}

/** What a JSON Schema says of one field that a form can use. */
interface FieldSchema {
  title?: string;
  choices?: string[];
  inner: unknown;
}

const longText = 80;

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): FieldKind {
  switch (typeof value) {
    case 'string':
      return value.length > longText || value.includes('\n') ? 'long' : 'text';
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    default:
      return 'json';
  }
}

function schemaOf(schema: unknown, name: string): FieldSchema {
  const properties = isPlain(schema) && isPlain(schema['properties']) ? schema['properties'] : {};
  const found = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (!isPlain(found)) return { inner: undefined };
  const { title, enum: choices } = found;
  return {
    inner: found,
    ...(typeof title === 'string' && title !== '' ? { title } : {}),
    ...(Array.isArray(choices) && choices.every((choice) => typeof choice === 'string') ? { choices } : {}),
  };
}

function field(path: string[], value: unknown, said: FieldSchema, group?: string): Field {
  const name = path.at(-1);
  const isChoice = said.choices !== undefined && typeof value === 'string' && said.choices.includes(value);
  return {
    id: path.join('/'),
    path,
    label: said.title ?? (name === undefined ? 'Value' : formatFieldName(name)),
    kind: isChoice ? 'choice' : kindOf(value),
    value,
    ...(isChoice ? { choices: said.choices ?? [] } : {}),
    ...(group === undefined ? {} : { group }),
  };
}

/** `schema` is the JSON Schema of the payload, if there is one: its titles become labels, its enums become choices. */
export function fieldsOf(payload: unknown, schema?: unknown): Field[] {
  if (!isPlain(payload) || Object.keys(payload).length === 0) return [field([], payload, { inner: schema })];
  return Object.entries(payload).flatMap(([name, value]) => {
    const said = schemaOf(schema, name);
    if (!isPlain(value) || Object.keys(value).length === 0) return [field([name], value, said)];
    const group = said.title ?? formatFieldName(name);
    return Object.entries(value).map(([inner, deep]) => field([name, inner], deep, schemaOf(said.inner, inner), group));
  });
}

/** What stands in an input before anybody typed. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return JSON.stringify(value, null, 2) ?? '';
}

function parseField(
  kind: FieldKind,
  typed: string | boolean,
): { ok: true; value: unknown } | { ok: false; message: string } {
  if (typeof typed === 'boolean') return { ok: true, value: typed };
  switch (kind) {
    case 'text':
    case 'long':
    case 'choice':
      return { ok: true, value: typed };
    case 'number': {
      const value = Number(typed.trim());
      return typed.trim() !== '' && Number.isFinite(value)
        ? { ok: true, value }
        : { ok: false, message: 'This must be a number, such as 42.5.' };
    }
    case 'boolean':
    case 'json':
      return parseJson(typed);
  }
}

export function parseJson(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, message: 'This is not valid JSON. Texts need double quotes: "like this".' };
  }
}

/** A changed copy; objects on the way are copied, the payload that was shown stays as it is. */
function withValue(payload: unknown, path: readonly string[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  const base = isPlain(payload) ? payload : {};
  return { ...base, [first]: withValue(base[first], rest, value) };
}

export type Edits = Readonly<Record<string, string | boolean>>;

export type EditResult =
  | { ok: true; value: unknown; changed: string[] }
  | { ok: false; messages: Record<string, string> };

/** The payload with what was typed; `changed` names the fields that differ from what was shown. */
export function applyEdits(payload: unknown, fields: readonly Field[], edits: Edits): EditResult {
  let value = payload;
  const changed: string[] = [];
  const messages: Record<string, string> = {};
  for (const entry of fields) {
    const typed = edits[entry.id];
    if (typed === undefined) continue;
    const parsed = parseField(entry.kind, typed);
    if (!parsed.ok) {
      messages[entry.id] = parsed.message;
      continue;
    }
    if (JSON.stringify(parsed.value) === JSON.stringify(entry.value)) continue;
    changed.push(entry.label);
    value = withValue(value, entry.path, parsed.value);
  }
  return Object.keys(messages).length > 0 ? { ok: false, messages } : { ok: true, value, changed };
}
