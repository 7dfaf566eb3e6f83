/** What a step does to the world, in the analyst's words, and whether its result is saved before anything goes on. */
import { Select } from '@mantine/core';
import { Flag, Globe } from 'lucide-react';
import { changesTheWorld, effectClasses, effectWords, type EffectClass } from '../../../../shared/steps/effect.ts';
import { effectOf, type StepManifest } from '../../../../shared/steps/manifest.ts';
import type { Step } from '../../../../shared/workflow/document.ts';
import { problemAt, usePanel } from './panel-context.ts';
import { Section } from './section.tsx';
import { patch, withEffect } from './step-edits.ts';

const meaning: Record<EffectClass, string> = {
  pure: 'Touches nothing outside. After a crash it is simply done again.',
  read: 'Looks something up. After a crash it is read again.',
  idempotent: 'Changes another system that recognises a repeated request, so it is retried with the same key.',
  probeable: 'Changes another system that can be asked whether it happened.',
  once: 'Must not happen twice. If nobody can know whether it happened, a person is asked.',
};

export interface EffectSectionProps {
  id: string;
  step: Step;
  manifest: StepManifest | undefined;
  onStep: (next: Step) => void;
}

export function EffectSection({ id, step, manifest, onStep }: EffectSectionProps) {
  const { problems } = usePanel();
  const effect = effectOf(step, manifest);
  const usual = effectOf({ kind: step.kind, config: step.config }, manifest);
  return (
    <Section title="Effect" icon={<Globe aria-hidden />}>
      <div data-pointer={`/steps/${id}/effect`}>
        <Select
          label="What it does to other systems"
          description={meaning[effect]}
          error={problemAt(problems, `/steps/${id}/effect`)}
          data={effectClasses.map((value) => ({
            value,
            label: value === usual ? `${effectWords[value]} (usual here)` : effectWords[value],
          }))}
          value={effect}
          allowDeselect={false}
          onChange={(next) => {
            const chosen = (next ?? usual) as EffectClass;
            onStep(withEffect(step, manifest, chosen === usual ? undefined : chosen));
          }}
        />
      </div>
    </Section>
  );
}

export function CheckpointSection({
  id,
  step,
  manifest,
  onStep,
  onRefused,
}: EffectSectionProps & { onRefused: () => void }) {
  const { problems } = usePanel();
  const forced = changesTheWorld(effectOf(step, manifest));
  const on = step.checkpoint === true;
  const problem = problemAt(problems, `/steps/${id}/checkpoint`);
  const summary = forced
    ? 'Its result is always saved before the next step starts, because it changes another system.'
    : on
      ? 'Its result is saved before the next step starts; a crash does not repeat it.'
      : 'Its result is saved together with what comes next; after a crash it may be done again.';
  return (
    <Section
      title="Checkpoint"
      icon={<Flag aria-hidden />}
      summary={problem ?? summary}
      pointer={`/steps/${id}/checkpoint`}
      on={on}
      onToggle={(next) => {
        if (!next && forced) onRefused();
        else onStep(patch(step, { checkpoint: next ? true : undefined }));
      }}
    />
  );
}
