/** Over the canvas while a run is shown: where it stands and why, what it cost, and where to go from here. */
import { Button } from '@mantine/core';
import { ArrowUpRight, Inbox, PencilLine } from 'lucide-react';
import type { RunState } from '../../../../shared/run/state.ts';
import { stepLabel } from '../../../../shared/workflow/describe.ts';
import type { WorkflowDocument } from '../../../../shared/workflow/document.ts';
import { formatActor } from '../../../lib/format.ts';
import { hrefOf } from '../../../lib/route.ts';
import { listNote } from '../../../lib/words.ts';
import { StatusBadge } from '../../../ui/status-badge.tsx';
import { DurationText, MoneyText } from '../../../ui/values.tsx';
import classes from './live-strip.module.css';

export interface LiveStripProps {
  state: RunState;
  document: WorkflowDocument;
  onEdit: () => void;
}

export function LiveStrip({ state, document, onEdit }: LiveStripProps) {
  const task = Object.values(state.tasks).find((candidate) => !candidate.decision && candidate.closedAt === undefined);
  const failed = Object.values(state.steps).find((step) => step.word === 'failed' && step.error);
  const note = state.end === 'failed' && failed ? `${stepLabel(document, failed.key)}: ${failed.error?.message ?? ''}` : undefined;
  return (
    <section className={classes.strip} aria-label="Run">
      <StatusBadge word={state.word} note={listNote(state.word, state.reason)} size="large" />
      <span className={classes.facts}>
        <span title="Time since the start">
          <DurationText from={state.startedAt} to={state.endedAt} />
        </span>
        <span title="Cost so far">
          <MoneyText micros={state.costMicros} />
        </span>
      </span>
      {note !== undefined && <span className={classes.note}>{note}</span>}
      {task && (
        <a className={classes.task} href={hrefOf({ screen: 'inbox', task: task.taskId })}>
          <Inbox aria-hidden className={classes.icon} strokeWidth={1.75} />
          <span>
            Waits for {formatActor(task.owner)} at {stepLabel(document, task.step)}
          </span>
          <strong>Open in inbox</strong>
        </a>
      )}
      <span className={classes.gap} />
      <Button component="a" variant="subtle" href={hrefOf({ screen: 'run', id: state.runId })} rightSection={<ArrowUpRight aria-hidden className={classes.icon} />}>
        Open run
      </Button>
      <Button variant="default" leftSection={<PencilLine aria-hidden className={classes.icon} strokeWidth={1.75} />} onClick={onEdit}>
        Back to editing
      </Button>
    </section>
  );
}
