/**
 * Recovery quality of many runs: the metrics of each added up, with rates, medians and the period they are about. Adding
 * is one run at a time, so that a long history can be read in pages. Rates are shares of the runs that ended; null while
 * none did, because a share of nothing is not zero.
 */
import { figuresOf, joinDurations, noDurations, type DurationFigures, type Durations } from './durations.ts';
import type { RunMetrics } from './metrics.ts';
import type { StateWord } from './state.ts';

/** A run as the summary needs it. */
export interface MeasuredRun {
  word: StateWord;
  startedAt: number;
  endedAt?: number;
  costMicros: number;
  /** Items that wait for a person now. */
  openTasks: number;
  metrics: RunMetrics;
}

export interface MetricsSummary {
  /** Runs that started in the period. */
  runs: {
    total: number;
    ended: number;
    complete: number;
    failed: number;
    rolledBack: number;
    /** Not ended yet. */
    open: number;
  };
  attempts: number;
  failures: number;
  crashes: number;
  retries: number;
  costMicros: number;
  /** `unrecovered`: steps that failed and were not confirmed since. */
  recovery: DurationFigures & { unrecovered: number };
  repeatedSteps: number;
  repeatedEffects: { announcedAgain: number; repeated: number };
  /**
   * `runs` that turned back, all the way or to a checkpoint; `complete` and `incomplete` count how often that ended with
   * nothing and with something left. `rate`: ended runs that turned back, of all ended.
   */
  rollback: { runs: number; complete: number; incomplete: number; rate: number | null };
  /** `answers`: what people did beyond the drawn gates. `rate`: ended runs that needed it, of all ended. */
  humanRepair: { runs: number; answers: number; rate: number | null };
  /** Answered doubts; `open` ones are still in doubt, the oldest for `openLongestMs`. */
  doubt: DurationFigures & { open: number; openLongestMs: number | null };
  /** From the question to the answer; `open` items still wait. */
  people: { reviews: DurationFigures; escalations: DurationFigures; open: number };
}

/** Sums, from which the summary is read. */
export interface Tally {
  runs: MetricsSummary['runs'];
  counts: Record<Count, number>;
  durations: Record<'recovery' | 'doubt' | 'reviews' | 'escalations', Durations>;
  endedRollbacks: number;
  endedRepairs: number;
  /** Epoch milliseconds since when the oldest open doubt is one. */
  inDoubtSince?: number;
  /** Start of the first of the runs. */
  firstStartedAt?: number;
}

type Count =
  | 'attempts'
  | 'failures'
  | 'crashes'
  | 'retries'
  | 'costMicros'
  | 'repeatedSteps'
  | 'announcedAgain'
  | 'repeated'
  | 'unrecovered'
  | 'inDoubt'
  | 'openTasks'
  | 'rollbackRuns'
  | 'rolledBack'
  | 'incomplete'
  | 'repairRuns'
  | 'repairs';

export const emptyTally: Tally = {
  runs: { total: 0, ended: 0, complete: 0, failed: 0, rolledBack: 0, open: 0 },
  counts: {
    attempts: 0,
    failures: 0,
    crashes: 0,
    retries: 0,
    costMicros: 0,
    repeatedSteps: 0,
    announcedAgain: 0,
    repeated: 0,
    unrecovered: 0,
    inDoubt: 0,
    openTasks: 0,
    rollbackRuns: 0,
    rolledBack: 0,
    incomplete: 0,
    repairRuns: 0,
    repairs: 0,
  },
  durations: { recovery: noDurations, doubt: noDurations, reviews: noDurations, escalations: noDurations },
  endedRollbacks: 0,
  endedRepairs: 0,
};

export function addRun(tally: Tally, run: MeasuredRun): Tally {
  const { metrics, word, startedAt } = run;
  const ended = run.endedAt === undefined ? 0 : 1;
  const wasTurnedBack = metrics.rollbacks > 0 ? 1 : 0;
  const wasRepaired = metrics.repairs > 0 ? 1 : 0;
  const doubts = Object.values(metrics.inDoubtSince);
  const inDoubtSince = Math.min(tally.inDoubtSince ?? Infinity, ...doubts);
  const { counts, durations, runs } = tally;
  return {
    runs: {
      total: runs.total + 1,
      ended: runs.ended + ended,
      complete: runs.complete + (word === 'complete' ? 1 : 0),
      failed: runs.failed + (word === 'failed' ? 1 : 0),
      rolledBack: runs.rolledBack + (word === 'rolled_back' ? 1 : 0),
      open: runs.open + 1 - ended,
    },
    counts: {
      attempts: counts.attempts + metrics.attempts,
      failures: counts.failures + metrics.failures,
      crashes: counts.crashes + metrics.crashes,
      retries: counts.retries + metrics.retries,
      costMicros: counts.costMicros + run.costMicros,
      repeatedSteps: counts.repeatedSteps + metrics.repeatedSteps,
      announcedAgain: counts.announcedAgain + metrics.effectsAnnouncedAgain,
      repeated: counts.repeated + metrics.effectsRepeated,
      unrecovered: counts.unrecovered + Object.keys(metrics.unrecoveredSince).length + metrics.unrecoveredMore,
      inDoubt: counts.inDoubt + doubts.length,
      openTasks: counts.openTasks + run.openTasks,
      rollbackRuns: counts.rollbackRuns + wasTurnedBack,
      rolledBack: counts.rolledBack + metrics.rolledBack,
      incomplete: counts.incomplete + metrics.rollbacksIncomplete,
      repairRuns: counts.repairRuns + wasRepaired,
      repairs: counts.repairs + metrics.repairs,
    },
    durations: {
      recovery: joinDurations(durations.recovery, metrics.recovery),
      doubt: joinDurations(durations.doubt, metrics.doubt),
      reviews: joinDurations(durations.reviews, metrics.reviews),
      escalations: joinDurations(durations.escalations, metrics.escalations),
    },
    endedRollbacks: tally.endedRollbacks + ended * wasTurnedBack,
    endedRepairs: tally.endedRepairs + ended * wasRepaired,
    firstStartedAt: Math.min(tally.firstStartedAt ?? startedAt, startedAt),
    ...(inDoubtSince === Infinity ? {} : { inDoubtSince }),
  };
}

/** `now`: for what is still open, epoch milliseconds. */
export function summaryOf(tally: Tally, now: number): MetricsSummary {
  const { counts, durations, runs } = tally;
  const rate = (part: number): number | null => (runs.ended === 0 ? null : part / runs.ended);
  return {
    runs,
    attempts: counts.attempts,
    failures: counts.failures,
    crashes: counts.crashes,
    retries: counts.retries,
    costMicros: counts.costMicros,
    recovery: { ...figuresOf(durations.recovery), unrecovered: counts.unrecovered },
    repeatedSteps: counts.repeatedSteps,
    repeatedEffects: { announcedAgain: counts.announcedAgain, repeated: counts.repeated },
    rollback: {
      runs: counts.rollbackRuns,
      complete: counts.rolledBack,
      incomplete: counts.incomplete,
      rate: rate(tally.endedRollbacks),
    },
    humanRepair: { runs: counts.repairRuns, answers: counts.repairs, rate: rate(tally.endedRepairs) },
    doubt: {
      ...figuresOf(durations.doubt),
      open: counts.inDoubt,
      openLongestMs: tally.inDoubtSince === undefined ? null : Math.max(0, now - tally.inDoubtSince),
    },
    people: {
      reviews: figuresOf(durations.reviews),
      escalations: figuresOf(durations.escalations),
      open: counts.openTasks,
    },
  };
}
