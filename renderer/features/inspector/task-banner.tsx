/** Says that the run waits for a person, for whom and since when, and leads to the item in the inbox. */
import { Button } from '@mantine/core';
import { UserCheck } from 'lucide-react';
import type { TaskState } from '../../../shared/run/state.ts';
import { formatActor } from '../../lib/format.ts';
import { hrefOf } from '../../lib/route.ts';
import { questionOf } from '../../lib/words.ts';
import { DueText, TimeText } from '../../ui/values.tsx';
import classes from './inspector.module.css';

export function TaskBanner({ task, label }: { task: TaskState; label: string }) {
  return (
    <div className={classes.banner} data-kind={task.kind}>
      <UserCheck aria-hidden className={classes.bannerIcon} strokeWidth={1.75} />
      <div className={classes.bannerText}>
        <strong>Waits for {formatActor(task.owner)}</strong>
        <span>{questionOf(task, label)}</span>
        {task.message !== undefined && <span className={classes.bannerMessage}>{task.message}</span>}
        <span className={classes.quiet}>
          Asked <TimeText at={task.openedAt} />
          {task.dueAt !== undefined && (
            <>
              , <DueText at={task.dueAt} />
            </>
          )}
        </span>
      </div>
      <Button component="a" href={hrefOf({ screen: 'inbox', task: task.taskId })}>
        Decide
      </Button>
    </div>
  );
}
