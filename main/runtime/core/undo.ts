/**
 * Undoing in the middle of a run. Two primitives that other rules build on, and what they share with the rollback of a
 * whole run:
 *
 * - `orderUndo(turn, { steps, because, by, reason?, then })`: what these steps changed is undone in the reverse order of
 *   confirmation, by the same compensation steps (`pay!undo`) as in a rollback, while the rest of the run goes on.
 *   Until `undo_finished` none of the steps begins; attempts that only read or calculate are let go at once, announced
 *   effects are brought to an answer first, effects in doubt are asked about. What cannot be undone is listed as `kept`.
 *   Then, in the same turn: `skip` leaves out what was not over of the steps, `fail` ends one with its error and takes
 *   its path from `failed`, `reset` puts all of them back.
 * - `resetSteps(turn, { steps, because, by, reason?, review? })`: the steps count as not reached; record, attempts and
 *   effects stay as history, and a step whose last effect has an answer will announce a new one. The caller sees to it
 *   that nothing of them is under way (`orderUndo` with `then: reset` does).
 *
 * Both make a run that had ended go on. Never undoes what nobody asked to be undone.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { KeptEffect, RunEventBody, StepKey, UndoThen } from '../../../shared/run/events.ts';
import { withItems } from '../../../shared/run/aside.ts';
import { isUndoKey, placeOf, scopeOfKey, stepIdOf, undoKeyOf, undoneBy } from '../../../shared/run/keys.ts';
import {
  activeOrders,
  isOpen,
  stepOf,
  type EffectState,
  type RunState,
  type UndoOrder,
} from '../../../shared/run/state.ts';
import type { Graph, Instance } from '../../../shared/workflow/graph.ts';
import { openChanges, putInDoubt, unsettledEffect } from './effects.ts';
import { fallbackEdges, hasEnded } from './paths.ts';
import { emit, graphStep, stepState, type Turn } from './turn.ts';

type Body<T extends RunEventBody['type']> = Omit<Extract<RunEventBody, { type: T }>, 'type'>;

export function orderUndo(turn: Turn, order: Omit<Body<'undo_ordered'>, 'id'>): void {
  const steps = expand(turn, order.steps);
  emit(turn, { type: 'undo_ordered', id: turn.ctx.id(), ...order, steps });
  for (const key of steps) {
    letGo(turn, key);
    askFirst(turn, key);
    // An earlier attempt to undo it was given up while nobody knew whether it happened.
    askFirst(turn, undoKeyOf(key));
  }
}

export function resetSteps(turn: Turn, reset: Omit<Body<'steps_reset'>, 'forgets'>): void {
  const { loops, exits } = turn.state;
  const steps = expand(turn, reset.steps);
  const counted = { ...loops, ...exits };
  const forgets = steps.flatMap((key) => {
    const places = (graphStep(turn.ctx, key)?.outgoing ?? []).map(({ id }) => placeOf(scopeOfKey(key), id));
    return places.filter((place) => Object.hasOwn(counted, place));
  });
  emit(turn, { type: 'steps_reset', ...reset, steps, ...(forgets.length > 0 ? { forgets } : {}) });
}

/** A map goes with what its items did. */
function expand({ state }: Turn, steps: readonly StepKey[]): StepKey[] {
  return state.maps ? [...new Set(steps.flatMap((key) => withItems(state, key)))] : [...steps];
}

/** Reading and calculating need no end; an announced effect does. */
function letGo(turn: Turn, step: StepKey): void {
  const { status, attempts } = stepState(turn, step);
  if (status !== 'running' || unsettledEffect(turn.state, step)) return;
  const error = { class: 'cancelled' as const, message: 'What this step was for is undone' };
  emit(turn, { type: 'attempt_failed', step, attempt: attempts.length, error });
}

/** What nobody knows about is asked for before anything is undone, unless an attempt will still bring the answer. */
function askFirst(turn: Turn, step: StepKey): void {
  const { status } = stepState(turn, step);
  const isUnderWay = status === 'running' || status === 'child' || status === 'retry' || status === 'ready';
  for (const effect of Object.values(turn.state.effects)) {
    if (effect.step !== step || isAskedFor(turn.state, [step])) continue;
    if (effect.status === 'in_doubt' || (effect.status === 'intended' && !isUnderWay))
      putInDoubt(turn, effect, 'it must be known before it can be undone');
  }
}

/**
 * Somebody is asked whether an effect of these steps, or of undoing them, happened; of all steps that go forward when none
 * are named.
 */
export function isAskedFor(state: RunState, steps?: readonly StepKey[]): boolean {
  const isMeant = (step: StepKey): boolean =>
    steps ? steps.includes(isUndoKey(step) ? undoneBy(step) : step) : !isUndoKey(step);
  return Object.values(state.tasks).some(
    ({ kind, step, ...task }) => kind === 'in_doubt' && isOpen(task) && isMeant(step),
  );
}

