/**
 * Rollback: what a run changed is undone, one effect after the other, in the reverse order of confirmation. Each
 * compensation is a step of its own (`pay!undo`) with attempts, retries and an effect that names the one it undoes, so
 * that a crash in the middle goes on like any other work. One that fails is escalated; the rest waits and is not lost.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { Actor } from '../../../shared/run/events.ts';
import { isUndoKey, undoKeyOf } from '../../../shared/run/keys.ts';
import type { RollbackPlan } from '../../../shared/run/rollback-plan.ts';
import { activeOrders, isOpen, type RunState, type StepStatus } from '../../../shared/run/state.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { Graph } from '../../../shared/workflow/graph.ts';
import { openChanges, putInDoubt } from './effects.ts';
import { stepsAfter } from './checkpoint.ts';
import { emit, type Turn } from './turn.ts';
import { changesInReverse, finishOrder, nextUndo, whyKept } from './undo.ts';

/** What a rollback, or going back to a checkpoint, would do now: the same order and the same rules that it follows. */
export function planRollback(state: RunState, graph: Graph, to?: string): RollbackPlan {
  const after = to === undefined ? undefined : stepsAfter(state, graph, to);
  const plan: RollbackPlan = { undo: [], stays: [], ...(after ? { again: after } : {}) };
  // A rollback tries again what was given up.
  const steps = Object.fromEntries(Object.entries(state.steps).filter(([key]) => !isUndoKey(key)));
  for (const effect of changesInReverse(state, after)) {
    const { key: effectKey, step, target } = effect;
    const why = whyKept({ ...state, steps }, graph, effect);
    if (why === undefined)
      plan.undo.push({ effectKey, step, target, undo: stepLabel(graph.document, undoKeyOf(step)) });
    else plan.stays.push({ effectKey, step, target, why });
  }
  return plan;
}

/** Forward work has ended or is let go; effects nobody knows about are asked for before anything is undone. */
export function startRollback(turn: Turn, by: Actor, reason?: string): void {
  endSteps(turn);
  emit(turn, { type: 'rollback_started', by, ...(reason === undefined ? {} : { reason }) });
  for (const effect of Object.values(turn.state.effects)) {
    if (effect.status === 'in_doubt' || effect.status === 'intended')
      putInDoubt(turn, effect, 'it must be known before it can be undone');
  }
}

const isFinal: ReadonlySet<StepStatus> = new Set(['pending', 'confirmed', 'skipped', 'failed', 'rolled_back']);

/** Called when nothing is in progress: ends the rollback once nobody is asked and nothing is left to undo. */
export function settleRollback(turn: Turn): void {
  const isAsked = Object.values(turn.state.tasks).some(isOpen);
  if (isAsked || nextUndo(turn.state, turn.ctx.graph)) return;
  endSteps(turn);
  const left = openChanges(turn.state).length;
  if (left === 0) emit(turn, { type: 'run_rolled_back' });
  else emit(turn, { type: 'run_failed', reason: 'rollback_incomplete', openEffects: left });
}

/** No step and no order is left in the air when its run ends. */
export function endSteps(turn: Turn): void {
  for (const order of activeOrders(turn.state)) finishOrder(turn, order);
  for (const { key, status } of Object.values(turn.state.steps)) {
    if (isFinal.has(status)) continue;
    const error: StepError = { class: 'cancelled', message: 'The run ended before this step did' };
    emit(turn, { type: 'step_failed', step: key, error, ports: [] });
  }
}
