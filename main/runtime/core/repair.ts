/**
 * What people do to a run that goes wrong: pause it and let it go on, try again from a step that failed, or give a
 * step's result themselves. History is only appended, nothing that succeeded runs again, and no effect is announced a
 * second time while nobody knows about the first, or after it is known to have happened.
 */
import type { StepKey } from '../../../shared/run/events.ts';
import { effectsOfGeneration } from '../../../shared/run/changes.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import {
  heldSteps,
  isDone,
  isOpen,
  stepOf,
  taskOf,
  type EffectState,
  type StepState,
  type TaskState,
  type RunState,
} from '../../../shared/run/state.ts';
import type { Command, Refusal } from './commands.ts';
import { putInDoubt, unsettledEffect } from './effects.ts';
import { instanceOf, rootInstances } from './instances.ts';
import { loopAtLimit, loopLimitError } from './loops.ts';
import { hasEnded, isUnhandled } from './paths.ts';
import { isSkippable } from './reviewers.ts';
import { decideTask, refuseDecision, whyClosed } from './task.ts';
import { emit, graphStep, stepState, type Turn } from './turn.ts';
import { readAgain } from './unchanged-since.ts';

type Pause = Pick<Extract<Command, { type: 'pause_run' }>, 'by' | 'reason'>;
type Retry = Extract<Command, { type: 'retry_step' }>;
type Skip = Extract<Command, { type: 'skip_step' }>;

export function pauseRun(turn: Turn, { by, reason }: Pause): Refusal | undefined {
  const { end, cancelling, paused } = turn.state;
  if (end || cancelling) return { code: 'conflict', message: whyClosed(turn.state) };
  if (paused) return { code: 'conflict', message: `The run was already paused by ${paused.by}` };
  emit(turn, { type: 'run_paused', by, ...(reason === undefined ? {} : { reason }) });
  return undefined;
}

export function resumeRun(turn: Turn, { by, reason }: Pause): Refusal | undefined {
  if (!turn.state.paused) return { code: 'conflict', message: 'The run is not paused' };
  emit(turn, { type: 'run_resumed', by, ...(reason === undefined ? {} : { reason }) });
  return undefined;
}

export function retryStep(turn: Turn, command: Retry): Refusal | undefined {
  const { step: key, by, reason } = command;
  const step = stepOf(turn.state, key);
  const refusal = refuseRepair(turn, key) ?? refuseDoubt(turn, key);
  if (refusal) return refusal;
  const asked = openTasks(turn, key).find((task) => task.kind === 'escalation');
  if (asked) {
    const answer = { type: 'decide_task', taskId: asked.taskId, answer: 'retry', by } as const;
    return decideTask(turn, { ...answer, ...(reason === undefined ? {} : { reason }) });
  }
  const failed = Object.values(turn.state.steps).filter(isUnhandled);
  const stale = new Set(failed.flatMap((one) => (wasStale(turn.state, one.key) ? [one.key] : [])));
  if (step?.status !== 'failed') {
    return { code: 'conflict', message: `Step ${key} has not failed, so there is nothing to try again` };
  }
  const closed =
    refuseEnded(key, step) ??
    refuseHappened(turn, key, 'give its result with skip, roll the run back, or fork it') ??
    reopenRun(turn, key, command);
  if (closed) return closed;
  for (const { node, key: tried } of rootInstances(turn.state, turn.ctx.graph))
    if (stale.has(tried)) readAgain(turn, node, tried, command);
  return undefined;
}

/** The last word about its change was that it relied on old data, whatever ended the step after that. */
function wasStale({ effects }: RunState, key: StepKey): boolean {
  const last = Object.values(effects).findLast(({ step }) => step === key);
  return last?.status === 'failed' && last.error?.class === 'stale';
}

export function skipStep(turn: Turn, command: Skip): Refusal | undefined {
  const { step: key, by, reason, output, ports } = command;
  const step = stepOf(turn.state, key);
  const refusal = refuseRepair(turn, key) ?? refuseDoubt(turn, key);
  if (refusal) return refusal;
  if (step && unsettledEffect(turn.state, key)) {
    return { code: 'conflict', message: `What ${key} announced may still happen; it must be settled first` };
  }
  if (step?.status === 'running') return { code: 'conflict', message: `Step ${key} is running; wait for its end` };
  if (step?.status === 'open')
    return { code: 'conflict', message: `Items of ${key} are under way; wait for their end` };
  if (step && hasEnded(step)) return refuseEnded(key, step);
  const node = graphStep(turn.ctx, key);
  if (node && !isSkippable(node.step)) {
    const message = `Step ${key} is reviewed by several people, or not by everybody; skipping it would pass them over`;
    return { code: 'refused', message };
  }
  const loop = node && loopAtLimit(turn.state, node, key, ({ from }) => ports.includes(from.port));
  if (loop) return { code: 'conflict', message: loopLimitError(turn.ctx, turn.state, key, loop).message };
  if (step?.status === 'failed') {
    const closed = reopenRun(turn, key, command);
    if (closed) return closed;
  }
  const said = { by, verified: command.verified === true, ...(reason === undefined ? {} : { reason }) };
  for (const { taskId, kind } of openTasks(turn, key)) {
    if (kind === 'escalation') emit(turn, { type: 'escalation_decided', step: key, taskId, answer: 'skip', ...said });
  }
  emit(turn, { type: 'step_supplied', step: key, output, ports, ...said });
  return undefined;
}

