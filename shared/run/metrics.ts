/**
 * Recovery quality of one run: what its events say about how it failed, came back, repeated, undid and needed people
 * (product document, "Measure recovery, not only completion"). `measure` is folded together with the state by `evolve`;
 * it is total, never mutates, and every number below has one exact meaning. Plain JSON, of a size that does not grow
 * with the run.
 */
import { addDuration, noDurations, type Durations } from './durations.ts';
import type { RunEvent, StepKey } from './events.ts';
import { isUndoKey } from './keys.ts';
import { effectOfKey, isOpen, orderOf, stepOf, taskOf, type RunState } from './state.ts';

export interface RunMetrics {
  /** Attempts begun, the repeated ones and those of compensations too. */
  attempts: number;
  /** Attempts that ended with an error; one that was let go because the run was cancelled is none. */
  failures: number;
  /** Attempts that were running when the host died. */
  crashes: number;
  /** Retries that a policy scheduled. */
  retries: number;
  /** Repeated steps: attempts that did again what an attempt lost in a crash had begun. */
  repeatedSteps: number;
  /**
   * Recovery time: from the first failed or lost attempt of a step to the next confirmation of that step – waiting for
   * retries and for people included. The time of a crash is when the restarted host noticed the lost attempt; the
   * journal cannot know when the old one died.
   */
  recovery: Durations;
  /** Steps that failed and were not confirmed since, ended or not: since when, epoch milliseconds. At most 100. */
  unrecoveredSince: Record<StepKey, number>;
  /** Such steps beyond those: their number alone. A confirmation of one of them is no recovery that can be measured. */
  unrecoveredMore: number;
  /** Repeated effects, safely: an effect announced once more under the key it was announced under before. */
  effectsAnnouncedAgain: number;
  /**
   * Repeated effects, really: an effect that happened although an earlier one of the same step stands confirmed and was
   * not undone. Only a decision of a person leads here: a send back or a changed request.
   */
  effectsRepeated: number;
  /** Time in doubt: from the moment nobody knew whether an effect happened to the answer, whoever gave it. */
  doubt: Durations;
  /** Effects in doubt now, by key: since when, epoch milliseconds. */
  inDoubtSince: Record<string, number>;
  /** How often the run began to undo what it changed: all of it, or back to a checkpoint. */
  rollbacks: number;
  /** How often that ended with everything undone. */
  rolledBack: number;
  /** How often that ended with something left. */
  rollbacksIncomplete: number;
  /**
   * Human repair: what people did beyond the review gates that were drawn – answers to escalations and effects in
   * doubt, runs tried again from a step, and results given for a step that nobody had asked about.
   */
  repairs: number;
  /** From the opening of a review gate to the decision. */
  reviews: Durations;
  /** From an escalation or a question about an effect in doubt to the decision. */
  escalations: Durations;
}

export const noMetrics: RunMetrics = {
  attempts: 0,
  failures: 0,
  crashes: 0,
  retries: 0,
  repeatedSteps: 0,
  recovery: noDurations,
  unrecoveredSince: {},
  unrecoveredMore: 0,
  effectsAnnouncedAgain: 0,
  effectsRepeated: 0,
  doubt: noDurations,
  inDoubtSince: {},
  rollbacks: 0,
  rolledBack: 0,
  rollbacksIncomplete: 0,
  repairs: 0,
  reviews: noDurations,
  escalations: noDurations,
};

