/**
 * Can the workflow's input schema be used, and do its own defaults fit it? A run fills the defaults and checks the
 * input against this schema, so what is wrong here would refuse every run.
 */
import * as z from 'zod';
import { report, type CheckContext } from './context.ts';

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

function schemaOf(schema: unknown): z.ZodType | undefined {
  try {
    return z.fromJSONSchema(schema as JsonSchema, { registry: z.registry() });
  } catch {
    return undefined;
  }
}

export function checkInputs(context: CheckContext): void {
  const { inputs } = context.document;
  if (!inputs) return;
  if (!schemaOf(inputs)) {
    report(context, {
      code: 'invalid_inputs',
      message: 'What a run is given is not described by a JSON Schema that can be used.',
      path: ['inputs'],
      fix: 'Describe each input with a type such as string, number, boolean, object or array.',
    });
    return;
  }
  const { properties } = inputs;
  if (typeof properties !== 'object' || properties === null) return;
  for (const [name, property] of Object.entries(properties)) {
    if (typeof property !== 'object' || property === null || !Object.hasOwn(property, 'default')) continue;
    const { default: value } = property as { default: unknown };
    if (schemaOf(property)?.safeParse(value).success) continue;
    report(context, {
      code: 'invalid_default',
      message: `The default of the input "${name}" does not fit its own description.`,
      path: ['inputs', 'properties', name, 'default'],
      fix: 'Change the default or the description.',
    });
  }
}
