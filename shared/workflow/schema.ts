/**
 * The published JSON Schema of the graph document, generated from the one zod schema. `.config/write-schema.mjs`
 * writes it to resources/workflow.schema.json; a test keeps the file equal to this.
 */
import * as z from 'zod';
import { documentSchema } from './document.ts';

export function workflowJsonSchema(): Record<string, unknown> {
  // What a person may write: fields with defaults may be left out.
  const { $schema, ...rest } = z.toJSONSchema(documentSchema, { target: 'draft-2020-12', io: 'input' });
  return {
    $schema,
    $id: 'urn:holdfast:workflow:1',
    title: 'Holdfast workflow, format version 1',
    description: 'A graph of AI-agent and business steps, with what is retried, checkpointed and reviewed.',
    ...rest,
  };
}
