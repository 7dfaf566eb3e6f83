/**
 * The properties of one step: what it does (drawn from its manifest), when it is done, and its marks. Every change goes
 * out as a whole new step with a name for the undo list; nothing is kept here.
 */
import { TextInput, Textarea } from '@mantine/core';
import type { StepManifest } from '../../../../shared/steps/manifest.ts';
import type { Step } from '../../../../shared/workflow/document.ts';
import { expressionText } from '../../../../shared/workflow/template.ts';
import { KindIcon } from '../../../ui/canvas/kind-icon.tsx';
import { Control } from './control.tsx';
import { CheckpointSection, EffectSection } from './effect-section.tsx';
import { ExpressionField } from './expression-field.tsx';
import { wrapExpression } from './expression-text.ts';
import { fieldsOf, groupFields } from './form-fields.ts';
import { problemAt, usePanel } from './panel-context.ts';
import { RetrySection } from './retry-section.tsx';
import { ReviewSection } from './review-section.tsx';
import { PathsSection, type PathRow } from './paths-section.tsx';
import { Section } from './section.tsx';
import { patch, withConfig } from './step-edits.ts';
import { UndoSection } from './undo-section.tsx';
import classes from './panel.module.css';

export interface StepPanelProps {
  id: string;
  step: Step;
  manifest: StepManifest | undefined;
  /** Whom a fresh review asks. */
  owner: string;
  paths: PathRow[];
  onStep: (next: Step) => void;
  onTargets: (port: string, targets: string[]) => void;
  onRefused: () => void;
}

export function StepPanel({ id, step, manifest, owner, paths, onStep, onTargets, onRefused }: StepPanelProps) {
  const { problems } = usePanel();
  const groups = manifest ? groupFields(fieldsOf(manifest.config)) : [];
  const shared = { id, step, manifest, onStep };
  return (
    <>
      <header className={classes.head} data-pointer={`/steps/${id}`}>
        <span className={classes.headIcon}>
          <KindIcon name={manifest?.icon} />
        </span>
        <div className={classes.headText}>
          <h2 className={classes.headTitle}>{manifest?.title ?? step.kind}</h2>
          <p className={classes.quiet}>
            {manifest?.summary ?? 'This version does not know this kind of step; it is kept as it is.'}
          </p>
        </div>
      </header>
      <Section title="What it does">
        <div data-pointer={`/steps/${id}/label`}>
          <TextInput
            label="Label"
            placeholder={manifest?.title ?? id}
            value={step.label ?? ''}
            error={problemAt(problems, `/steps/${id}/label`)}
            onChange={(event) => onStep(patch(step, { label: event.currentTarget.value || undefined }))}
          />
        </div>
        {groups.map((group) => (
          <div key={group.title ?? ''} className={classes.fields}>
            {group.title !== undefined && group.fields.some((field) => field.title !== group.title) && (
              <h4 className={classes.groupTitle}>{group.title}</h4>
            )}
            {group.fields.map((field) => (
              <Control
                key={field.name}
                field={field}
                pointer={`/steps/${id}/config/${field.name}`}
                value={step.config[field.name]}
                problem={problemAt(problems, `/steps/${id}/config/${field.name}`)}
                onChange={(value) => onStep(withConfig(step, manifest, field.name, value))}
              />
            ))}
          </div>
        ))}
        <div data-pointer={`/steps/${id}/doneWhen`}>
          <ExpressionField
            label="Done when"
            help="Checked before the result counts. If it does not hold, the result is not accepted."
            placeholder="output.amount >= 0"
            value={step.doneWhen === undefined ? '' : expressionText(step.doneWhen)}
            problem={problemAt(problems, `/steps/${id}/doneWhen`)}
            onChange={(text) => onStep(patch(step, { doneWhen: wrapExpression(text, false) }))}
          />
        </div>
        <Textarea
          label="Note"
          placeholder="What the next person should know"
          autosize
          minRows={1}
          value={step.description ?? ''}
          onChange={(event) => onStep(patch(step, { description: event.currentTarget.value || undefined }))}
        />
      </Section>
      <RetrySection {...shared} />
      <ReviewSection {...shared} owner={owner} />
      <CheckpointSection {...shared} onRefused={onRefused} />
      <EffectSection {...shared} />
      <UndoSection {...shared} />
      <PathsSection id={id} rows={paths} onTargets={onTargets} />
    </>
  );
}
