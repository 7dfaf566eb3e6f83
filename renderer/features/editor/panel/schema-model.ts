/**
 * An object's JSON Schema as rows of a table: name, type, required. What the rows cannot show is kept; a schema that is
 * no plain object with named fields is edited as JSON instead.
 */
type Json = Record<string, unknown>;

export const fieldTypes = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;
export type FieldType = (typeof fieldTypes)[number];

export const typeWords: Record<FieldType, string> = {
  string: 'Text',
  number: 'Number',
  integer: 'Whole number',
  boolean: 'Yes or no',
  array: 'List',
  object: 'Object',
};

export interface SchemaRow {
  name: string;
  type: FieldType;
  required: boolean;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(schema: unknown): FieldType {
  if (!isObject(schema)) return 'string';
  const type = schema['type'];
  const found = fieldTypes.find((candidate) => candidate === type);
  if (found) return found;
  const first: unknown = Array.isArray(schema['enum']) ? schema['enum'][0] : undefined;
  return typeof first === 'number' ? 'number' : 'string';
}

function requiredOf(schema: Json): string[] {
  const required = schema['required'];
  return Array.isArray(required) ? required.filter((name): name is string => typeof name === 'string') : [];
}

/** `undefined` when rows cannot show it. */
export function rowsOf(schema: unknown): SchemaRow[] | undefined {
  if (schema === undefined) return [];
  if (!isObject(schema)) return undefined;
  const properties = schema['properties'];
  if (properties === undefined) return schema['type'] === 'object' || Object.keys(schema).length === 0 ? [] : undefined;
  if (!isObject(properties)) return undefined;
  const required = requiredOf(schema);
  return Object.entries(properties).map(([name, property]) => ({
    name,
    type: typeOf(property),
    required: required.includes(name),
  }));
}

/** Writes one row back at its place; `undefined` takes it out. */
export function withRow(schema: unknown, index: number, row: SchemaRow | undefined): Json {
  const base: Json = isObject(schema) ? schema : { type: 'object' };
  const properties = isObject(base['properties']) ? base['properties'] : {};
  const entries = Object.entries(properties);
  const before = entries[index];
  let required = requiredOf(base);
  if (before) required = required.filter((name) => name !== before[0]);
  if (row === undefined) {
    entries.splice(index, 1);
  } else {
    const old = isObject(before?.[1]) ? before[1] : {};
    const { enum: _dropped, ...plain } = old;
    const kept = typeOf(old) === row.type ? old : plain;
    const property =
      typeOf(old) === row.type && old['type'] === undefined && old['enum'] !== undefined
        ? kept
        : { ...kept, type: row.type };
    entries[index < entries.length ? index : entries.length] = [row.name, property];
    if (row.required) required.push(row.name);
  }
  const { required: _old, ...rest } = base;
  const next: Json = { ...rest, type: 'object', properties: Object.fromEntries(entries) };
  const order = entries.map(([name]) => name).filter((name) => required.includes(name));
  return order.length > 0 ? { ...next, required: order } : next;
}

export function freshName(rows: readonly { name: string }[], base: string): string {
  const taken = new Set(rows.map((row) => row.name));
  if (!taken.has(base)) return base;
  for (let number = 2; ; number += 1) if (!taken.has(`${base}${number}`)) return `${base}${number}`;
}
