/**
 * The fold: `evolve(state, event)` is the only place that knows what an event means for a run's state.
 * Runtime, recovery, replay, time travel and every screen use this same function. It is total: it never throws,
 * and an event about something unknown changes nothing but the sequence number. States are never mutated.
 */
import {
  addTask,
  approveTask,
  askForUndo,
  changeEffect,
  changeKnownEffect,
  changeStep,
  closeTasks,
  decideReview,
  endAttempt,
  endRun,
  initialState,
  markRolledBack,
  pauseOrResume,
  pauseTotalTime,
  releaseAttempt,
  reopen,
  settleEffect,
  spentOf,
  supplyStep,
  turnBack,
  watchWait,
  useSignal,
  withCost,
} from './changes.ts';
import { beginWaiting, endWaiting } from './dependency-wait.ts';
import { changeChild, startChild } from './child.ts';
import type { RunEvent } from './events.ts';
import { decideEscalation } from './decided.ts';
import { changeFlow } from './items.ts';
import { copyStep, startRun } from './fork.ts';
import { isUndoKey } from './keys.ts';
import { measure } from './metrics.ts';
import { changePeriod, isUsageKnown, reserve, settle } from './spend.ts';
import type { RunState } from './state.ts';
import { taskOf } from './state.ts';
import { endOrder, giveOrder, resetSteps } from './undo.ts';
import { without } from './without.ts';
import { withRunWord, withStepWord } from './words.ts';

export function evolve(state: RunState | undefined, event: RunEvent): RunState {
  const before = state ?? initialState(event.runId, event.at);
  const saved = event.lazy || before.savedSeq === before.lastSeq ? before : confirmProvisional(before, event.at);
  const after = apply(saved, event);
  const savedSeq = event.lazy ? before.savedSeq : event.seq;
  return withRunWord({ ...after, metrics: measure(saved, event), lastSeq: event.seq, savedSeq }, event);
}

/** Folds a whole journal; undefined when it is empty. */
export function foldRun(events: readonly RunEvent[]): RunState | undefined {
  let state: RunState | undefined;
  for (const event of events) state = evolve(state, event);
  return state;
}

/** A durable event takes everything before it to disk: what was done but not saved is confirmed now. */
function confirmProvisional(state: RunState, at: number): RunState {
  const provisional = Object.values(state.steps).filter((step) => step.provisional);
  if (provisional.length === 0) return state;
  const steps = { ...state.steps };
  for (const step of provisional) steps[step.key] = withStepWord({ ...step, provisional: false }, { at });
  return { ...state, steps };
}

