/**
 * Says until when a run sleeps. The runtime keeps the time; this step must never hold a timer of its own.
 */
import * as z from 'zod';
import { checkConfig } from '../config.ts';
import type { StepKind } from '../kind.ts';
import { LONGEST_WAIT_MS, manifest } from './manifest.ts';

const resolved = z.strictObject({
  durationMs: z
    .int('It must be a whole number of milliseconds')
    .min(0, 'It must not be negative')
    .max(LONGEST_WAIT_MS, 'It must not be longer than ten years')
    .optional(),
  until: z
    .string('It must be a date and time such as 2026-12-24T08:00:00Z')
    .refine((text) => instantOf(text) !== undefined, {
      error: 'It must be a date and time with its time zone, such as 2026-12-24T08:00:00Z',
    })
    .optional(),
});

export const waitStep: StepKind = {
  manifest,

  validate(config) {
    const problem = checkConfig(resolved, config, { durationMs: 'How long', until: 'Or until' });
    if (problem) return problem;
    const hasDuration = config['durationMs'] !== undefined;
    const hasUntil = config['until'] !== undefined;
    if (hasDuration && hasUntil) return { message: 'Give a duration or a date, not both.', pointer: '/until' };
    if (!hasDuration && !hasUntil) return { message: 'Give a duration or a date.', pointer: '/durationMs' };
    return undefined;
  },

  async execute(config, ctx) {
    const { durationMs, until } = resolved.parse(config);
    const dueAt = (until === undefined ? undefined : instantOf(until)) ?? ctx.now() + (durationMs ?? 0);
    return { suspend: true, dueAt, output: { until: new Date(dueAt).toISOString() } };
  },
};

/** Epoch milliseconds. Without a time zone the same text would mean another moment on another machine. */
function instantOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/i.test(trimmed))
    return undefined;
  const at = Date.parse(trimmed);
  return Number.isNaN(at) ? undefined : at;
}