/** What happened or may have happened and was not undone, the last one first. */
export function changesInReverse(state: RunState, steps?: readonly StepKey[]): EffectState[] {
  const settledAt = ({ settledSeq }: EffectState): number => settledSeq ?? 0;
  return openChanges(state)
    .filter(({ step }) => !steps || steps.includes(step))
    .sort((one, other) => settledAt(other) - settledAt(one));
}

/** The next compensation, or undefined when everything that can be undone was, or was given up. */
export function nextUndo(state: RunState, graph: Graph, steps?: readonly StepKey[]): Instance | undefined {
  for (const change of changesInReverse(state, steps)) {
    const node = graph.compensations.get(stepIdOf(change.step));
    const key = undoKeyOf(change.step);
    if (node && whyKept(state, graph, change) === undefined) return { node, key, scope: scopeOfKey(key) };
  }
  return undefined;
}

/** Why this change cannot be undone now; undefined when it can. */
export function whyKept(state: RunState, graph: Graph, { status, step }: EffectState): string | undefined {
  if (status === 'intended') return 'It is still under way; how it ends is settled first';
  if (status === 'in_doubt') return 'Nobody knows whether it happened; that is asked first';
  if (!graph.compensations.has(stepIdOf(step))) return 'The workflow does not say how to undo it';
  if (stepOf(state, undoKeyOf(step))?.status === 'failed') return 'Undoing it failed and was given up';
  return undefined;
}

/** The compensations that may go now: one of the rollback, or one of each order; none before all answers are there. */
export function compensationsNow(state: RunState, graph: Graph): Instance[] {
  const orders = state.rollback ? [undefined] : activeOrders(state).map((order) => order.steps);
  const next = orders.flatMap((steps) => {
    if (isAskedFor(state, steps)) return [];
    const underWay = undoUnderWay(state, graph, steps);
    if (underWay) return [underWay];
    // A step that was sent back has an earlier change; undoing that one now would let the announced one be forgotten.
    const isUnknown = steps?.some((key) => unsettledEffect(state, key)) ?? false;
    return isUnknown ? [] : (nextUndo(state, graph, steps) ?? []);
  });
  return [...new Map(next.map((one) => [one.key, one])).values()];
}

/** A compensation that has begun is brought to its end, also when a later change came to light meanwhile. */
function undoUnderWay(state: RunState, graph: Graph, steps: readonly StepKey[] = []): Instance | undefined {
  const key = steps.map(undoKeyOf).find((one) => {
    const status = stepOf(state, one)?.status;
    return status !== undefined && status !== 'pending' && status !== 'confirmed' && status !== 'failed';
  });
  const node = key === undefined ? undefined : graph.compensations.get(stepIdOf(key));
  return key === undefined || !node ? undefined : { node, key, scope: scopeOfKey(key) };
}

/** Ends every order in which nothing is under way, asked or left to undo, and does what follows it. Gives their steps. */
export function settleOrders(turn: Turn): StepKey[] {
  const ended: StepKey[] = [];
  for (const order of activeOrders(turn.state)) {
    const { steps } = order;
    const isBusy = steps.some((key) => stepState(turn, key).status === 'running' || unsettledEffect(turn.state, key));
    if (isBusy || isAskedFor(turn.state, steps) || nextUndo(turn.state, turn.ctx.graph, steps)) continue;
    finishOrder(turn, order);
    follow(turn, order, order.then);
    ended.push(...steps);
  }
  return ended;
}

/** Also when the whole run turns back or ends: what such an order had not undone is then left to that. */
export function finishOrder(turn: Turn, { id, steps }: UndoOrder): void {
  const kept = changesInReverse(turn.state, steps).map((effect): KeptEffect => ({
    effectKey: effect.key,
    step: effect.step,
    target: effect.target,
    why: whyKept(turn.state, turn.ctx.graph, effect) ?? 'The run ended before it was undone',
  }));
  emit(turn, { type: 'undo_finished', id, kept });
}

function follow(turn: Turn, { steps, because, by, reason }: UndoOrder, then: UndoThen): void {
  switch (then.type) {
    case 'skip':
      for (const step of steps) if (!isOver(turn.state, step)) emit(turn, { type: 'step_skipped', step });
      return;
    case 'fail':
      // Put back meanwhile: what it ended with is no longer true.
      if (stepState(turn, then.step).status === 'pending') return;
      endOnFallback(turn, then.step, then.error);
      return;
    case 'reset':
      resetSteps(turn, {
        steps,
        because,
        by,
        ...(reason === undefined ? {} : { reason }),
        ...(then.review ? { review: then.review } : {}),
      });
  }
}

/** The step ends with this error and takes its path from `failed`: the edges that name it, or all when a rule chose. */
export function endOnFallback(turn: Turn, step: StepKey, error: StepError): void {
  const node = graphStep(turn.ctx, step);
  const isNamed = node && fallbackEdges(node, error).length > 0;
  emit(turn, { type: 'step_failed', step, error, ports: ['failed'], ...(isNamed ? {} : { byRule: true }) });
}

function isOver(state: RunState, key: StepKey): boolean {
  const step = stepOf(state, key);
  return step?.status === 'failed' || hasEnded(step);
}
