/**
 * Says until when, or for what, a run waits. The runtime keeps the time and the signals; this step must never hold a timer of its own.
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
  signal: z
    .string('It must be a text')
    .regex(/\S/, 'The name is empty')
    .max(100, 'It must not be longer than 100 characters')
    .optional(),
  timeoutMs: z
    .int('It must be a whole number of milliseconds')
    .min(0, 'It must not be negative')
    .max(LONGEST_WAIT_MS, 'It must not be longer than ten years')
    .optional(),
});

const titles = {
  durationMs: 'How long',
  until: 'Or until',
  signal: 'Or for a signal',
  timeoutMs: 'At most this long',
};

export const waitStep: StepKind = {
  manifest,

  validate(config) {
    const problem = checkConfig(resolved, config, titles);
    if (problem) return problem;
    const [first, second] = ['durationMs', 'until', 'signal'].filter((field) => config[field] !== undefined);
    if (first === undefined) return { message: 'Give a duration, a date or a signal.', pointer: '/durationMs' };
    if (second !== undefined)
      return { message: 'Give a duration, a date or a signal, only one of them.', pointer: `/${second}` };
    if (config['timeoutMs'] !== undefined && first !== 'signal')
      return { message: 'At most this long: It is for waiting for a signal; remove it.', pointer: '/timeoutMs' };
    return undefined;
  },

  async execute(config, ctx) {
    const { durationMs, until, signal, timeoutMs } = resolved.parse(config);
    if (signal !== undefined)
      return { suspend: true, signal, ...(timeoutMs === undefined ? {} : { dueAt: ctx.now() + timeoutMs }) };
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
