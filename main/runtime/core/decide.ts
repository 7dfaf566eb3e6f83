/**
 * `decide(state, command, ctx)`: which events a command leads to, or why it is refused. Pure: time, chance, ids and
 * hashes come in `ctx`, values of expressions come in the command. After every command the run is settled: paths that
 * can no longer be taken are skipped, and a run whose steps have all ended is reconciled and completed.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import { scopeOfKey, stepIdOf } from '../../../shared/run/keys.ts';
import { activeOrders, heldSteps, isReached, stepOf, type RunState } from '../../../shared/run/state.ts';
import { rollBackTo } from './checkpoint.ts';
import { beginAttempt, closeMap, finishAttempt, recordHeartbeat, refuseAttempt } from './attempt.ts';
import { changeChild, finishChild } from './children.ts';
import type { Command, DecideContext, Decision, Refusal } from './commands.ts';
import { followersOf } from '../../../shared/workflow/graph.ts';
import { isDue, isMapDue } from './due.ts';
import { awaitsAnswer, findsOut, putInDoubt, unsettledEffect } from './effects.ts';
import { currentKey, instanceOf, rootInstances } from './instances.ts';
import { decideJoins } from './joins.ts';
import { climbLadder, timedTasks } from './ladder.ts';
import { takeLoops } from './loops.ts';
import { endItem } from './maps.ts';
import { onFailure } from './failure.ts';
import { hasEnded, position, outputOf, unhandledFailure } from './paths.ts';
import { pauseRun, resumeRun, retryStep, skipByTask, skipStep } from './repair.ts';
import { settleRollback, startRollback } from './rollback.ts';
import { fireStep, receiveSignal } from './signals.ts';
import { decideTask, failRun, whyClosed } from './task.ts';
import { settleOrders } from './undo.ts';
import { resumeWaiting } from './wait-for-dependency.ts';
import { escalateWait, limitWaits } from './waits.ts';
import { beginTurn, emit, graphStep, stepState, type Turn } from './turn.ts';

export function decide(state: RunState | undefined, command: Command, ctx: DecideContext): Decision {
  const turn = beginTurn(state, ctx);
  const refusal = handle(turn, command);
  if (refusal) return { ok: false, refusal };
  settle(turn);
  limitWaits(turn);
  return { ok: true, events: turn.events, state: turn.state };
}

function handle(turn: Turn, command: Command): Refusal | undefined {
  if (command.type !== 'start_run' && turn.state.lastSeq === 0) {
    return { code: 'not_found', message: 'This run has not started' };
  }
  switch (command.type) {
    case 'start_run': {
      if (turn.state.lastSeq > 0) return { code: 'conflict', message: 'This run has already started' };
      const { type: _type, copies = [], ...body } = command;
      emit(turn, { type: 'run_started', ...body });
      for (const copy of copies) emit(turn, { type: 'step_copied', ...copy });
      return undefined;
    }
    case 'begin_attempt':
    case 'refuse_attempt': {
      const node = graphStep(turn.ctx, command.step);
      if (!node || !isDue(turn.state, turn.ctx.now, turn.ctx.graph, command.step, 'prepare'))
        return late(`Step ${command.step}`);
      if (command.type === 'begin_attempt') beginAttempt(turn, node, command.step, command.prepared);
      else refuseAttempt(turn, node, command.step, command.error);
      return undefined;
    }
    case 'finish_attempt': {
      const node = graphStep(turn.ctx, command.step);
      const step = stepState(turn, command.step);
      if (!node || step.status !== 'running' || step.attempts.length !== command.attempt) {
        return late(`Step ${command.step}`);
      }
      if (command.heartbeat !== undefined) recordHeartbeat(turn, command.step, command.attempt, command.heartbeat);
      finishAttempt(turn, node, command.step, command.attempt, command.outcome, command.checked);
      return undefined;
    }
    case 'record_heartbeat': {
      const { status, attempts } = stepState(turn, command.step);
      if (status !== 'running' || attempts.length !== command.attempt) return late(`Step ${command.step}`);
      recordHeartbeat(turn, command.step, command.attempt, command.payload);
      return undefined;
    }
    case 'fire_timer': {
      const node = graphStep(turn.ctx, command.step);
      if (!node || !isDue(turn.state, turn.ctx.now, turn.ctx.graph, command.step, 'fire'))
        return late(`Step ${command.step}`);
      fireStep(turn, node, command.step, command.checked);
      return undefined;
    }
    case 'change_child':
      return changeChild(turn, command);
    case 'finish_child':
      return finishChild(turn, command);
    case 'receive_signal':
      return receiveSignal(turn, command);
    case 'end_item': {
      const { step, index } = command;
      if (!isMapDue(turn.state, turn.ctx.graph, 'collect', step, index)) return late(`Item ${index + 1} of ${step}`);
      endItem(turn, step, index, command.result);
      return undefined;
    }
    case 'close_map': {
      const node = graphStep(turn.ctx, command.step);
      if (!node || !isMapDue(turn.state, turn.ctx.graph, 'close', command.step)) return late(`Step ${command.step}`);
      closeMap(turn, node, command.step, command.checked);
      return undefined;
    }
    case 'escalate_task': {
      const task = timedTasks(turn.state).find(({ taskId }) => taskId === command.taskId);
      const isHeld = turn.state.cancelling !== undefined || turn.state.paused !== undefined;
      if (!task || isHeld || task.dueAt > turn.ctx.now) return late('This item');
      climbLadder(turn, task);
      return undefined;
    }
    case 'resume_dependency':
      return resumeWaiting(turn, command.dependency) ? undefined : late('This run');
    case 'escalate_wait':
      return escalateWait(turn, command.step) ? undefined : late(`Step ${command.step}`);
    case 'recover':
      recover(turn);
      return undefined;
    case 'decide_task':
      return command.answer === 'skip' ? skipByTask(turn, command) : decideTask(turn, command);
    case 'pause_run':
      return pauseRun(turn, command);
    case 'resume_run':
      return resumeRun(turn, command);
    case 'retry_step':
      return retryStep(turn, command);
    case 'skip_step':
      return skipStep(turn, command);
    case 'cancel_run': {
      if (turn.state.end || turn.state.cancelling) {
        return { code: 'conflict', message: whyClosed(turn.state) };
      }
      if (turn.state.rollback) return { code: 'conflict', message: 'The run is being rolled back' };
      cancel(turn, command);
      return undefined;
    }
    case 'rollback_run': {
      const { to } = command;
      if (to !== undefined) return rollBackTo(turn, { ...command, to });
      const refusal = refuseRollback(turn.state);
      if (refusal) return refusal;
      // Whoever asks for it now does not want it to wait.
      if (turn.state.paused) resumeRun(turn, command);
      if (turn.state.end) startRollback(turn, command.by, command.reason);
      else cancel(turn, { ...command, rollback: true });
      return undefined;
    }
  }
}

function late(what: string): Refusal {
  return { code: 'conflict', message: `${what} has moved on; this came too late` };
}

/** Marks what was running when the host went away. What it means follows from the class of the step's effect. */
function recover(turn: Turn): void {
  for (const step of Object.values(turn.state.steps)) {
    if (step.status !== 'running') continue;
    emit(turn, { type: 'attempt_abandoned', step: step.key, attempt: step.attempts.length });
    const effect = unsettledEffect(turn.state, step.key);
    if (!effect || findsOut(turn, effect)) continue;
    putInDoubt(turn, effect, 'Holdfast stopped in the middle of the call');
  }
}

