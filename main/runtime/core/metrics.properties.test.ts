/**
 * Recovery quality of random lives: what is counted while the run lives agrees with its state and its ledger at every
 * moment, and with the definitions written a second time over the whole journal.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { always, live } from '../../../test/harness/fates.ts';
import { everyStep } from '../../../shared/run/aside.ts';
import { figuresOf, type Durations } from '../../../shared/run/durations.ts';
import type { RunEvent } from '../../../shared/run/events.ts';
import type { RunState, TaskState } from '../../../shared/run/state.ts';

const patient = { timeout: 3_600_000 };

function same(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

test(
  'what is counted agrees with the state and the ledger at every moment',
  patient,
  always((graph, seed) => {
    const { core } = live(graph, seed, (life) => agrees(life.core.state(), life.core.events()));
    const { metrics, end } = core.state();
    if (end === 'rolled_back') expect(metrics.rolledBack).toBeGreaterThan(0);
    expect(metrics.rolledBack + metrics.rollbacksIncomplete).toBe(metrics.rollbacks);
    const turns = core
      .events()
      .filter(
        ({ type, ...event }) => type === 'rollback_started' || ('because' in event && event.because === 'checkpoint'),
      );
    expect(metrics.rollbacks).toBe(turns.filter(({ type }) => type !== 'steps_reset').length);
  }),
);

function agrees(state: RunState, events: readonly RunEvent[]): void {
  const { metrics, effects, tasks } = state;
  expect(metrics.attempts).toBe(sum(everyStep(state).map((step) => step.attempts.length)));
  expect(metrics.retries).toBe(state.retriesUsed);
  expect(metrics.repeatedSteps).toBe(state.repeated);
  expect(metrics.effectsAnnouncedAgain).toBe(sum(Object.values(effects).map((effect) => effect.attempts - 1)));
  const inDoubt = Object.values(effects).filter((effect) => effect.status === 'in_doubt');
  same(Object.keys(metrics.inDoubtSince).sort(), inDoubt.map((effect) => effect.key).sort());
  const decided = Object.values(tasks).filter((task) => task.decision);
  expect(metrics.reviews.count + metrics.escalations.count).toBe(decided.length);
  const answers = decided.filter((task) => task.kind !== 'review');
  const unasked = events.filter(
    (event) =>
      event.type === 'run_reopened' ||
      (event.type === 'step_supplied' && !answers.some((task) => task.step === event.step && isSkip(task))),
  );
  expect(metrics.repairs).toBe(answers.length + unasked.length);
  for (const durations of [metrics.recovery, metrics.doubt, metrics.reviews, metrics.escalations]) sound(durations);
}

const isSkip = (task: TaskState): boolean => task.decision?.answer === 'skip';

function sound(durations: Durations): void {
  const { count, totalMs, medianMs, p95Ms, longestMs } = figuresOf(durations);
  expect(sum(Object.values(durations.lengths))).toBe(count);
  if (medianMs === null || p95Ms === null || longestMs === null) return expect(totalMs).toBe(0);
  expect(0 <= medianMs && medianMs <= p95Ms && p95Ms <= longestMs && longestMs <= totalMs).toBe(true);
}

test(
  'recovery and doubt last as long as the journal says',
  patient,
  always((graph, seed) => {
    const { core } = live(graph, seed);
    const { metrics } = core.state();
    const journal = core.journal();
    const recoveries = spans(journal, {
      opens: (event) =>
        event.type === 'attempt_abandoned' || (event.type === 'attempt_failed' && event.error.class !== 'cancelled'),
      closes: (event) => event.type === 'step_confirmed' || event.type === 'step_supplied',
      of: (event) => ('step' in event ? event.step : undefined),
    });
    expect(metrics.recovery).toMatchObject(totals(recoveries));
    const doubts = spans(journal, {
      opens: (event) => event.type === 'effect_in_doubt',
      closes: (event) =>
        event.type === 'effect_settled' || event.type === 'effect_confirmed' || event.type === 'effect_failed',
      of: (event) => ('key' in event ? event.key : undefined),
    });
    expect(metrics.doubt).toMatchObject(totals(doubts));
  }),
);

/** Milliseconds from the first opening event of a thing to the next one that closes it. */
function spans(
  journal: readonly RunEvent[],
  {
    opens,
    closes,
    of,
  }: Record<'opens' | 'closes', (event: RunEvent) => boolean> & {
    of(event: RunEvent): string | undefined;
  },
): number[] {
  return journal.flatMap((closing, index) => {
    if (!closes(closing)) return [];
    const earlier = journal.slice(0, index).filter((event) => of(event) === of(closing));
    const lastClose = earlier.findLastIndex(closes);
    const opening = earlier.slice(lastClose + 1).find(opens);
    return opening ? [closing.at - opening.at] : [];
  });
}

function totals(lengths: readonly number[]): Partial<Durations> {
  return { count: lengths.length, totalMs: sum(lengths), longestMs: Math.max(0, ...lengths) };
}
