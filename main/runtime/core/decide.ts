/**
 * `decide(state, command, ctx)`: which events a command leads to, or why it is refused. Pure: time, chance, ids and
 * hashes come in `ctx`, values of expressions come in the command. After every command the run is settled: paths that
 * can no longer be taken are skipped, and a run whose steps have all ended is reconciled and completed.
 */
import type { RunState } from '../../../shared/run/state.ts';
import { beginAttempt, finishAttempt, keyOfEffect, refuseAttempt, succeed } from './attempt.ts';
import type { Command, DecideContext, Decision, Refusal } from './commands.ts';
import { putInDoubt } from './effects.ts';
import { hasEnded, hasUnhandledFailure, position, runOutput } from './paths.ts';
import { decideTask, failRun } from './task.ts';
import { beginTurn, emit, graphStep, stepState, type Turn } from './turn.ts';

export function decide(state: RunState | undefined, command: Command, ctx: DecideContext): Decision {
  const turn = beginTurn(state, ctx);
  const refusal = handle(turn, command);
  if (refusal) return { ok: false, refusal };
  settle(turn);
  return { ok: true, events: turn.events, state: turn.state };
}

function handle(turn: Turn, command: Command): Refusal | undefined {
  switch (command.type) {
    case 'start_run': {
      if (turn.state.lastSeq > 0) return { code: 'conflict', message: 'This run has already started' };
      const { type: _type, ...body } = command;
      emit(turn, { type: 'run_started', ...body });
      return undefined;
    }
    case 'begin_attempt':
    case 'refuse_attempt': {
      const node = graphStep(turn.ctx, command.step);
      const { status } = stepState(turn, command.step);
      if (!node || turn.state.end || (status !== 'ready' && status !== 'retry')) return late(command.step);
      if (command.type === 'begin_attempt') beginAttempt(turn, node, command.step, command.prepared);
      else refuseAttempt(turn, node, command.step, command.error);
      return undefined;
    }
    case 'finish_attempt': {
      const node = graphStep(turn.ctx, command.step);
      const step = stepState(turn, command.step);
      if (!node || turn.state.end || step.status !== 'running' || step.attempts.length !== command.attempt) {
        return late(command.step);
      }
      finishAttempt(turn, node, command.step, command.attempt, command.outcome, command.checked);
      return undefined;
    }
    case 'fire_timer': {
      const node = graphStep(turn.ctx, command.step);
      const step = stepState(turn, command.step);
      const isDue = step.dueAt !== undefined && step.dueAt <= turn.ctx.now;
      if (!node || turn.state.end || step.status !== 'timer' || !isDue) return late(command.step);
      succeed(turn, node, command.step, step.attempts.length, { ok: true, output: step.output }, command.checked);
      return undefined;
    }
    case 'recover':
      recover(turn);
      return undefined;
    case 'decide_task':
      return decideTask(turn, command);
    case 'cancel_run': {
      if (turn.state.end || turn.state.cancelling) {
        return { code: 'conflict', message: `The run has already ended (${turn.state.reason ?? turn.state.word})` };
      }
      cancel(turn, command.by, command.reason);
      return undefined;
    }
  }
}

function late(step: string): Refusal {
  return { code: 'conflict', message: `Step ${step} has moved on; this came too late` };
}

/** Marks what was running when the host went away. What it means follows from the class of the step's effect. */
function recover(turn: Turn): void {
  for (const step of Object.values(turn.state.steps)) {
    if (step.status !== 'running' || turn.state.end) continue;
    emit(turn, { type: 'attempt_abandoned', step: step.key, attempt: step.attempts.length });
    const effect = turn.state.effects[keyOfEffect(turn.ctx, step.key, 1, step.generation)];
    if (effect?.status !== 'intended') continue;
    if (effect.class === 'idempotent' && !turn.state.cancelling) continue;
    putInDoubt(
      turn,
      step.key,
      effect.key,
      `Holdfast stopped in the middle: nobody knows whether ${effect.target} happened`,
    );
  }
}

/** Reading and calculating steps are let go at once; an announced effect is settled first. */
function cancel(turn: Turn, by: string, reason: string | undefined): void {
  emit(turn, { type: 'cancel_requested', by, ...(reason === undefined ? {} : { reason }) });
  for (const step of Object.values(turn.state.steps)) {
    const effect = turn.state.effects[keyOfEffect(turn.ctx, step.key, 1, step.generation)];
    if (step.status !== 'running' || effect?.status === 'intended') continue;
    const error = { class: 'cancelled' as const, message: 'The run was cancelled' };
    emit(turn, { type: 'attempt_failed', step: step.key, attempt: step.attempts.length, error });
  }
}

function settle(turn: Turn): void {
  if (turn.state.end) return;
  if (turn.state.cancelling) {
    if (turn.state.active === 0) failRun(turn, 'cancelled', turn.state.cancelling.by);
    return;
  }
  skipUnreachable(turn);
  if (hasUnhandledFailure(turn.state)) {
    if (turn.state.active === 0) failWithCause(turn);
    return;
  }
  const { steps } = turn.ctx.graph;
  if ([...steps.keys()].every((id) => hasEnded(turn.state.steps[id]))) {
    emit(turn, { type: 'run_confirmed' });
    emit(turn, { type: 'run_completed', output: runOutput(turn.ctx.graph, turn.state) });
  }
}

function skipUnreachable(turn: Turn): void {
  for (let changed = true; changed;) {
    changed = false;
    for (const node of turn.ctx.graph.steps.values()) {
      if (turn.state.steps[node.id] || position(node, turn.state) !== 'skipped') continue;
      emit(turn, { type: 'step_skipped', step: node.id }, true);
      changed = true;
    }
  }
}

function failWithCause(turn: Turn): void {
  const failed = Object.values(turn.state.steps).find((step) => step.status === 'failed' && step.ports.length === 0);
  const error = failed?.error;
  failRun(turn, error?.code === 'rejected' ? 'rejected' : (error?.class ?? 'code'), undefined, failed?.key);
}