function refuseRollback({ end, cancelling, rollback }: RunState): Refusal | undefined {
  if (end === 'rolled_back') return { code: 'conflict', message: 'The run was already rolled back' };
  if (rollback && !end) return { code: 'conflict', message: 'The run is already being rolled back' };
  if (cancelling && !end)
    return { code: 'conflict', message: 'The run is being cancelled; roll it back when that is done' };
  return undefined;
}

/** Reading and calculating steps are let go at once; an announced effect is settled first. */
function cancel(turn: Turn, request: { by: string; reason?: string; rollback?: boolean }): void {
  const { by, reason, rollback } = request;
  emit(turn, {
    type: 'cancel_requested',
    by,
    ...(reason === undefined ? {} : { reason }),
    ...(rollback ? { rollback } : {}),
  });
  for (const step of Object.values(turn.state.steps)) {
    const effect = unsettledEffect(turn.state, step.key);
    // It is cancelled itself, and its end settles the step.
    if (step.status === 'child') continue;
    if (step.status !== 'running') {
      // It waits to be repeated under its key; that will not come any more.
      if (effect) putInDoubt(turn, effect, 'the run was cancelled before it could be repeated');
      continue;
    }
    if (effect) continue;
    const error = { class: 'cancelled' as const, message: 'The run was cancelled' };
    emit(turn, { type: 'attempt_failed', step: step.key, attempt: step.attempts.length, error });
  }
}

