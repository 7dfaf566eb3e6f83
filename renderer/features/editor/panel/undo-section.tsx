/** The step that undoes this one, shown so that it can be read; changed as JSON. */
import { Undo2 } from 'lucide-react';
import { changesTheWorld } from '../../../../shared/steps/effect.ts';
import { effectOf, type StepManifest } from '../../../../shared/steps/manifest.ts';
import { compensationSchema, type Step } from '../../../../shared/workflow/document.ts';
import { lineOf } from '../../../ui/canvas/line.ts';
import { JsonField } from './json-field.tsx';
import { problemAt, usePanel } from './panel-context.ts';
import { Section } from './section.tsx';
import { patch } from './step-edits.ts';
import classes from './panel.module.css';

export interface UndoSectionProps {
  id: string;
  step: Step;
  manifest: StepManifest | undefined;
  onStep: (next: Step) => void;
}

export function UndoSection({ id, step, manifest, onStep }: UndoSectionProps) {
  const { problems } = usePanel();
  const pointer = `/steps/${id}/compensate`;
  const undo = step.compensate;
  if (!undo && !changesTheWorld(effectOf(step, manifest))) return null;
  const start = {
    kind: step.kind,
    kindVersion: step.kindVersion,
    label: `Undo: ${step.label ?? manifest?.title ?? id}`,
    config: {},
  };
  return (
    <Section
      title="Undo"
      icon={<Undo2 aria-hidden />}
      summary={
        undo ? 'Kept for a rollback: what takes this step’s effect back.' : 'There is no way back for this step.'
      }
      pointer={pointer}
      on={undo !== undefined}
      onToggle={(on) => onStep(patch(step, { compensate: on ? start : undefined }))}
    >
      {undo && (
        <>
          <div className={classes.card}>
            <strong>{undo.label ?? undo.kind}</strong>
            <span className={classes.quiet}>
              {lineOf({ ...undo, kindVersion: undo.kindVersion }, manifest?.kind === undo.kind ? manifest : undefined)}
            </span>
          </div>
          <JsonField
            label="Details"
            help="May use request, response and output of this step."
            problem={problemAt(problems, pointer)}
            value={undo}
            onChange={(value) => {
              const read = compensationSchema.safeParse(value);
              if (read.success) onStep({ ...step, compensate: read.data });
            }}
          />
        </>
      )}
    </Section>
  );
}
