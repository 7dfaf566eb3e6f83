/**
 * What is due once tasks have begun, without asking again: a start settles no path and holds nobody back, so the rest
 * stays as it was. Saves the second walk over all steps in the most common turn of all.
 */
import type { RunEvent } from '../../../shared/run/events.ts';
import type { Due, Task } from './due.ts';

/**
 * `events`: everything that beginning what was found led to. Undefined when it did more than start, or something had a
 * time to wake at, which may have been that of a step that now began; then ask again.
 */
export function dueOnceBegun(found: Due, events: readonly RunEvent[]): Due | undefined {
  if (found.wakeAt !== undefined) return undefined;
  const tasks: Task[] = found.tasks.filter((task) => task.type === 'execute');
  for (const event of events) {
    if (event.type === 'attempt_started') tasks.push({ type: 'execute', step: event.step, attempt: event.attempt });
    else if (event.type !== 'effect_intended') return undefined;
  }
  return tasks.length === found.tasks.length ? { ...found, tasks } : undefined;
}
