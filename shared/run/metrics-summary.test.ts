/** Many runs: lengths are counted to two digits, rates are of ended runs, and the order of adding does not matter. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDuration, figuresOf, joinDurations, noDurations, type Durations } from './durations.ts';
import { noMetrics } from './metrics.ts';
import { addRun, emptyTally, summaryOf, type MeasuredRun } from './metrics-summary.ts';

const durationsOf = (lengths: readonly number[]): Durations =>
  lengths.reduce((sum, ms) => addDuration(sum, 1_000, 1_000 + ms), noDurations);

describe('Lengths', () => {
  test.each([
    [0, '0'],
    [7, '7'],
    [99, '99'],
    [104, '100'],
    [105, '110'],
    [996, '1000'],
    [12_345, '12000'],
    [86_400_000, '86000000'],
  ])('%d ms are kept as %s', (ms, length) => {
    expect(durationsOf([ms])).toEqual({ count: 1, totalMs: ms, longestMs: ms, lengths: { [length]: 1 } });
  });

  test('are never negative, whatever the clock did', () => {
    expect(addDuration(noDurations, 5_000, 1_000)).toEqual({ count: 1, totalMs: 0, longestMs: 0, lengths: { '0': 1 } });
  });

  test('of nothing have no figures', () => {
    expect(figuresOf(noDurations)).toEqual({ count: 0, totalMs: 0, medianMs: null, p95Ms: null, longestMs: null });
    expect(joinDurations(durationsOf([3]), noDurations)).toEqual(durationsOf([3]));
  });

  test('give the nearest rank, and nothing longer than the longest', () => {
    expect(figuresOf(durationsOf([996]))).toMatchObject({ medianMs: 996, p95Ms: 996, longestMs: 996 });
    const hundred = durationsOf(Array.from({ length: 100 }, (_, index) => (index + 1) * 10));
    expect(figuresOf(hundred)).toEqual({ count: 100, totalMs: 50_500, medianMs: 500, p95Ms: 950, longestMs: 1_000 });
    expect(figuresOf(durationsOf([1, 2])).medianMs).toBe(1);
  });

  test('are right to within 5 % and may be joined in any order', () => {
    const lengths = fc.array(fc.nat(10_000_000), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(lengths, lengths, (one, other) => {
        const all = [...one, ...other].toSorted((a, b) => a - b);
        const joined = joinDurations(durationsOf(one), durationsOf(other));
        expect(joined).toEqual(joinDurations(durationsOf(other), durationsOf(one)));
        expect(joined).toEqual(durationsOf(all));
        for (const [share, found] of [
          [0.5, figuresOf(joined).medianMs],
          [0.95, figuresOf(joined).p95Ms],
        ] as const) {
          const exact = all[Math.ceil(share * all.length) - 1] ?? 0;
          expect(Math.abs((found ?? -1) - exact)).toBeLessThanOrEqual(exact * 0.05);
        }
      }),
    );
  });
});

const at = 1_800_000_000_000;
const good: MeasuredRun = {
  word: 'complete',
  startedAt: at,
  endedAt: at + 10,
  costMicros: 5,
  openTasks: 0,
  metrics: { ...noMetrics, attempts: 3 },
};
const repaired: MeasuredRun = {
  ...good,
  startedAt: at - 500,
  metrics: {
    ...noMetrics,
    attempts: 4,
    failures: 1,
    crashes: 1,
    retries: 1,
    repeatedSteps: 1,
    unrecoveredSince: { b: at },
    effectsAnnouncedAgain: 2,
    effectsRepeated: 1,
    repairs: 2,
    recovery: durationsOf([400]),
    doubt: durationsOf([50, 70]),
    reviews: durationsOf([9]),
    escalations: durationsOf([8]),
  },
};
const undone: MeasuredRun = {
  ...good,
  word: 'rolled_back',
  metrics: { ...noMetrics, rollbacks: 2, rolledBack: 1, rollbacksIncomplete: 1 },
};
const left: MeasuredRun = {
  ...good,
  word: 'failed',
  metrics: { ...noMetrics, rollbacks: 1, rollbacksIncomplete: 1, inDoubtSince: { k1: at - 3_000, k2: at - 7_000 } },
};
const { endedAt: _endedAt, ...going } = good;
const open: MeasuredRun = {
  ...going,
  word: 'escalated',
  openTasks: 2,
  metrics: {
    ...noMetrics,
    rollbacks: 1,
    repairs: 1,
    unrecoveredSince: { a: at },
    unrecoveredMore: 3,
    inDoubtSince: { k3: at - 1_000 },
  },
};

const summary = (...runs: MeasuredRun[]) => summaryOf(runs.reduce(addRun, emptyTally), at);

describe('A summary', () => {
  test('of nothing has no rates', () => {
    expect(summary()).toMatchObject({
      runs: { total: 0, ended: 0, open: 0 },
      rollback: { runs: 0, rate: null },
      humanRepair: { runs: 0, rate: null },
      doubt: { count: 0, open: 0, openLongestMs: null },
    });
    expect(summary(open)).toMatchObject({
      runs: { total: 1, ended: 0, open: 1 },
      rollback: { runs: 1, complete: 0, incomplete: 0, rate: null },
      humanRepair: { runs: 1, answers: 1, rate: null },
    });
  });

  test('adds up what each run tells, with rates over the ended ones', () => {
    expect(summary(good, repaired, undone, left, open)).toEqual({
      runs: { total: 5, ended: 4, complete: 2, failed: 1, rolledBack: 1, open: 1 },
      attempts: 7,
      failures: 1,
      crashes: 1,
      retries: 1,
      costMicros: 25,
      recovery: { count: 1, totalMs: 400, medianMs: 400, p95Ms: 400, longestMs: 400, unrecovered: 5 },
      repeatedSteps: 1,
      repeatedEffects: { announcedAgain: 2, repeated: 1 },
      rollback: { runs: 3, complete: 1, incomplete: 2, rate: 0.5 },
      humanRepair: { runs: 2, answers: 3, rate: 0.25 },
      doubt: { count: 2, totalMs: 120, medianMs: 50, p95Ms: 70, longestMs: 70, open: 3, openLongestMs: 7_000 },
      people: {
        reviews: { count: 1, totalMs: 9, medianMs: 9, p95Ms: 9, longestMs: 9 },
        escalations: { count: 1, totalMs: 8, medianMs: 8, p95Ms: 8, longestMs: 8 },
        open: 2,
      },
    });
  });

  test('does not depend on the order, and knows the first start', () => {
    const runs = [good, repaired, undone, left, open];
    const tally = runs.reduce(addRun, emptyTally);
    expect(runs.toReversed().reduce(addRun, emptyTally)).toEqual(tally);
    expect(tally.firstStartedAt).toBe(at - 500);
  });

  test('does not let a doubt of the future count', () => {
    expect(summaryOf(addRun(emptyTally, left), at - 60_000).doubt.openLongestMs).toBe(0);
  });
});