/** What follows from where the run stands now, whatever led there. */
export function settle(turn: Turn): void {
  if (turn.state.end) return;
  if (turn.state.cancelling) {
    const { by, reason, rollback } = turn.state.cancelling;
    if (turn.state.active > 0 || (rollback && turn.state.paused)) return;
    if (!rollback) return failRun(turn, 'cancelled', by);
    startRollback(turn, by, reason);
  }
  if (turn.state.rollback) {
    if (turn.state.active === 0) settleRollback(turn);
    return;
  }
  const undone = settleOrders(turn);
  const failed = unhandledFailure(turn.state);
  if (failed) {
    if (turn.state.active > 0 || awaitsAnswer(turn.state)) return;
    const reason = reasonOf(failed.error);
    if (onFailure(turn.ctx) !== 'rollback') return failRun(turn, reason, undefined, failed.key);
    if (turn.state.paused) return;
    startRollback(turn, 'system', reason);
    settleRollback(turn);
    return;
  }
  // Paths and the end of the run depend on steps that ended, so there is nothing to look for when none did.
  const ended = new Set(undone);
  for (const event of turn.events) {
    if (event.type === 'step_confirmed' || event.type === 'step_failed') ended.add(event.step);
    if (event.type === 'step_skipped' || event.type === 'step_supplied') ended.add(event.step);
    if (event.type === 'step_copied') ended.add(event.step);
    // What ended while the run was failing has not been followed yet; what leads to steps put back has ended long ago.
    if (event.type === 'run_reopened' || event.type === 'steps_reset')
      for (const step of Object.values(turn.state.steps)) if (hasEnded(step)) ended.add(step.key);
  }
  if (ended.size === 0 && turn.events[0]?.type !== 'run_started') return;
  skipUnreachable(turn, ended);
  while (decideJoins(turn, ended)) {
    for (const key of settleOrders(turn)) ended.add(key);
    skipUnreachable(turn, ended);
  }
  takeLoops(turn, ended);
  if (activeOrders(turn.state).length > 0) return;
  const steps = rootInstances(turn.state, turn.ctx.graph);
  for (const { key } of steps) if (!hasEnded(stepOf(turn.state, key))) return;
  emit(turn, { type: 'run_confirmed' });
  emit(turn, { type: 'run_completed', output: outputOf(turn.ctx.graph, turn.state, steps) });
}

/** From the steps that ended now, along their paths: what can no longer be reached is skipped. */
function skipUnreachable(turn: Turn, ended: Set<StepKey>): void {
  const held = heldSteps(turn.state);
  // A set that grows while it is walked: what is skipped here is looked at in its turn.
  for (const from of ended) {
    for (const id of followersOf(turn.ctx.graph, stepIdOf(from))) {
      const key = currentKey(turn.state, scopeOfKey(from), id);
      const instance = instanceOf(turn.state, turn.ctx.graph, key);
      if (!instance || held.has(key) || isReached(turn.state, key)) continue;
      if (position(instance, turn.state, turn.ctx.graph) !== 'skipped') continue;
      emit(turn, { type: 'step_skipped', step: key }, true);
      // Behind what is still to be walked, also when it was walked before it was skipped.
      ended.delete(key);
      ended.add(key);
    }
  }
}

/** A reviewer's no is not an error: the run says `rejected`. */
function reasonOf(error: StepError): string {
  return error.code === 'rejected' ? 'rejected' : error.class;
}
