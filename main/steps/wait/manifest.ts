/** What the palette, the form and the runtime know of the step that lets time pass. */
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
});

export const manifest: StepManifest = {
  kind: 'wait',
  version: 1,
  title: 'Wait',
  summary: 'Lets time pass, for a while or until a date, even while the app is closed.',
  icon: 'timer',
  group: 'flow',
  ports: { out: true },
  effect: { default: 'pure' },
  permissions: [],
  config: describeConfig(form),
  initial: { durationMs: 60_000 },
  line: '{durationMs}{until}',
};
