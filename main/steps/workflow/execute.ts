/**
 * The step that runs another workflow, as far as it is a step: its settings and what it announces. The runtime starts
 * the run and waits for it; nothing is ever executed here.
 */
import * as z from 'zod';
import { refOf } from '../../../shared/workflow/children.ts';
import { checkConfig } from '../config.ts';
import type { StepKind } from '../kind.ts';
import { manifest } from './manifest.ts';

const resolved = z.strictObject({
  ref: z.strictObject(
    {
      id: z.string('It must name a workflow by its id').min(1, 'It must name a workflow by its id'),
      digest: z.string('It must be a text').optional(),
    },
    'It must name a workflow by its id',
  ),
  input: z.unknown().optional(),
});

export const workflowStep: StepKind = {
  manifest,
  byEngine: true,
  validate: (config) => checkConfig(resolved, config, { ref: 'Workflow', input: 'Input' }),
  plan(config) {
    const { input } = config;
    return { target: `workflow ${refOf({ config }).id}`, request: input === undefined ? {} : { input } };
  },
  async execute() {
    const message = 'A workflow inside a workflow is run by the engine, not as a step.';
    return { ok: false, error: { class: 'code', code: 'workflow', message }, sent: false };
  },
};
