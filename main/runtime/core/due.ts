/**
 * `due(state, now, graph)`: what should be happening now. Pure and repeatable – asking twice gives the same tasks, so
 * the engine may ask after every decision and after every restart. There is no other list of work to lose.
 */
import type { StepKey } from '../../../shared/run/events.ts';
import { itemOf } from '../../../shared/run/aside.ts';
import { isUndoKey, scopeOfKey } from '../../../shared/run/keys.ts';
import { heldSteps, isOpen, stepOf, type RunState } from '../../../shared/run/state.ts';
import type { Graph, Instance } from '../../../shared/workflow/graph.ts';
import { isChildParked } from './children.ts';
import { unsettledEffect } from './effects.ts';
import { instanceOf, instancesOf } from './instances.ts';
import { timedTasks } from './ladder.ts';
import { limitedWaits } from './waits.ts';
import { mapTasks, type MapTask } from './maps.ts';
import { position, unhandledFailure } from './paths.ts';
import { signalFor } from './signals.ts';
import { compensationsNow } from './undo.ts';

export type Task =
  /** Evaluate the step's expressions and begin its next attempt. */
  | { type: 'prepare'; step: StepKey }
  /** An attempt was started and its outcome is not known: execute it. */
  | { type: 'execute'; step: StepKey; attempt: number }
  | { type: 'fire'; step: StepKey }
  /** A run of its own does the step's work: it must be there and know what is wanted of it. */
  | { type: 'child'; step: StepKey; attempt: number }
  | MapTask
  /** Nobody decided this item in time. */
  | { type: 'escalate'; taskId: string }
  /** The step waits longer than a rule allows. */
  | { type: 'overdue'; step: StepKey };

export interface Due {
  tasks: Task[];
  /** Epoch milliseconds of the next timer in the future; a hint only, the database is the truth. */
  wakeAt?: number;
}

export function due(state: RunState, now: number, graph: Graph): Due {
  if (state.end) return { tasks: [] };
  const tasks: Task[] = [];
  let wakeAt: number | undefined;
  const pace = paceOf(state);
  const held = heldSteps(state);
  for (const instance of [...compensationsNow(state, graph), ...(state.rollback ? [] : instancesOf(state, graph))]) {
    const next = nextOf(instance, state, now, isHeldBack(held, instance.key) ? atMost(pace, 'settling') : pace, graph);
    if (next?.type === 'sleep') wakeAt = Math.min(wakeAt ?? next.until, next.until);
    else if (next) tasks.push(next);
  }
  if (pace === 'open' && !state.rollback) tasks.push(...mapTasks(state, graph));
  for (const { taskId, dueAt } of state.cancelling || state.paused ? [] : timedTasks(state)) {
    if (dueAt > now) wakeAt = Math.min(wakeAt ?? dueAt, dueAt);
    else tasks.push({ type: 'escalate', taskId });
  }
  for (const { step, dueAt } of limitedWaits(state)) {
    if (dueAt > now) wakeAt = Math.min(wakeAt ?? dueAt, dueAt);
    else tasks.push({ type: 'overdue', step });
  }
  return { tasks, ...(wakeAt === undefined ? {} : { wakeAt }) };
}

/** The same question for one step: `decide` lets nothing begin that `due` would not have asked for. */
export function isDue(state: RunState, now: number, graph: Graph, key: StepKey, type: 'prepare' | 'fire'): boolean {
  const instance =
    state.rollback || isUndoKey(key)
      ? compensationsNow(state, graph).find((undo) => undo.key === key)
      : instanceOf(state, graph, key);
  const pace = isHeldBack(heldSteps(state), key) ? atMost(paceOf(state), 'settling') : paceOf(state);
  return !state.end && !!instance && nextOf(instance, state, now, pace, graph)?.type === type;
}

/** The same question for a map and its items. */
export function isMapDue(state: RunState, graph: Graph, type: MapTask['type'], key: StepKey, index?: number): boolean {
  if (state.end || state.rollback || paceOf(state) !== 'open') return false;
  return mapTasks(state, graph).some(
    (task) => task.type === type && task.step === key && (task.type === 'close' || task.index === index),
  );
}

/** `settling`: the run is failing, and only what may have changed another system is still brought to an answer. */
type Pace = 'open' | 'settling' | 'closed';

function paceOf(state: RunState): Pace {
  if (state.cancelling || state.paused || Object.values(state.tasks).some((task) => task.pausesRun && isOpen(task)))
    return 'closed';
  return !state.rollback && unhandledFailure(state) ? 'settling' : 'open';
}

/** What is to be undone waits for that; so does what is in a map that is let go. */
function isHeldBack(held: ReadonlySet<StepKey>, key: StepKey): boolean {
  if (held.has(key)) return true;
  const item = isUndoKey(key) ? undefined : itemOf(scopeOfKey(key));
  return item !== undefined && isHeldBack(held, item.map);
}

function atMost(pace: Pace, limit: 'settling'): Pace {
  return pace === 'open' ? limit : pace;
}

type Next = Task | { type: 'sleep'; until: number } | undefined;

function nextOf(instance: Instance, state: RunState, now: number, pace: Pace, graph: Graph): Next {
  const { key } = instance;
  const step = stepOf(state, key);
  if (!step || step.status === 'pending')
    return pace === 'open' && position(instance, state, graph) === 'ready' ? { type: 'prepare', step: key } : undefined;
  if (step.status === 'running') return { type: 'execute', step: step.key, attempt: step.attempts.length };
  if (step.status === 'child') return { type: 'child', step: step.key, attempt: step.attempts.length };
  if (pace === 'closed' || (pace === 'settling' && !unsettledEffect(state, step.key))) return undefined;
  if (step.status === 'ready') return { type: 'prepare', step: step.key };
  if (signalFor(state, step)) return { type: 'fire', step: step.key };
  if (step.dueAt === undefined) return undefined;
  if (step.dueAt > now) return { type: 'sleep', until: step.dueAt };
  return { type: step.status === 'retry' || step.status === 'dependency' ? 'prepare' : 'fire', step: step.key };
}

/** Parked: nothing can go on without a person, or a timer later than `now + parkAfterMs`. */
export function isParked(state: RunState, now: number, parkAfterMs: number, graph: Graph): boolean {
  const { tasks, wakeAt } = due(state, now, graph);
  const isQuiet = tasks.every((task) => task.type === 'child' && isChildParked(state, task.step));
  return isQuiet && (wakeAt === undefined || wakeAt - now > parkAfterMs);
}
