/**
 * Items that nobody decided in time. Each time the due time passes one goes a rung up the ladder of its gate or rule, and
 * that rung's full time starts then – also after a sleep, when several would have passed. Above the last rung it goes
 * to whom the rule for overdue reviews names, else to the workflow's owner, who has all the time in the world – unless
 * that rule ends the run: then nobody is waited for any longer.
 */
import { isOpen, type RunState, type TaskState } from '../../../shared/run/state.ts';
import { endByRule, escalationRule } from './failure.ts';
import { rulesFor } from './placed-rules.ts';
import { emit, graphStep, type Turn } from './turn.ts';

/** Items with a due time that nobody decided yet. */
export function timedTasks(state: RunState): (TaskState & { dueAt: number })[] {
  return Object.values(state.tasks).flatMap((task) =>
    !isOpen(task) || task.dueAt === undefined ? [] : [{ ...task, dueAt: task.dueAt }],
  );
}

export function climbLadder(turn: Turn, task: TaskState): void {
  const rung = (task.rung ?? 0) + 1;
  const { rungs, end } = ladderOf(turn, task);
  const next = rungs[rung - 1];
  if (!next && end) {
    const message = `Nobody decided the review in time; ${task.owner} was asked last`;
    endByRule(turn, task.step, { class: 'timeout', code: 'review_overdue', message }, end);
    return;
  }
  emit(turn, {
    type: 'task_escalated',
    step: task.step,
    taskId: task.taskId,
    rung,
    owner: next?.owner ?? turn.state.owner,
    ...(next?.dueMs === undefined ? {} : { dueAt: turn.ctx.now + next.dueMs }),
  });
}

interface Rung {
  owner: string;
  /** Absent: that owner has all the time. */
  dueMs?: number | undefined;
}

interface Ladder {
  rungs: readonly Rung[];
  /** Above the last one; absent when the workflow's owner then has it. */
  end?: 'fail' | 'rollback';
}

function ladderOf(turn: Turn, task: TaskState): Ladder {
  if (task.gate === undefined) {
    const placed = task.on && rulesFor(turn.ctx, task.step, task.on).find(({ place }) => place === task.place);
    return { rungs: placed?.rule.ladder ?? [] };
  }
  const gate = graphStep(turn.ctx, task.step)?.step.gates?.[task.gate];
  const overdue = escalationRule(turn.ctx, task.step, 'review_overdue');
  const own = gate?.ladder ?? [];
  if (!overdue) return { rungs: own };
  const { then, ladder = [] } = overdue;
  const rungs = [...own, overdue, ...ladder];
  if (then !== 'fail' && then !== 'rollback') return { rungs };
  // Without a time to answer in, its owner would be asked for ever and the end would never come.
  return { rungs: overdue.dueMs === undefined ? own : rungs, end: then };
}
