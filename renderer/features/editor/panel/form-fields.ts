/**
 * From the JSON Schema in a manifest to the list of fields a form draws. Knows the closed set of controls and JSON
 * Schema's plain vocabulary; never a step kind.
 */
import { controls, type Control } from '../../../../shared/steps/manifest.ts';
import { formatFieldName } from '../../../lib/format.ts';

export interface Choice {
  value: string;
  label: string;
}

export interface FormField {
  name: string;
  title: string;
  control: Control;
  help: string | undefined;
  group: string | undefined;
  placeholder: string | undefined;
  choices: Choice[];
  required: boolean;
  minimum: number | undefined;
  maximum: number | undefined;
  fallback: unknown;
}

export interface FieldGroup {
  /** `undefined` is the main group, drawn without a heading. */
  title: string | undefined;
  fields: FormField[];
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function controlOf(schema: Json): Control {
  const given = schema['control'];
  if (typeof given === 'string' && (controls as readonly string[]).includes(given)) return given as Control;
  if (Array.isArray(schema['enum']) || Array.isArray(schema['choices'])) return 'choice';
  switch (schema['type']) {
    case 'boolean':
      return 'toggle';
    case 'number':
    case 'integer':
      return 'number';
    case 'string':
      return 'text';
    default:
      return 'json';
  }
}

function choicesOf(schema: Json): Choice[] {
  const given = schema['choices'];
  if (Array.isArray(given)) {
    return given.flatMap((entry: unknown) => {
      if (typeof entry === 'string') return [{ value: entry, label: entry }];
      if (!isObject(entry) || typeof entry['value'] !== 'string') return [];
      return [{ value: entry['value'], label: text(entry['label']) ?? entry['value'] }];
    });
  }
  if (isObject(given)) return Object.entries(given).map(([value, label]) => ({ value, label: text(label) ?? value }));
  const values = schema['enum'];
  return Array.isArray(values)
    ? values.filter((value): value is string => typeof value === 'string').map((value) => ({ value, label: value }))
    : [];
}

export function fieldsOf(schema: Record<string, unknown>): FormField[] {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).flatMap(([name, property]): FormField[] => {
    if (!isObject(property)) return [];
    return [
      {
        name,
        title: text(property['title']) ?? formatFieldName(name),
        control: controlOf(property),
        help: text(property['help']) ?? text(property['description']),
        group: text(property['group']),
        placeholder: text(property['placeholder']),
        choices: choicesOf(property),
        required: required.includes(name) && property['default'] === undefined,
        minimum: number(property['minimum']),
        maximum: number(property['maximum']),
        fallback: property['default'],
      },
    ];
  });
}

/** Groups in the order in which they first appear; fields without a group come first. */
export function groupFields(fields: FormField[]): FieldGroup[] {
  const groups: FieldGroup[] = [{ title: undefined, fields: [] }];
  for (const field of fields) {
    const found = groups.find((group) => group.title === field.group);
    if (found) found.fields.push(field);
    else groups.push({ title: field.group, fields: [field] });
  }
  return groups.filter((group) => group.fields.length > 0);
}
