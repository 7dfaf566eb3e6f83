/** What the palette, the form and the runtime know of the step that asks a language model. */
import * as z from 'zod';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { describeConfig } from '../config.ts';

const form = z.strictObject({
  connection: z.enum(['demo']).meta({
    title: 'Model',
    control: 'connection',
    choices: [{ value: 'demo', label: 'Demo model (offline, always the same answer)' }],
    help: 'Which model answers. The Demo model works without an account and sends nothing anywhere.',
    group: 'Question',
  }),
  prompt: z.string().min(1).max(100_000).meta({
    title: 'Question',
    control: 'template',
    help: 'What the model is asked, with values of earlier steps between {{ and }}.',
    placeholder: 'Should this refund be paid? Order: {{ $steps.read.output }}',
    group: 'Question',
  }),
  system: z.string().max(100_000).optional().meta({
    title: 'Role and rules',
    control: 'multiline',
    help: 'How the model should work, for every question alike.',
    placeholder: 'You check refunds. Be careful with amounts above 100.',
    group: 'Question',
  }),
  output: z.record(z.string(), z.unknown()).optional().meta({
    title: 'Shape of the answer',
    control: 'schema',
    help: 'The fields the answer must have. An answer of another shape does not count. Without it the answer is text.',
    group: 'Answer',
  }),
});

export const manifest: StepManifest = {
  kind: 'llm',
  version: 1,
  title: 'Ask a model',
  summary: 'Asks a language model and checks that the answer has the shape you need.',
  icon: 'sparkles',
  group: 'ai',
  ports: { out: true },
  effect: { default: 'read' },
  permissions: ['model'],
  expensive: true,
  get config() {
    return describeConfig(form);
  },
  initial: {
    connection: 'demo',
    prompt: '',
    output: {
      type: 'object',
      properties: { answer: { type: 'string' }, confidence: { type: 'number', minimum: 0, maximum: 1 } },
      required: ['answer', 'confidence'],
    },
  },
  line: '{prompt}',
};
