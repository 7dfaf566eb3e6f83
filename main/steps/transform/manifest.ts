/** What the palette, the form and the runtime know of the step that makes a value out of earlier ones. */
import * as z from 'zod';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { describeConfig } from '../config.ts';

const form = z.strictObject({
  value: z.unknown().meta({
    title: 'Result',
    control: 'json',
    help: 'What this step hands on: any data, with values of earlier steps between {{ and }}.',
    placeholder: '{ "total": "{{ $sum(input.lines.price) }}" }',
    group: 'Result',
  }),
});

export const manifest: StepManifest = {
  kind: 'transform',
  version: 1,
  title: 'Make a value',
  summary: 'Calculates or rearranges data of earlier steps.',
  icon: 'braces',
  group: 'data',
  ports: { out: true },
  effect: { default: 'pure' },
  permissions: [],
  get config() {
    return describeConfig(form);
  },
  initial: { value: {} },
  line: '{value}',
};
