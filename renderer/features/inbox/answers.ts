/** Which answers a task takes, on which keys, and what each one needs. Pure. */
import type { TaskAnswer } from '../../../shared/run/events.ts';
import type { TaskState } from '../../../shared/run/state.ts';

/** The order is the order of the keys: 1, 2, 3, 4. */
const order: TaskAnswer[] = [
  'approve',
  'edit',
  'reject',
  'send_back',
  'happened',
  'not_happened',
  'raise',
  'retry',
  'accept',
  'rollback',
  'give_up',
  'skip',
];
const reviewKeys: TaskAnswer[] = ['approve', 'edit', 'reject', 'send_back'];

export interface AnswerChoice {
  answer: TaskAnswer;
  key: string;
}

/** A review keeps 1 to 4 for its four answers even when one is not allowed, so that fingers can rely on them. */
export function choicesOf(task: Pick<TaskState, 'allow' | 'kind'>): AnswerChoice[] {
  const allowed = order.filter((answer) => task.allow.includes(answer));
  return allowed.map((answer, index) => ({
    answer,
    key: String((task.kind === 'review' && reviewKeys.includes(answer) ? reviewKeys.indexOf(answer) : index) + 1),
  }));
}

/** What must be filled in before the answer can be given. */
export type Demand = 'nothing' | 'edits' | 'reason' | 'comment' | 'note' | 'result' | 'limit';

export function demandOf(answer: TaskAnswer): Demand {
  switch (answer) {
    case 'approve':
    case 'retry':
      return 'nothing';
    // Nothing has to be said, but saying wrongly that it did not happen does it twice: never on one key press.
    case 'not_happened':
    case 'accept':
      return 'note';
    case 'edit':
      return 'edits';
    case 'reject':
    case 'rollback':
    case 'give_up':
      return 'reason';
    case 'send_back':
      return 'comment';
    case 'happened':
    case 'skip':
      return 'result';
    case 'raise':
      return 'limit';
  }
}

export function isOpen(task: Pick<TaskState, 'decision' | 'closedAt'>): boolean {
  return task.decision === undefined && task.closedAt === undefined;
}

/** The item to show once `taskId` is decided: the one after it, else the one before, else none. */
export function nextAfter(ids: readonly string[], taskId: string): string | undefined {
  const at = ids.indexOf(taskId);
  if (at < 0) return ids[0];
  return ids[at + 1] ?? ids[at - 1];
}

/** J and K: one down, one up, stopping at the ends. */
export function stepFrom(ids: readonly string[], taskId: string | undefined, by: 1 | -1): string | undefined {
  const at = taskId === undefined ? -1 : ids.indexOf(taskId);
  if (at < 0) return ids[0];
  return ids[Math.min(ids.length - 1, Math.max(0, at + by))];
}

/** What was settled last comes first. */
export function latestFirst<T extends Pick<TaskState, 'decision' | 'closedAt' | 'openedAt'>>(tasks: readonly T[]): T[] {
  const settledAt = (task: T) => task.decision?.at ?? task.closedAt ?? task.openedAt;
  return [...tasks].sort((a, b) => settledAt(b) - settledAt(a));
}
