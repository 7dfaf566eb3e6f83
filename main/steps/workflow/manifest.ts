/** What the palette, the form and the runtime know of the step that runs another workflow. */
import * as z from 'zod';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { describeConfig } from '../config.ts';

const form = z.strictObject({
  ref: z
    .strictObject({
      id: z.string().min(1).max(64),
      digest: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'It must be the 64 characters of a version')
        .optional(),
    })
    .meta({
      title: 'Workflow',
      control: 'json',
      help: 'Which workflow: { "id": "wf_…" }. Without a version, the one that is stored when the run starts.',
      group: 'Workflow',
    }),
  input: z.unknown().optional().meta({
    title: 'Input',
    control: 'json',
    help: 'What the workflow is started with.',
    group: 'Workflow',
  }),
});

export const manifest: StepManifest = {
  kind: 'workflow',
  version: 1,
  title: 'Workflow',
  summary: 'Runs another workflow and goes on with its result.',
  icon: 'workflow',
  group: 'flow',
  ports: { out: true },
  effect: { default: 'idempotent' },
  permissions: [],
  config: describeConfig(form),
  initial: { ref: { id: 'wf_other' }, input: {} },
  line: '{ref}',
};
