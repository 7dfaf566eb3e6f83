import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { workflowJsonSchema } from './schema.ts';

describe('the published JSON Schema', () => {
  it('is the one in resources (run `node .config/write-schema.mjs` after changing the format)', () => {
    const file = path.resolve(import.meta.dirname, '../../resources/workflow.schema.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(workflowJsonSchema());
  });

  it('names its draft and itself, refuses unknown fields and lets defaults be left out', () => {
    const schema = workflowJsonSchema();
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:holdfast:workflow:1',
      additionalProperties: false,
      required: ['formatVersion', 'id', 'name', 'steps'],
    });
  });
});
