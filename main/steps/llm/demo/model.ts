// The Demo model: answers like a careful junior clerk, offline, for free and always the same. It reads the facts of the
// prompt, is unsure when they are, and fills the asked-for schema. Pure: no clock, no randomness, no network, no state.

import { readFacts } from './facts.ts';
import { fill } from './fill.ts';
import type { JsonSchemaLike } from './fill.ts';
import { judge } from './judgement.ts';

export type { JsonSchemaLike } from './fill.ts';

export interface DemoRequest {
  prompt: string;
  system?: string;
  /** JSON Schema of the answer; without it the answer is a paragraph. */
  outputSchema?: JsonSchemaLike;
  /** Changes the wording only, never the facts. */
  seed?: string;
}

export interface DemoCompletion {
  /** The answer as a model would send it: JSON text when a schema was given. */
  text: string;
  output: unknown;
  usage: { inputTokens: number; outputTokens: number };
  model: 'demo-1';
}

const CHARACTERS_PER_TOKEN = 4;

export function completeDemo(request: DemoRequest): DemoCompletion {
  const { prompt, system = '', outputSchema, seed = '' } = request;
  const schemaText = outputSchema === undefined ? '' : JSON.stringify(outputSchema);
  const variant = hash(`${seed}\n${system}\n${prompt}`);
  const facts = readFacts(prompt);
  const judgement = judge(prompt, facts, variant);
  const output =
    outputSchema === undefined ? judgement.reason : fill(outputSchema, 'answer', { facts, judgement, prompt, variant });
  const text = typeof output === 'string' ? output : JSON.stringify(output);
  return {
    text,
    output,
    usage: {
      inputTokens: countTokens(system.length + prompt.length + schemaText.length),
      outputTokens: countTokens(text.length),
    },
    model: 'demo-1',
  };
}

function countTokens(characters: number): number {
  return Math.max(1, Math.ceil(characters / CHARACTERS_PER_TOKEN));
}

/** FNV-1a, 32 bits: small, stable and the same on every machine. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