function apply(state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'run_started':
      return startRun(state, event);
    case 'attempt_started': {
      const started = changeStep(state, event, (step) => ({
        ...without(step, 'error'),
        ...(event.awakeMs === undefined ? {} : { awakeSince: step.awakeSince ?? event.awakeMs }),
        status: 'running',
        config: event.config,
        firstStartedAt: step.firstStartedAt ?? event.at,
        attempts: [
          ...step.attempts,
          {
            attempt: event.attempt,
            startedAt: event.at,
            costMicros: 0,
            ...(event.repeated ? { repeated: true } : {}),
            ...(event.reserved ? { reserved: event.reserved } : {}),
            ...(event.dependency === undefined ? {} : { dependency: event.dependency }),
            ...(event.callDigest === undefined ? {} : { callDigest: event.callDigest }),
          },
        ],
      }));
      return reserve({ ...started, repeated: state.repeated + (event.repeated ? 1 : 0) }, event.at, event.reserved);
    }
    case 'heartbeat_recorded':
      return changeStep(state, event, (step) => ({ ...step, heartbeat: event.payload }));
    case 'attempt_succeeded': {
      const ended = changeStep(settle(state, event), event, (step) => ({
        ...endAttempt(releaseAttempt(without(step, 'heartbeat', 'version'), event.attempt), event.attempt, {
          endedAt: event.at,
          outcome: 'succeeded',
          ...(event.reusedFrom ? { reusedFrom: event.reusedFrom } : {}),
          ...spentOf(event),
        }),
        status: 'succeeded',
        output: event.output,
        ports: event.ports,
        ...(event.version ? { version: event.version } : {}),
      }));
      return withCost(ended, event);
    }
    case 'attempt_failed': {
      const ended = changeStep(settle(state, event), event, (step) => ({
        ...endAttempt(isUsageKnown(event) ? releaseAttempt(step, event.attempt) : step, event.attempt, {
          endedAt: event.at,
          outcome: 'failed',
          error: event.error,
          ...spentOf(event),
        }),
        status: 'ready',
        error: event.error,
      }));
      return withCost(ended, event);
    }
    case 'attempt_abandoned':
      return changeStep(
        state,
        event,
        (step) => ({
          ...endAttempt(step, event.attempt, { endedAt: event.at, outcome: 'abandoned' }),
          status: 'ready',
        }),
        'crashed',
      );
    case 'retry_scheduled': {
      const scheduled = changeStep(
        state,
        event,
        (step) => {
          const retries = [...step.retries];
          retries[event.retrier] = (retries[event.retrier] ?? 0) + 1;
          return { ...step, status: 'retry', dueAt: event.dueAt, retries: Array.from(retries, (used) => used ?? 0) };
        },
        'retry',
      );
      return { ...scheduled, retriesUsed: state.retriesUsed + 1 };
    }
    case 'timer_set':
      return changeStep(
        state,
        event,
        (step) => ({ ...step, status: 'timer', dueAt: event.dueAt, output: event.output }),
        'timer',
      );
    case 'child_started':
      return startChild(state, event);
    case 'child_changed':
      return changeChild(state, event);
    case 'signal_awaited':
      return changeStep(
        state,
        event,
        (step) => ({
          ...step,
          status: 'signal',
          awaits: event.name,
          ...(event.dueAt === undefined ? {} : { dueAt: event.dueAt }),
        }),
        'signal',
      );
    case 'signal_received': {
      const { id, name, data, by, at } = event;
      return { ...state, signals: [...(state.signals ?? []), { id, name, data, by, at }] };
    }
    case 'signal_used':
      return useSignal(state, event);
    case 'effect_intended':
      return changeEffect(state, event.key, (effect) => ({
        ...(effect ?? {
          key: event.key,
          step: event.step,
          ordinal: event.ordinal,
          generation: event.generation,
          class: event.class,
          target: event.target,
          requestDigest: event.requestDigest,
          request: event.request ?? null,
          intendedAt: event.at,
          ...(event.undoes === undefined ? {} : { undoes: event.undoes }),
          ...(event.basedOn ? { basedOn: event.basedOn } : {}),
        }),
        attempts: (effect?.attempts ?? 0) + 1,
        status: 'intended',
        ...(effect?.status === 'intended' || effect?.status === 'in_doubt' ? { mayHaveHappened: true } : {}),
      }));
    case 'effect_confirmed':
      return settleEffect(state, event, 'confirmed');
    case 'effect_failed':
      return settleEffect(state, event, 'failed');
    case 'effect_partly_applied':
      return settleEffect(state, event, 'partly_applied');
    case 'effect_in_doubt':
      return changeKnownEffect(state, event.key, (effect) => ({ ...effect, status: 'in_doubt' }));
    case 'effect_settled':
      return askForUndo(settleEffect(state, event, event.happened ? 'confirmed' : 'failed'), event);
    case 'gate_opened':
      return addTask(
        changeStep(state, event, (step) => ({ ...pauseTotalTime(step, event.awakeMs), status: 'review' }), 'review'),
        {
          taskId: event.taskId,
          kind: 'review',
          step: event.step,
          owner: event.owner,
          openedAt: event.at,
          allow: event.allow,
          gate: event.gate,
          ...(event.backTo === undefined ? {} : { backTo: event.backTo }),
          causes: event.causes,
          shown: event.shown,
          digest: event.digest,
          ...(event.quorum === undefined ? {} : { quorum: event.quorum }),
          ...(event.notBy === undefined ? {} : { notBy: event.notBy }),
          ...(event.dueAt === undefined ? {} : { dueAt: event.dueAt }),
        },
      );
    case 'gate_approved':
    case 'gate_edited':
      return approveTask(state, event);
    case 'gate_decided':
      return decideReview(state, event);
    case 'escalation_opened':
      return addTask(
        event.isWait
          ? watchWait(state, event, (watch) => watch && { ...watch, taskId: event.taskId })
          : changeStep(state, event, (step) => ({ ...step, status: 'escalated' }), event.cause ?? event.on),
        {
          taskId: event.taskId,
          kind: event.effectKey === undefined ? 'escalation' : 'in_doubt',
          step: event.step,
          owner: event.owner,
          openedAt: event.at,
          allow: event.allow,
          on: event.on,
          message: event.message,
          ...(event.effectKey === undefined ? {} : { effectKey: event.effectKey }),
          ...(event.pausesRun ? { pausesRun: true } : {}),
          ...(event.place === undefined ? {} : { place: event.place }),
          ...(event.dueAt === undefined ? {} : { dueAt: event.dueAt }),
          ...(event.isWait ? { isWait: true } : {}),
          ...(event.rule === undefined ? {} : { rule: event.rule }),
          ...(event.limit ? { limit: event.limit } : {}),
          ...(event.cause === undefined ? {} : { cause: event.cause }),
          ...(event.loop === undefined ? {} : { loop: event.loop }),
          ...(event.duplicate ? { duplicate: event.duplicate } : {}),
        },
      );
    case 'wait_limited':
      return watchWait(state, event, () => ({ dueAt: event.dueAt, rule: event.rule }));
    case 'task_escalated': {
      const task = taskOf(state, event.taskId);
      if (!task) return state;
      const { dueAt: _due, ...rest } = task;
      const { owner, rung, dueAt } = event;
      return addTask(
        task.isWait ? state : changeStep(state, event, (step) => ({ ...step, status: 'escalated' }), 'review_overdue'),
        { ...rest, owner, rung, ...(dueAt === undefined ? {} : { dueAt }) },
      );
    }
    case 'escalation_decided':
      return decideEscalation(state, event);
    case 'dependency_waited':
      return beginWaiting(state, event);
    case 'dependency_resumed':
      return endWaiting(state, event);
    case 'budget_warning':
      return event.period === undefined
        ? { ...state, warned: { ...state.warned, [event.rule]: event.limit } }
        : changePeriod(state, event.period, { warnedMicros: event.limit });
    case 'map_opened':
    case 'item_ended':
    case 'loop_taken':
      return changeFlow(state, event);
    case 'step_confirmed': {
      const confirmed = changeStep(state, event, (step) => ({
        ...step,
        status: 'confirmed',
        ports: event.ports,
        provisional: event.lazy === true,
      }));
      return isUndoKey(event.step) ? markRolledBack(confirmed, event) : confirmed;
    }
    case 'step_skipped':
      return changeStep(state, event, (step) => ({ ...step, status: 'skipped' }));
    case 'step_failed':
      return changeStep(
        closeTasks(state, event.at, event.step),
        event,
        (step) => ({
          ...step,
          status: 'failed',
          error: event.error,
          ports: event.ports,
          ...(event.byRule ? { byRule: true } : {}),
          ...(event.tolerated ? { tolerated: true } : {}),
        }),
        event.error.class,
      );
    case 'step_supplied':
      return supplyStep(state, event);
    case 'step_copied':
      return copyStep(state, event);
    case 'run_paused':
    case 'run_resumed':
      return pauseOrResume(state, event);
    case 'run_reopened':
      return reopen(state, event);
    case 'cancel_requested':
      return {
        ...state,
        cancelling: {
          by: event.by,
          ...(event.reason === undefined ? {} : { reason: event.reason }),
          ...(event.rollback ? { rollback: true } : {}),
        },
      };
    case 'rollback_started':
      return turnBack(state, event);
    case 'run_rolled_back':
      return endRun(state, { end: 'rolled_back', endedAt: event.at, openEffects: 0 });
    case 'undo_ordered':
      return giveOrder(state, event);
    case 'undo_finished':
      return endOrder(state, event);
    case 'steps_reset':
      return resetSteps(state, event);
    case 'run_confirmed':
      return { ...state, allConfirmed: true };
    case 'run_completed':
      return endRun(state, { end: 'complete', endedAt: event.at, output: event.output });
    case 'run_failed':
      return endRun(state, {
        end: 'failed',
        endedAt: event.at,
        reason: event.reason,
        openEffects: event.openEffects,
      });
    default:
      return state;
  }
}
