/** Over the canvas while a run is shown: where it stands and why, what it cost, and where to go from here. */
import { Button } from '@mantine/core';
import { ArrowUpRight, Inbox, PencilLine } from 'lucide-react';
import type { ApiError } from '../../../../shared/api/contract.ts';
import { stepLabel } from '../../../../shared/workflow/describe.ts';
import { formatActor } from '../../../lib/format.ts';
import { hrefOf } from '../../../lib/route.ts';
import type { LiveRun } from '../../../lib/use-run.ts';
import { listNote } from '../../../lib/words.ts';
import { StatusBadge } from '../../../ui/status-badge.tsx';
import { DurationText, MoneyText } from '../../../ui/values.tsx';
import classes from './live-strip.module.css';

export interface LiveStripProps {
  /** Absent until the first answer came. */
  run: LiveRun | undefined;
  error: ApiError | undefined;
  onEdit: () => void;
}

function Facts({ run: { state, document } }: { run: LiveRun }) {
  const task = Object.values(state.tasks).find((candidate) => !candidate.decision && candidate.closedAt === undefined);
  const failed = Object.values(state.steps).find((step) => step.word === 'failed' && step.error);
  return (
    <>
      <StatusBadge word={state.word} note={listNote(state.word, state.reason)} size="large" />
      <span className={classes.facts}>
        <span title="Time since the start">
          <DurationText from={state.startedAt} to={state.endedAt} />
        </span>
        <span title="Cost so far">
          <MoneyText micros={state.costMicros} />
        </span>
      </span>
      {state.end === 'failed' && failed?.error && (
        <span className={classes.note}>
          {stepLabel(document, failed.key)}: {failed.error.message}
        </span>
      )}
      {task && (
        <a className={classes.task} href={hrefOf({ screen: 'inbox', task: task.taskId })}>
          <Inbox aria-hidden className={classes.icon} strokeWidth={1.75} />
          <span title={stepLabel(document, task.step)}>Waits for {formatActor(task.owner)}</span>
          <strong>Open in inbox</strong>
        </a>
      )}
      <span className={classes.gap} />
      <Button
        component="a"
        size="xs"
        variant="subtle"
        href={hrefOf({ screen: 'run', id: state.runId })}
        rightSection={<ArrowUpRight aria-hidden className={classes.icon} />}
      >
        Open run
      </Button>
    </>
  );
}

export function LiveStrip({ run, error, onEdit }: LiveStripProps) {
  return (
    <section className={classes.strip} aria-label="Run">
      {run ? (
        <Facts run={run} />
      ) : (
        <>
          <span className={classes.note} role={error ? 'alert' : 'status'}>
            {error ? `The run goes on, but cannot be shown here. ${error.message}` : 'Starting…'}
          </span>
          <span className={classes.gap} />
        </>
      )}
      <Button
        size="xs"
        variant="default"
        leftSection={<PencilLine aria-hidden className={classes.icon} strokeWidth={1.75} />}
        onClick={onEdit}
      >
        Back to editing
      </Button>
    </section>
  );
}
