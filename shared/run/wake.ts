/**
 * When a run that nobody watches has to be looked at again, told from its state alone: what a start of the host reads
 * instead of folding every unfinished run. It may say "now" without need; it must never let a run oversleep.
 */
import type { StepKey } from './events.ts';
import { heldSteps, isOpen, type RunState, type StepStatus } from './state.ts';

/** The run is on its way and goes on as soon as a host is there. */
export const atOnce = 0;

const moving: ReadonlySet<StepStatus> = new Set(['pending', 'ready', 'running', 'succeeded']);

/** Epoch milliseconds, `atOnce`, or undefined when the run has ended or only a person can move it. */
export function wakeOf(state: RunState): number | undefined {
  if (state.end) return undefined;
  const open = Object.values(state.tasks).filter(isOpen);
  const steps = Object.values(state.steps);
  // Nobody tells it later what its child did while no host ran.
  if (steps.some(({ status }) => status === 'child')) return atOnce;
  // While somebody is asked and everything else is held, only what was already running goes on.
  const isPaused = state.paused !== undefined;
  const isHeld = isPaused || open.some((task) => task.pausesRun);
  if (steps.some(({ status }) => (isHeld ? status === 'running' : moving.has(status)))) return atOnce;
  // No timer of a paused run fires: nothing moves it but whoever resumes it.
  if (isPaused) return undefined;
  const due = [...open, ...openLimits(state), ...(isHeld ? [] : steps)].flatMap(({ dueAt }) =>
    dueAt === undefined ? [] : [dueAt],
  );
  if (due.length > 0) return Math.min(...due);
  const isAwaited = steps.some(({ status }) => status === 'signal');
  return open.length > 0 || isAwaited ? undefined : atOnce;
}

/**
 * Waits with a limit by an escalation rule that nobody was asked about yet, with the moment each is over. A step whose
 * changes are being undone no longer waits for what it was waiting for.
 */
export function openLimits(state: Pick<RunState, 'steps' | 'undoOrders'>): { step: StepKey; dueAt: number }[] {
  const held = heldSteps(state);
  return Object.values(state.steps).flatMap(({ key, watch }) =>
    watch && watch.taskId === undefined && !held.has(key) ? [{ step: key, dueAt: watch.dueAt }] : [],
  );
}
