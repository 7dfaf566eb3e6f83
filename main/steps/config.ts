/**
 * What all step kinds share about their settings: how fields are described, and how a resolved config is checked with
 * one plain sentence. Must never know a particular kind.
 */
import * as z from 'zod';
import { pointerOf } from '../../shared/workflow/pointer.ts';

export interface ConfigProblem {
  message: string;
  pointer: string;
}

/** A field that is exactly one `{{ … }}`, for conditions: a text without braces would never be evaluated. */
export const wholeTemplate = z
  .string()
  .regex(/^\s*\{\{[\s\S]+\}\}\s*$/, 'An expression is written {{ … }}')
  .max(100_000);

/**
 * JSON Schema (draft 2020-12) of a config as its step needs it, with the `.meta()` of every field. A check takes a text
 * with a template in it for the value it will become, so no field has to allow templates beside its own type.
 */
export function describeConfig(schema: z.ZodType): Record<string, unknown> {
  const known = described.get(schema);
  if (known) return known;
  const found = z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>;
  described.set(schema, found);
  return found;
}

/** Made when it is first asked for: most commands never look at most kinds. */
const described = new WeakMap<z.ZodType, Record<string, unknown>>();

/** The first thing wrong with a resolved config, in words; `titles` are the field names an analyst knows. */
export function checkConfig(
  schema: z.ZodType,
  config: Record<string, unknown>,
  titles: Record<string, string>,
): ConfigProblem | undefined {
  const parsed = schema.safeParse(config);
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  if (!issue) return undefined;
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    const [name = ''] = issue.keys;
    return { message: `There is no setting "${name}".`, pointer: pointerOf([...path, name]) };
  }
  const field = titles[String(path[0])] ?? String(path[0] ?? 'The settings');
  return { message: `${field}: ${issue.message}.`, pointer: pointerOf(path) };
}
