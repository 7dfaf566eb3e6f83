/**
 * `due(state, now, graph)`: what should be happening now. Pure and repeatable – asking twice gives the same tasks, so
 * the engine may ask after every decision and after every restart. There is no other list of work to lose.
 */
import type { StepKey } from '../../../shared/run/events.ts';
import type { RunState } from '../../../shared/run/state.ts';
import type { Graph } from '../../../shared/workflow/graph.ts';
import { hasUnhandledFailure, position } from './paths.ts';

export type Task =
  /** Evaluate the step's expressions and begin its next attempt. */
  | { type: 'prepare'; step: StepKey }
  /** An attempt was started and its outcome is not known: execute it. */
  | { type: 'execute'; step: StepKey; attempt: number }
  | { type: 'fire'; step: StepKey };

export interface Due {
  tasks: Task[];
  /** Epoch milliseconds of the next timer in the future; a hint only, the database is the truth. */
  wakeAt?: number;
}

export function due(state: RunState, now: number, graph: Graph): Due {
  if (state.end) return { tasks: [] };
  const tasks: Task[] = [];
  let wakeAt: number | undefined;
  const mayStart = !state.cancelling && !isPaused(state) && !hasUnhandledFailure(state);
  for (const node of graph.steps.values()) {
    const step = state.steps[node.id];
    if (!step) {
      if (mayStart && position(node, state) === 'ready') tasks.push({ type: 'prepare', step: node.id });
      continue;
    }
    if (step.status === 'running') {
      tasks.push({ type: 'execute', step: step.key, attempt: step.attempts.length });
    } else if (step.status === 'ready') {
      if (mayStart) tasks.push({ type: 'prepare', step: step.key });
    } else if (step.dueAt !== undefined && mayStart) {
      if (step.dueAt <= now) tasks.push({ type: step.status === 'timer' ? 'fire' : 'prepare', step: step.key });
      else wakeAt = Math.min(wakeAt ?? step.dueAt, step.dueAt);
    }
  }
  return { tasks, ...(wakeAt === undefined ? {} : { wakeAt }) };
}

function isPaused(state: RunState): boolean {
  return Object.values(state.tasks).some((task) => task.pausesRun && !task.decision);
}

/** Parked: nothing can go on without a person, or a timer later than `now + parkAfterMs`. */
export function isParked(state: RunState, now: number, parkAfterMs: number, graph: Graph): boolean {
  const { tasks, wakeAt } = due(state, now, graph);
  return tasks.length === 0 && (wakeAt === undefined || wakeAt - now > parkAfterMs);
}
