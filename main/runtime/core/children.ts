/**
 * Steps that run another workflow. The child is a run of its own with its own journal; to its parent it is one effect,
 * announced before the child starts, so that a crash starts it once, its end confirms or refuses it, and undoing the
 * step means rolling the child back. Nothing here reads the child: what the parent must know comes in commands.
 */
import { isErrorClass, type StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { heldSteps, stepOf, type RunState } from '../../../shared/run/state.ts';
import type { Command, Refusal } from './commands.ts';
import { finishAttempt } from './attempt.ts';
import { unsettledEffect } from './effects.ts';
import { unhandledFailure } from './paths.ts';
import { emit, graphStep, type Turn } from './turn.ts';

export function changeChild(turn: Turn, command: Extract<Command, { type: 'change_child' }>): Refusal | undefined {
  const { runId, word, reason } = command;
  const step = stepOfChild(turn.state, runId);
  if (!step) return late(runId);
  if (step.child?.word === word && step.child.reason === reason) return undefined;
  emit(turn, { type: 'child_changed', step: step.key, word, ...(reason === undefined ? {} : { reason }) });
  return undefined;
}

/** A child that failed and left something in other systems keeps its parent from doing the same again. */
export function finishChild(turn: Turn, command: Extract<Command, { type: 'finish_child' }>): Refusal | undefined {
  const { runId, outcome, openEffects, checked } = command;
  const step = stepOfChild(turn.state, runId);
  const node = step && graphStep(turn.ctx, step.key);
  if (!step || !node) return late(runId);
  const { key, attempts } = step;
  const response = { run: runId };
  if (outcome.ok) {
    finishAttempt(turn, node, key, attempts.length, { ...outcome, response }, checked);
    return undefined;
  }
  const effect = unsettledEffect(turn.state, key);
  if (effect && openEffects > 0 && !isUndoKey(key))
    emit(turn, { type: 'effect_confirmed', step: key, key: effect.key, response });
  finishAttempt(turn, node, key, attempts.length, { ...outcome, sent: false }, checked);
  return undefined;
}

/** What the child is to do now: nothing but its work, to stop, or to undo what it did. */
export function orderOfChild(state: RunState, step: StepKey): 'work' | 'cancel' | 'rollback' {
  if (isUndoKey(step)) return 'rollback';
  const isGivenUp = state.cancelling !== undefined || state.rollback !== undefined || heldSteps(state).has(step);
  return isGivenUp || unhandledFailure(state) ? 'cancel' : 'work';
}

export function stepOfChild(state: RunState, runId: string) {
  return Object.values(state.steps).find(({ status, child }) => status === 'child' && child?.runId === runId);
}

/** True while the child does nothing by itself: its parent is parked with it. */
export function isChildParked(state: RunState, step: StepKey): boolean {
  const word = stepOf(state, step)?.child?.word;
  return word === 'waiting' || word === 'escalated';
}

function late(runId: string): Refusal {
  return { code: 'conflict', message: `No step waits for the run ${runId}` };
}

/** Why a child ended without a result, for its parent: the class where the reason is one, and the reason as the code. */
export function errorOfChild({ workflowName, end, reason, rollback }: RunState): StepError {
  const code = end === 'rolled_back' ? (rollback?.reason ?? 'rolled_back') : (reason ?? 'failed');
  const errorClass = isErrorClass(code) ? code : code === 'rejected' ? 'refused' : 'code';
  return { class: errorClass, code, message: `The workflow “${workflowName}” ended without a result (${code})` };
}
