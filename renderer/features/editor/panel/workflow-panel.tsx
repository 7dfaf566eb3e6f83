/** The properties of the whole workflow, shown while no step is selected. */
import { Select, Textarea } from '@mantine/core';
import { Workflow } from 'lucide-react';
import { changesTheWorld } from '../../../../shared/steps/effect.ts';
import { effectOf } from '../../../../shared/steps/manifest.ts';
import type { WorkflowDocument } from '../../../../shared/workflow/document.ts';
import { onFailureOf } from '../../../../shared/workflow/on-failure.ts';
import { useEditor } from '../store.ts';
import { problemAt, usePanel } from './panel-context.ts';
import { OwnerField } from './review-section.tsx';
import { SchemaField } from './schema-field.tsx';
import { Section } from './section.tsx';
import { patch } from './step-edits.ts';
import classes from './panel.module.css';

type HeaderFields = Pick<WorkflowDocument, 'description' | 'owner' | 'inputs' | 'settings'>;
/** Fields to change; `undefined` takes one out. */
export type HeaderChange = { [K in keyof HeaderFields]?: HeaderFields[K] | undefined };

const failureChoices = [
  { value: 'pause', label: 'Pause and ask the owner' },
  { value: 'fail', label: 'End the run as failed' },
];

export function WorkflowPanel({
  document,
  onHeader,
}: {
  document: WorkflowDocument;
  onHeader: (change: HeaderChange) => void;
}) {
  const { problems } = usePanel();
  const { settings } = document;
  const byKind = useEditor((state) => state.byKind);
  const changesSomething = Object.values(document.steps).some((step) =>
    changesTheWorld(effectOf(step, byKind.get(step.kind))),
  );
  const onFailure = onFailureOf(document, changesSomething);
  return (
    <>
      <header className={classes.head}>
        <span className={classes.headIcon}>
          <Workflow aria-hidden />
        </span>
        <div className={classes.headText}>
          <h2 className={classes.headTitle}>Workflow</h2>
          <p className={classes.quiet}>Select a step to see what it does.</p>
        </div>
      </header>
      <Section title="About">
        <Textarea
          label="Description"
          placeholder="What it decides or does, in a sentence"
          autosize
          minRows={2}
          value={document.description ?? ''}
          onChange={(event) => onHeader({ description: event.currentTarget.value || undefined })}
        />
        <div data-pointer="/owner">
          <OwnerField
            label="Owner"
            help="Asked when no rule says who."
            value={document.owner ?? ''}
            problem={problemAt(problems, '/owner')}
            onChange={(owner) => onHeader({ owner })}
          />
        </div>
      </Section>
      <Section title="Input">
        <div data-pointer="/inputs">
          <SchemaField
            label="What a run is started with"
            help="The switch makes a field required."
            value={document.inputs}
            problem={problemAt(problems, '/inputs')}
            onChange={(inputs) => onHeader({ inputs: inputs as Record<string, unknown> | undefined })}
          />
        </div>
      </Section>
      <Section title="When a step fails">
        <div data-pointer="/settings/onFailure">
          <Select
            label="And no path or rule handles it"
            data={
              onFailure === 'rollback' ? [...failureChoices, { value: 'rollback', label: 'Roll back' }] : failureChoices
            }
            value={onFailure}
            allowDeselect={false}
            error={problemAt(problems, '/settings/onFailure')}
            onChange={(next) => {
              if (next === 'pause' || next === 'fail')
                onHeader({ settings: patch(settings ?? {}, { onFailure: next }) });
            }}
          />
        </div>
      </Section>
    </>
  );
}