/** The same as an answer to the item that asks what to do with the step. */
export function skipByTask(turn: Turn, command: Extract<Command, { type: 'decide_task' }>): Refusal | undefined {
  const { taskId, value, ports = ['out'], by, reason } = command;
  const task = taskOf(turn.state, taskId);
  if (!task) return { code: 'not_found', message: `There is no item ${taskId} in this run` };
  const refusal = refuseDecision(turn, task, command);
  if (refusal) return refusal;
  if (value === undefined) return { code: 'refused', message: 'Give the result that the step should have' };
  const said = {
    by,
    ...(command.verified ? { verified: true } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
  return skipStep(turn, { type: 'skip_step', step: task.step, output: value, ports, ...said });
}

function refuseRepair(turn: Turn, key: StepKey): Refusal | undefined {
  const { end, cancelling, rollback } = turn.state;
  if (isUndoKey(key) || !instanceOf(turn.state, turn.ctx.graph, key)) {
    return { code: 'not_found', message: `There is no step ${key} in the version this run is pinned to` };
  }
  if (heldSteps(turn.state).has(key)) {
    return { code: 'conflict', message: `What ${key} changed is being undone; wait for the end of that` };
  }
  if (rollback) return { code: 'conflict', message: 'The run was turned back; fork it to go forward again' };
  if (end === 'complete') return { code: 'conflict', message: whyClosed(turn.state) };
  if (cancelling && !end) return { code: 'conflict', message: whyClosed(turn.state) };
  return undefined;
}

/** Until a person has said whether it happened, doing it again could do it twice. */
function refuseDoubt(turn: Turn, key: StepKey): Refusal | undefined {
  const effect = effectOfStep(turn, key);
  if (effect?.status !== 'in_doubt') return undefined;
  const asked = openTasks(turn, key).find((task) => task.kind === 'in_doubt');
  const how = asked ? `answer the item ${asked.taskId} first` : 'roll the run back to settle it';
  return { code: 'conflict', message: `Nobody knows whether ${effect.target} happened; ${how}` };
}

function refuseHappened(turn: Turn, key: StepKey, instead: string): Refusal | undefined {
  const effect = effectOfStep(turn, key);
  if (!effect || !isDone(effect)) return undefined;
  const part = effect.status === 'confirmed' ? '' : ' in part';
  const message = `${effect.target} of ${key} has happened${part}; trying again would do it twice: ${instead}`;
  return { code: 'conflict', message };
}

function refuseEnded(key: StepKey, { status, ports }: StepState): Refusal | undefined {
  if (status !== 'failed') return { code: 'conflict', message: `Step ${key} has ended (${status})` };
  const [port] = ports;
  return port === undefined
    ? undefined
    : { code: 'conflict', message: `Step ${key} has ended; the run went on along its path "${port}"` };
}

/** The run goes on from here. Other steps that ended with this one begin again too, so they must be able to. */
function reopenRun(turn: Turn, key: StepKey, { by, reason }: Pause): Refusal | undefined {
  const others = Object.values(turn.state.steps).filter((step) => isUnhandled(step) && step.key !== key);
  for (const other of others) {
    const refusal = refuseHappened(turn, other.key, 'give its result with skip first');
    if (refusal) return refusal;
  }
  emit(turn, { type: 'run_reopened', step: key, by, ...(reason === undefined ? {} : { reason }) });
  for (const other of others) {
    const effect = effectOfStep(turn, other.key);
    if (effect?.status === 'in_doubt') putInDoubt(turn, effect, 'the run goes on, so it must be known');
  }
  return undefined;
}

/** What the step announced for what it is to do now; a change of an earlier generation is over. */
function effectOfStep(turn: Turn, key: StepKey): EffectState | undefined {
  return effectsOfGeneration(turn.state, stepState(turn, key))[0];
}

function openTasks(turn: Turn, key: StepKey): TaskState[] {
  return Object.values(turn.state.tasks).filter((task) => task.step === key && isOpen(task));
}
