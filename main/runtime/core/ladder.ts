/**
 * Reviews that nobody decided in time. Each time the due time passes the item goes one rung up the gate's ladder, and
 * that rung's full time starts then – also after a sleep, when several would have passed. Above the last rung it goes
 * to whom the rule for overdue reviews names, else to the workflow's owner, who has all the time in the world.
 */
import { isOpen, type RunState, type TaskState } from '../../../shared/run/state.ts';
import type { Gate } from '../../../shared/workflow/document.ts';
import { escalationRule } from './failure.ts';
import { emit, graphStep, type Turn } from './turn.ts';

/** Items with a due time that nobody decided yet. */
export function timedTasks(state: RunState): (TaskState & { dueAt: number })[] {
  return Object.values(state.tasks).flatMap((task) =>
    !isOpen(task) || task.dueAt === undefined ? [] : [{ ...task, dueAt: task.dueAt }],
  );
}

export function climbLadder(turn: Turn, task: TaskState): void {
  const rung = (task.rung ?? 0) + 1;
  const next = gateOf(turn, task)?.ladder?.[rung - 1];
  emit(turn, {
    type: 'task_escalated',
    step: task.step,
    taskId: task.taskId,
    rung,
    owner: next?.owner ?? escalationRule(turn.ctx, task.step, 'review_overdue')?.owner ?? turn.state.owner,
    ...(next ? { dueAt: turn.ctx.now + next.dueMs } : {}),
  });
}

function gateOf(turn: Turn, task: TaskState): Gate | undefined {
  return task.gate && graphStep(turn.ctx, task.step)?.step.gates?.[task.gate];
}
