/**
 * The three marks of a step – retryable, checkpointed, review-gated – as words for people.
 * Derived from the data only; changing a mark is an edit and lives in the editor.
 */
import { changesTheWorld } from '../../../shared/steps/effect.ts';
import { effectOf, type StepManifest } from '../../../shared/steps/manifest.ts';
import type { Step } from '../../../shared/workflow/document.ts';
import { isGated } from '../../../shared/workflow/ports.ts';
import { gateText, retryText } from '../../../shared/workflow/describe.ts';

export const marks = ['retry', 'checkpoint', 'review'] as const;
export type Mark = (typeof marks)[number];

export interface MarkView {
  mark: Mark;
  on: boolean;
  /** Cannot be taken off: a step that changes another system is saved before anything after it starts. */
  forced: boolean;
  /** One sentence: what the mark means for this step now. */
  hint: string;
}

export const markWords: Record<Mark, string> = {
  retry: 'Retryable',
  checkpoint: 'Checkpointed',
  review: 'Review-gated',
};

export const markKeys: Record<Mark, string> = { retry: 'R', checkpoint: 'C', review: 'G' };

export function marksOf(step: Step, manifest: StepManifest | undefined): MarkView[] {
  const forced = changesTheWorld(effectOf(step, manifest));
  const checkpointed = step.checkpoint === true;
  const gated = isGated(step);
  const gates = [step.gates?.before, step.gates?.after].filter((gate) => gate !== undefined);
  return [
    {
      mark: 'retry',
      on: step.retry !== undefined,
      forced: false,
      hint: step.retry ? retryText(step.retry) : 'A technical failure is not tried again',
    },
    {
      mark: 'checkpoint',
      on: checkpointed,
      forced,
      hint: forced
        ? 'Always saved before the next step, because it changes another system'
        : checkpointed
          ? 'Saved before the next step starts; a crash does not repeat it'
          : 'Not saved by itself; a crash may run it again',
    },
    {
      mark: 'review',
      on: gated,
      forced: false,
      hint: gates.length > 0 ? gates.map(gateText).join('; ') : 'Asks nobody',
    },
  ];
}
