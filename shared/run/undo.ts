/**
 * Undo orders and resets in the fold: what a run still has to undo while the rest of it goes on, and steps that are put
 * back to where they had not been reached. Knows what these facts mean for the state; never decides about them.
 * An order is for steps, not for single effects: what is still under way when it is given belongs to it as well.
 */
import { changeStep, effectsOfGeneration, keepOutputOf, pendingStep } from './changes.ts';
import type { RunEvent, StepKey } from './events.ts';
import { isUndoKey, undoKeyOf } from './keys.ts';
import { isOpen, orderOf, stepOf } from './state.ts';
import type { EffectState, RunState, StepState, UndoOrder } from './state.ts';

/** The run goes on, also when it had ended; nobody is asked any more about going forward from these steps. */
export function giveOrder(state: RunState, event: RunEvent & { type: 'undo_ordered' }): RunState {
  const { id, because, steps, by, reason, join, then, at } = event;
  const order: UndoOrder = {
    id,
    because,
    steps,
    by,
    then,
    orderedAt: at,
    ...(reason === undefined ? {} : { reason }),
    ...(join === undefined ? {} : { join }),
  };
  const open = reopen(state);
  return closeTasksOf({ ...open, undoOrders: { ...open.undoOrders, [id]: order } }, steps, at);
}

export function endOrder(state: RunState, event: RunEvent & { type: 'undo_finished' }): RunState {
  const order = orderOf(state, event.id);
  if (!order) return state;
  const ended = { ...order, finishedAt: event.at, kept: event.kept };
  return { ...state, undoOrders: { ...state.undoOrders, [event.id]: ended } };
}

/** Position, no word, nothing counted; what they did before stays in record, attempts and effects. */
export function resetSteps(state: RunState, event: RunEvent & { type: 'steps_reset' }): RunState {
  const { at, by, review } = event;
  let next = closeTasksOf(reopen(state), event.steps, at);
  for (const key of event.steps.flatMap((step) => [step, undoKeyOf(step)])) {
    const old = stepOf(next, key);
    if (!old) continue;
    const effects = effectsOfGeneration(next, old);
    const comment = review?.step === key ? { review: { comment: review.comment, by } } : {};
    next = changeStep(keepOutputOf(next, old), { step: key, at }, (step) => ({
      ...putBack(step, effects),
      ...comment,
    }));
  }
  return forgetRounds(forgetMaps(next, event.steps), event.forgets ?? []);
}

/** Their items were put back with them; what comes next is opened anew. */
function forgetMaps(state: RunState, steps: readonly StepKey[]): RunState {
  if (!state.maps) return state;
  const maps = { ...state.maps };
  for (const key of steps) delete maps[key];
  return { ...state, maps };
}

function forgetRounds(state: RunState, places: readonly string[]): RunState {
  if (places.length === 0) return state;
  const loops = { ...state.loops };
  const exits = { ...state.exits };
  for (const place of places) {
    delete loops[place];
    delete exits[place];
  }
  return { ...state, loops, exits };
}

function putBack(step: StepState, current: readonly EffectState[]): StepState {
  const { key, record, attempts, config, sendBacks, generation } = step;
  // What nobody has an answer for is only ever repeated under its own key, and so is what did not undo its change.
  const isNew = isUndoKey(key)
    ? current.some(({ status }) => status === 'confirmed')
    : current.length > 0 && current.every(({ status }) => status !== 'intended' && status !== 'in_doubt');
  return {
    ...pendingStep(key),
    status: 'pending',
    record,
    attempts,
    ...(config === undefined ? {} : { config }),
    generation: generation + (isNew ? 1 : 0),
    sendBacks,
  };
}

function reopen(state: RunState): RunState {
  if (!state.end) return state;
  const { end: _end, endedAt: _endedAt, cancelling: _cancelling, output: _output, reason: _reason, ...rest } = state;
  return { ...rest, allConfirmed: false, openEffects: 0 };
}

/** Whether an effect happened is still asked: that has to be known before anything is undone. */
function closeTasksOf(state: RunState, steps: readonly StepKey[], at: number): RunState {
  const tasks = { ...state.tasks };
  for (const task of Object.values(state.tasks)) {
    if (isOpen(task) && task.kind !== 'in_doubt' && steps.includes(task.step))
      tasks[task.taskId] = { ...task, closedAt: at };
  }
  return { ...state, tasks };
}
