/**
 * Rollback: what a run changed is undone, one effect after the other, in the reverse order of confirmation. Each
 * compensation is a step of its own (`pay!undo`) with attempts, retries and an effect that names the one it undoes, so
 * that a crash in the middle goes on like any other work. One that fails is escalated; the rest waits and is not lost.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { Actor } from '../../../shared/run/events.ts';
import { isUndoKey, scopeOfKey, stepIdOf, undoKeyOf } from '../../../shared/run/keys.ts';
import type { RollbackPlan } from '../../../shared/run/rollback-plan.ts';
import { isOpen, stepOf, type EffectState, type RunState } from '../../../shared/run/state.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { Graph, Instance } from '../../../shared/workflow/graph.ts';
import { openChanges, putInDoubt } from './effects.ts';
import { emit, type Turn } from './turn.ts';

/** What a rollback would do now: the same order and the same rules that it follows. */
export function planRollback(state: RunState, graph: Graph): RollbackPlan {
  const plan: RollbackPlan = { undo: [], stays: [] };
  for (const effect of changesInReverse(state)) {
    const { key: effectKey, step, target } = effect;
    const stay = (why: string): void => void plan.stays.push({ effectKey, step, target, why });
    const compensation = graph.compensations.get(stepIdOf(step));
    if (effect.status === 'intended') stay('It is still under way; how it ends is settled first');
    else if (effect.status === 'in_doubt') stay('Nobody knows whether it happened; that is asked first');
    else if (!compensation) stay('The workflow does not say how to undo it');
    else plan.undo.push({ effectKey, step, target, undo: stepLabel(graph.document, undoKeyOf(step)) });
  }
  return plan;
}

/** The next compensation, or undefined when everything that can be undone was, or was given up. */
export function nextUndo(state: RunState, graph: Graph): Instance | undefined {
  for (const { status, step } of changesInReverse(state)) {
    const node = graph.compensations.get(stepIdOf(step));
    const key = undoKeyOf(step);
    if (status === 'confirmed' && node && stepOf(state, key)?.status !== 'failed')
      return { node, key, scope: scopeOfKey(key) };
  }
  return undefined;
}

/** What happened or may have happened and was not undone, the last one first. */
function changesInReverse(state: RunState): EffectState[] {
  const settledAt = ({ settledSeq }: EffectState): number => settledSeq ?? 0;
  return openChanges(state).sort((one, other) => settledAt(other) - settledAt(one));
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

/** Called when nothing is in progress: ends the rollback once nobody is asked and nothing is left to undo. */
export function settleRollback(turn: Turn): void {
  const isAsked = Object.values(turn.state.tasks).some(isOpen);
  if (isAsked || nextUndo(turn.state, turn.ctx.graph)) return;
  endSteps(turn);
  const left = openChanges(turn.state).length;
  if (left === 0) emit(turn, { type: 'run_rolled_back' });
  else emit(turn, { type: 'run_failed', reason: 'rollback_incomplete', openEffects: left });
}

/** No step is left in the air when its run ends. */
export function endSteps(turn: Turn): void {
  for (const { key, status } of Object.values(turn.state.steps)) {
    if (status === 'confirmed' || status === 'skipped' || status === 'failed' || status === 'rolled_back') continue;
    const error: StepError = { class: 'cancelled', message: 'The run ended before this step did' };
    emit(turn, { type: 'step_failed', step: key, error, ports: [] });
  }
}

/** An effect in doubt of a forward step holds every compensation until it is settled. */
export function isHeldByDoubt(state: RunState): boolean {
  return Object.values(state.tasks).some((task) => task.kind === 'in_doubt' && isOpen(task) && !isUndoKey(task.step));
}
