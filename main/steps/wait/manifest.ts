/** What the palette, the form and the runtime know of the step that waits. */
import * as z from 'zod';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { describeConfig } from '../config.ts';

export const LONGEST_WAIT_MS = 10 * 366 * 86_400_000;

const form = z.strictObject({
  durationMs: z.int().min(0).max(LONGEST_WAIT_MS).optional().meta({
    title: 'How long',
    control: 'duration',
    help: 'Time from when the run arrives here. The app need not stay open.',
    group: 'Time',
  }),
  until: z.string().max(10_000).optional().meta({
    title: 'Or until',
    control: 'template',
    help: 'A date and time with its time zone, instead of a duration.',
    placeholder: '2026-12-24T08:00:00+01:00',
    group: 'Time',
  }),
  signal: z.string().max(100).optional().meta({
    title: 'Or for a signal',
    control: 'template',
    help: 'Goes on when somebody sends the run a signal of this name; what they send is the output.',
    placeholder: 'documents-complete',
    group: 'Signal',
  }),
  timeoutMs: z.int().min(0).max(LONGEST_WAIT_MS).optional().meta({
    title: 'At most this long',
    control: 'duration',
    help: 'When the signal has not come by then, the path from “timeout” is taken; without one the step fails.',
    group: 'Signal',
  }),
});

export const manifest: StepManifest = {
  kind: 'wait',
  version: 1,
  title: 'Wait',
  summary: 'Waits for a while, until a date or for a signal, even while the app is closed.',
  icon: 'timer',
  group: 'flow',
  ports: { out: true, extra: ['timeout'], extraWith: 'signal' },
  effect: { default: 'pure' },
  permissions: [],
  get config() {
    return describeConfig(form);
  },
  oneOf: ['durationMs', 'until', 'signal'],
  initial: { durationMs: 60_000 },
  line: '{durationMs}{until}{signal}',
};
