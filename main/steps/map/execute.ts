/**
 * Checks the settings of the container that repeats its steps for each item of a list. The runtime itself opens it and
 * runs what is inside; there is nothing to execute here.
 */
import * as z from 'zod';
import { checkConfig } from '../config.ts';
import type { StepKind } from '../kind.ts';
import { manifest } from './manifest.ts';

const resolved = z.strictObject({
  items: z.array(z.unknown(), 'It must be a list'),
  concurrency: z
    .int('It must be a whole number')
    .min(1, 'It must be at least 1')
    .max(1_000, 'It must be at most 1000')
    .optional(),
  result: z.unknown().optional(),
  tolerate: z
    .strictObject(
      {
        count: z.int('The count must be a whole number').min(0, 'The count must not be negative').optional(),
        percent: z
          .number('The percentage must be a number')
          .min(0, 'The percentage must not be negative')
          .max(100, 'The percentage must not be above 100')
          .optional(),
      },
      'It must be a count or a percentage',
    )
    .optional(),
});

const titles = { items: 'For each of', concurrency: 'At a time', tolerate: 'Failures allowed' };

export const mapStep: StepKind = {
  manifest,
  validate: (config) => checkConfig(resolved, config, titles),
  /** Only asked for outside a run: without the steps inside, each item is its own result. */
  async execute(config) {
    return { ok: true, output: resolved.parse(config).items };
  },
};
