/** What the palette, the form and the runtime know of the step that chooses where a run goes on. */
import * as z from 'zod';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { stepIdPattern } from '../../../shared/workflow/document.ts';
import { describeConfig, wholeTemplate } from '../config.ts';

const rule = z.strictObject({
  port: z
    .string()
    .regex(stepIdPattern, 'It starts with a small letter and has only letters, digits and _')
    .max(64)
    .meta({
      title: 'Exit',
      control: 'text',
      help: 'Name of the exit, used by the line that leaves here.',
    }),
  label: z.string().max(10_000).optional().meta({
    title: 'Label',
    control: 'text',
    help: 'What people read at the exit.',
    placeholder: 'Large amount',
  }),
  when: wholeTemplate.meta({
    title: 'When',
    control: 'expression',
    help: 'Must give true or false.',
    placeholder: '{{ input.amount > 100 }}',
  }),
});

const form = z.strictObject({
  rules: z.array(rule).min(1).max(50).meta({
    title: 'Rules',
    control: 'rules',
    help: 'Read from top to bottom: the first that holds decides. When none holds, the run leaves at "otherwise".',
    group: 'Rules',
  }),
});

export const manifest: StepManifest = {
  kind: 'branch',
  version: 1,
  title: 'Choose a path',
  summary: 'Goes on at the first rule that holds, otherwise at "otherwise".',
  icon: 'split',
  group: 'flow',
  ports: { out: false, byRules: 'rules', extra: ['otherwise'] },
  effect: { default: 'pure' },
  permissions: [],
  get config() {
    return describeConfig(form);
  },
  initial: { rules: [{ port: 'yes', label: 'Yes', when: '{{ input.amount > 100 }}' }] },
  line: 'First rule that holds',
};
