/** What a run holds reserved and has spent, by UTC day and month. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEventBody } from './events.ts';
import { foldRun } from './evolve.ts';
import { limitValueOf, runLimits } from './limits.ts';
import { addSpend, periodsOf } from './spend.ts';
import { documentOf, step } from '../../test/harness/graph.ts';

const noon = Date.UTC(2026, 10, 23, 12);
const started = {
  type: 'run_started' as const,
  workflowId: 'w',
  workflowName: 'W',
  version: 'v',
  owner: 'role:lead',
  input: null,
  env: {},
  by: 'cli',
};
const reserved = { costMicros: 100, tokens: 50 };
const begun: RunEventBody = { type: 'attempt_started', step: 'a', attempt: 1, config: {}, reserved };

function fold(...bodies: (RunEventBody & { at?: number })[]) {
  const events = [started, ...bodies].map((body, index) => ({ at: noon, ...body, runId: 'run', seq: index + 1 }));
  const state = foldRun(events);
  if (!state) throw new Error('Nothing was folded');
  return state;
}

describe('The day and month of a moment', () => {
  test('are those of UTC, for every day of six hundred years', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1601, 0, 1), max: Date.UTC(2300, 0, 1) }), (at) => {
        const day = new Date(at).toISOString().slice(0, 10);
        expect(periodsOf(at)).toEqual({ day, month: day.slice(0, 7) });
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(['2024-02-29', '2000-02-29', '2100-03-01', '2026-01-01', '2026-12-31'])('%s', (day) => {
    expect(periodsOf(Date.parse(day)).day).toBe(day);
    expect(periodsOf(Date.parse(day) + 86_399_999).day).toBe(day);
  });
});

describe('A reservation', () => {
  test('is held from the start of its attempt and let go when what it cost is known', () => {
    const held = fold(begun);
    expect(held.reserved).toEqual(reserved);
    expect(held.steps['a']?.attempts[0]?.reserved).toEqual(reserved);
    expect(held.spend).toEqual({
      '2026-11-23': { spentMicros: 0, reservedMicros: 100 },
      '2026-11': { spentMicros: 0, reservedMicros: 100 },
    });
    const settled = fold(begun, {
      type: 'attempt_succeeded',
      step: 'a',
      attempt: 1,
      output: 1,
      ports: ['out'],
      costMicros: 30,
    });
    expect(settled).not.toHaveProperty('reserved');
    expect(settled.steps['a']?.attempts[0]).not.toHaveProperty('reserved');
    expect(settled.spend?.['2026-11-23']).toEqual({ spentMicros: 30, reservedMicros: 0 });
  });

  test('settles in the day in which its attempt began', () => {
    const next = noon + 86_400_000;
    const end: RunEventBody = { type: 'attempt_succeeded', step: 'a', attempt: 1, output: 1, ports: [], costMicros: 7 };
    const state = fold(begun, { ...end, at: next } as RunEventBody);
    expect(state.spend?.['2026-11-23']).toEqual({ spentMicros: 7, reservedMicros: 0 });
    expect(state.spend?.['2026-11-24']).toBeUndefined();
  });

  test('of one call leaves that of another alone', () => {
    const state = fold(
      begun,
      { ...begun, step: 'b' } as RunEventBody,
      { type: 'attempt_succeeded', step: 'a', attempt: 1, output: 1, ports: [] },
      { type: 'attempt_succeeded', step: 'unreserved', attempt: 1, output: 1, ports: [], costMicros: 5 },
    );
    expect(state.reserved).toEqual(reserved);
    expect(state.spend?.['2026-11']).toEqual({ spentMicros: 5, reservedMicros: 100 });
  });

  test.each([
    ['timeout', undefined, 100],
    ['cancelled', undefined, 100],
    ['crashed', undefined, 100],
    ['timeout', 40, 0],
    ['unavailable', undefined, 0],
    ['not_sent', undefined, 0],
  ] as const)('after %s with a cost of %s holds %s', (errorClass, costMicros, held) => {
    const error = { class: errorClass, message: 'No' };
    const state = fold(begun, {
      type: 'attempt_failed',
      step: 'a',
      attempt: 1,
      error,
      ...(costMicros === undefined ? {} : { costMicros }),
    });
    expect(state.reserved?.costMicros ?? 0).toBe(held);
    expect(state.spend?.['2026-11-23']).toEqual({ spentMicros: costMicros ?? 0, reservedMicros: held });
  });

  test('of a call that a crash took away counts in full, also beside its repetition', () => {
    const state = fold(begun, { type: 'attempt_abandoned', step: 'a', attempt: 1 }, { ...begun, attempt: 2 });
    expect(state.reserved).toEqual({ costMicros: 200, tokens: 100 });
  });
});

test('shares are added up; what was raised or warned about is the highest', () => {
  const one = { spentMicros: 1, reservedMicros: 2, raisedMicros: 9 };
  expect(addSpend(one, { spentMicros: 10, reservedMicros: 20 })).toEqual({
    spentMicros: 11,
    reservedMicros: 22,
    raisedMicros: 9,
  });
  expect(addSpend({ ...one, warnedMicros: 3 }, { ...one, raisedMicros: 12, warnedMicros: 2 })).toMatchObject({
    raisedMicros: 12,
    warnedMicros: 3,
  });
});

test.each([
  ['costMicros', '1.50', 1_500_000],
  ['costMicros', ' 2 ', 2_000_000],
  ['costMicros', '0.000001', 1],
  ['costMicros', '1.0000001', undefined],
  ['costMicros', '1,50', undefined],
  ['costMicros', '-1', undefined],
  ['tokens', '200', 200],
  ['attempts', '1.5', undefined],
  ['wallMs', '', undefined],
  ['wallMs', '250', 250],
  ['wallMs', '90 s', 90_000],
  ['wallMs', '10min', 600_000],
  ['wallMs', '2h', 7_200_000],
  ['wallMs', '1.5 h', undefined],
] as const)('as a limit of %s “%s” is %s', (measure, text, value) => {
  expect(limitValueOf({ measure }, text)).toBe(value);
});

test('limits are listed with what is used of them, also before anything is', () => {
  const document = documentOf({ a: step() }, [], { settings: { budget: { retries: 3, perMonthMicros: 9 } } });
  expect(runLimits(fold(), { document, now: noon })).toEqual([
    { rule: '/settings/budget/retries', scope: 'run', measure: 'retries', limit: 3, used: 0, reserved: 0 },
    {
      rule: '/settings/budget/perMonthMicros',
      scope: 'month',
      measure: 'costMicros',
      limit: 9,
      used: 0,
      reserved: 0,
      period: '2026-11',
    },
  ]);
  expect(runLimits(fold(), { document: documentOf({ a: step() }), now: noon })).toEqual([]);
});
