/**
 * The status of a step on its card during a run: shape, word and colour together, with a countdown where it waits for
 * a time.
 */
import { StatusShape } from '../status-badge.tsx';
import { Countdown } from '../values.tsx';
import type { StatusView } from './status.ts';
import classes from './status-chip.module.css';

export function StatusChip({ status }: { status: StatusView }) {
  return (
    <span
      className={classes.chip}
      data-look={status.look}
      data-provisional={status.provisional || undefined}
      data-noted={status.note === undefined ? undefined : true}
      title={status.reason}
    >
      <StatusShape word={status.look} className={classes.shape} />
      {(status.look !== 'pending' || status.note === undefined) && <span>{status.word}</span>}
      {status.note !== undefined && <span className={classes.times}>{status.note}</span>}
      {status.dueAt !== undefined && <Countdown to={status.dueAt} />}
      {status.attempts > 1 && <span className={classes.times}>× {status.attempts}</span>}
    </span>
  );
}
