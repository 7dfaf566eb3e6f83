/**
 * The input of a run: defaults of the workflow's input schema filled in, then checked against it. What is wrong is one
 * sentence with its place. Must never change a value that was given.
 */
import * as z from 'zod';
import { ApiError } from '../../shared/api/contract.ts';
import { issueProblems } from '../../shared/workflow/issues.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';

export function runInput(document: WorkflowDocument, given: unknown): unknown {
  const schema = document.inputs;
  if (!schema) return given === undefined ? {} : given;
  const filled = withDefaults(schema, given === undefined ? (schema['default'] ?? {}) : given);
  const check = schemaOf(schema);
  const parsed = check.safeParse(filled);
  if (parsed.success) return filled;
  const problem = issueProblems(parsed.error.issues, filled, [], (at) =>
    at.length === 0 ? { whole: 'The input' } : undefined,
  )[0];
  const place = problem?.pointer ?? '';
  const what = problem?.message ?? 'It does not fit the workflow.';
  throw new ApiError(
    'bad_input',
    `The input does not fit "${document.name}": ${what}${problem?.fix ? ` ${problem.fix}` : ''}`,
    `/input${place}`,
  );
}

function schemaOf(schema: Record<string, unknown>): z.ZodType {
  try {
    return z.fromJSONSchema(schema);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError('refused', `The input schema of this workflow cannot be used: ${why}.`, '/inputs');
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fills `default`s of missing properties, nested objects included. */
function withDefaults(schema: Record<string, unknown>, value: unknown): unknown {
  const properties = schema['properties'];
  if (!isRecord(properties) || !isRecord(value)) return value;
  const filled: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    if (!isRecord(property)) continue;
    if (Object.hasOwn(filled, name)) filled[name] = withDefaults(property, filled[name]);
    else if (Object.hasOwn(property, 'default')) filled[name] = property['default'];
  }
  return filled;
}