/** `before` is the state that the event changes. */
export function measure(before: RunState, event: RunEvent): RunMetrics {
  const { metrics } = before;
  switch (event.type) {
    // A map has no attempt that could be repeated, but it begins like one.
    case 'map_opened':
      return { ...metrics, attempts: metrics.attempts + 1 };
    case 'attempt_started':
      return {
        ...metrics,
        attempts: metrics.attempts + 1,
        repeatedSteps: metrics.repeatedSteps + (event.repeated ? 1 : 0),
      };
    case 'attempt_failed':
      if (event.error.class === 'cancelled') return metrics;
      return failing(before, { ...metrics, failures: metrics.failures + 1 }, event);
    case 'attempt_abandoned':
      return failing(before, { ...metrics, crashes: metrics.crashes + 1 }, event);
    case 'retry_scheduled':
      return { ...metrics, retries: metrics.retries + 1 };
    case 'step_confirmed':
      return recovered(metrics, event);
    case 'step_supplied': {
      const ended = recovered(metrics, event);
      return isAnswer(before, event.step) ? ended : { ...ended, repairs: ended.repairs + 1 };
    }
    case 'run_reopened':
      return { ...metrics, repairs: metrics.repairs + 1 };
    case 'effect_intended':
      if (!effectOfKey(before, event.key)) return metrics;
      return { ...metrics, effectsAnnouncedAgain: metrics.effectsAnnouncedAgain + 1 };
    case 'effect_in_doubt':
      if (!effectOfKey(before, event.key) || sinceOf(metrics.inDoubtSince, event.key) !== undefined) return metrics;
      return { ...metrics, inDoubtSince: { ...metrics.inDoubtSince, [event.key]: event.at } };
    case 'effect_confirmed':
    case 'effect_partly_applied':
      return answered(before, event, true);
    case 'effect_failed':
      return answered(before, event, false);
    case 'effect_settled':
      return answered(before, event, event.happened);
    case 'gate_decided': {
      const task = taskOf(before, event.taskId);
      if (!task || !isOpen(task)) return metrics;
      return { ...metrics, reviews: addDuration(metrics.reviews, task.openedAt, event.at) };
    }
    case 'escalation_decided': {
      const task = taskOf(before, event.taskId);
      if (!task || !isOpen(task)) return metrics;
      const escalations = addDuration(metrics.escalations, task.openedAt, event.at);
      return { ...metrics, repairs: metrics.repairs + 1, escalations };
    }
    case 'rollback_started':
      return { ...metrics, rollbacks: metrics.rollbacks + 1 };
    case 'undo_ordered':
      return event.because === 'checkpoint' ? { ...metrics, rollbacks: metrics.rollbacks + 1 } : metrics;
    case 'undo_finished':
      if (orderOf(before, event.id)?.because !== 'checkpoint') return metrics;
      return event.kept.length === 0
        ? { ...metrics, rolledBack: metrics.rolledBack + 1 }
        : { ...metrics, rollbacksIncomplete: metrics.rollbacksIncomplete + 1 };
    case 'run_rolled_back':
      return { ...metrics, rolledBack: metrics.rolledBack + 1 };
    case 'run_failed':
      if (!before.rollback) return metrics;
      return { ...metrics, rollbacksIncomplete: metrics.rollbacksIncomplete + 1 };
    default:
      return metrics;
  }
}

/** The result of the step was the answer to an item, which is counted already. */
function isAnswer(before: RunState, step: StepKey): boolean {
  return Object.values(before.tasks).some((task) => task.step === step && task.decision?.answer === 'skip');
}

/** A map may fail in thousands of items; what is written with every append must stay small. */
const remembered = 100;

/** The first failure counts: what fails again on its way back has not recovered in between. */
function failing(before: RunState, metrics: RunMetrics, { step, at }: { step: StepKey; at: number }): RunMetrics {
  const { unrecoveredSince: known, unrecoveredMore } = metrics;
  if (sinceOf(known, step) !== undefined) return metrics;
  if (Object.keys(known).length < remembered) return { ...metrics, unrecoveredSince: { ...known, [step]: at } };
  const isFirst = stepOf(before, step)?.attempts.every(({ outcome }) => outcome === undefined) ?? true;
  return { ...metrics, unrecoveredMore: unrecoveredMore + (isFirst ? 1 : 0) };
}

function recovered(metrics: RunMetrics, event: { step: StepKey; at: number }): RunMetrics {
  const since = sinceOf(metrics.unrecoveredSince, event.step);
  if (since === undefined) return metrics;
  const { [event.step]: _since, ...unrecoveredSince } = metrics.unrecoveredSince;
  return { ...metrics, unrecoveredSince, recovery: addDuration(metrics.recovery, since, event.at) };
}

/** Somebody knows now what became of the effect: its target, a probe, or a person. */
function answered(before: RunState, event: { key: string; at: number }, happened: boolean): RunMetrics {
  const { metrics } = before;
  const effectsRepeated = metrics.effectsRepeated + (happened && isRepeated(before, event.key) ? 1 : 0);
  const since = sinceOf(metrics.inDoubtSince, event.key);
  if (since === undefined) return { ...metrics, effectsRepeated };
  const { [event.key]: _since, ...inDoubtSince } = metrics.inDoubtSince;
  return { ...metrics, effectsRepeated, inDoubtSince, doubt: addDuration(metrics.doubt, since, event.at) };
}

/** Ids are the analyst's words: `constructor` is one, so only own keys count. */
function sinceOf(moments: Record<string, number>, key: string): number | undefined {
  return Object.hasOwn(moments, key) ? moments[key] : undefined;
}

/** A compensation of a step that made several changes comes again too, each time for another one. */
function isRepeated(before: RunState, key: string): boolean {
  const effect = effectOfKey(before, key);
  if (!effect || effect.generation === 1 || isUndoKey(effect.step)) return false;
  return Object.values(before.effects).some(
    ({ step, ordinal, generation, status }) =>
      step === effect.step && ordinal === effect.ordinal && generation < effect.generation && status === 'confirmed',
  );
}
