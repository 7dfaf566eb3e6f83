/** What the panel shows for a selected path, and for several steps at once. */
import { Button, MultiSelect, TextInput } from '@mantine/core';
import { ArrowRight, Copy, Layers, Trash2 } from 'lucide-react';
import { errorClasses } from '../../../../shared/run/errors.ts';
import { errorText, stepLabel } from '../../../../shared/workflow/describe.ts';
import type { Edge, WorkflowDocument } from '../../../../shared/workflow/document.ts';
import type { FieldChange } from '../../../../shared/workflow/edits.ts';
import { problemAt, usePanel } from './panel-context.ts';
import { Section } from './section.tsx';
import classes from './panel.module.css';

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const failures = errorClasses
  .filter((name) => name !== 'cancelled')
  .map((value) => ({ value, label: capital(errorText(value)) }));

export interface EdgePanelProps {
  document: WorkflowDocument;
  edge: Edge;
  onChange: (changes: FieldChange[]) => void;
  onRemove: () => void;
}

export function EdgePanel({ document, edge, onChange, onRemove }: EdgePanelProps) {
  const { problems } = usePanel();
  const pointer = `/edges/${document.edges.indexOf(edge)}`;
  const known = new Set<string>(errorClasses);
  const others = (edge.onErrors ?? []).filter((name) => !known.has(name));
  return (
    <>
      <header className={classes.head} data-pointer={pointer}>
        <span className={classes.headIcon}>
          <ArrowRight aria-hidden />
        </span>
        <div className={classes.headText}>
          <h2 className={classes.headTitle}>Path</h2>
          <p className={classes.quiet}>
            From {stepLabel(document, edge.from.step)} to {stepLabel(document, edge.to.step)}
          </p>
        </div>
      </header>
      <Section title={edge.from.port === 'failed' ? 'Fallback' : 'About'}>
        <TextInput
          label="Label"
          placeholder="Shown on the path"
          value={edge.label ?? ''}
          onChange={(event) => onChange([{ pointer: '/label', value: event.currentTarget.value || undefined }])}
        />
        {edge.from.port === 'failed' && (
          <div data-pointer={`${pointer}/onErrors`}>
            <MultiSelect
              label="Taken after"
              description="Nothing chosen: after every failure that is left when retries are used up."
              placeholder={edge.onErrors ? '' : 'any failure'}
              classNames={{ inputField: classes.shortInput ?? '' }}
              data={[...failures, ...others.map((value) => ({ value, label: errorText(value) }))]}
              value={edge.onErrors ?? []}
              error={problemAt(problems, `${pointer}/onErrors`)}
              onChange={(names) => onChange([{ pointer: '/onErrors', value: names.length > 0 ? names : undefined }])}
            />
          </div>
        )}
        <Button
          variant="default"
          className={classes.add ?? ''}
          leftSection={<Trash2 aria-hidden className={classes.smallIcon} />}
          onClick={onRemove}
        >
          Remove this path
        </Button>
      </Section>
    </>
  );
}

export interface ManyPanelProps {
  count: number;
  onDuplicate: () => void;
  onRemove: () => void;
}

export function ManyPanel({ count, onDuplicate, onRemove }: ManyPanelProps) {
  return (
    <>
      <header className={classes.head}>
        <span className={classes.headIcon}>
          <Layers aria-hidden />
        </span>
        <div className={classes.headText}>
          <h2 className={classes.headTitle}>{count} steps</h2>
          <p className={classes.quiet}>R, C and G change a mark of all of them.</p>
        </div>
      </header>
      <Section title="All of them">
        <Button
          variant="default"
          className={classes.add ?? ''}
          leftSection={<Copy aria-hidden className={classes.smallIcon} />}
          onClick={onDuplicate}
        >
          Duplicate
        </Button>
        <Button
          variant="default"
          className={classes.add ?? ''}
          leftSection={<Trash2 aria-hidden className={classes.smallIcon} />}
          onClick={onRemove}
        >
          Delete
        </Button>
      </Section>
    </>
  );
}
