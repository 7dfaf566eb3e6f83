/** What the palette, the form and the runtime know of the container that repeats its steps for each item of a list. */
import * as z from 'zod';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { describeConfig, wholeTemplate } from '../config.ts';

const form = z.strictObject({
  items: z.union([wholeTemplate, z.array(z.unknown())]).meta({
    title: 'For each of',
    control: 'expression',
    help: 'A list. Inside, $item is the item and $index its place, counted from 0.',
    placeholder: '{{ $steps.read.output.orders }}',
    group: 'Items',
  }),
  concurrency: z.int().min(1).max(1_000).optional().meta({
    title: 'At a time',
    control: 'number',
    help: 'How many items are worked on at the same time. One after the other when it is empty.',
    group: 'Items',
  }),
  result: z.unknown().optional().meta({
    title: 'Result of an item',
    control: 'expression',
    help: 'What the list of results has for each item. What its last steps gave, when it is empty.',
    placeholder: '{{ $steps.send.output.id }}',
    group: 'Items',
  }),
  tolerate: z
    .strictObject({
      count: z.int().min(0).max(1_000_000).optional(),
      percent: z.number().min(0).max(100).optional(),
    })
    .optional()
    .meta({
      title: 'Failures allowed',
      control: 'json',
      help: 'How many items may fail before the step itself fails, as a count or a percentage of all items.',
      placeholder: '{ "count": 3 }',
      group: 'Failures',
    }),
});

export const manifest: StepManifest = {
  kind: 'map',
  version: 1,
  title: 'For each item',
  summary: 'Runs the steps inside it once for each item of a list, and gives the list of their results.',
  icon: 'repeat',
  group: 'flow',
  ports: { out: true },
  effect: { default: 'pure' },
  permissions: [],
  config: describeConfig(form),
  initial: { items: '{{ input.items }}', concurrency: 5 },
  line: '{items}',
};
