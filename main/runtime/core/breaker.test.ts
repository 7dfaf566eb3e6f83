/** The circuit breaker of one dependency: what opens it, who finds out, and what closes it again. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { breakerPolicy, defaultBreaker, dependencyWord, type DependencyState } from '../../../shared/run/dependency.ts';
import { errorClasses } from '../../../shared/run/errors.ts';
import type { RunEvent } from '../../../shared/run/events.ts';
import { admit, beginProbe, closed, findingOf, learn, unknownDependency, type Finding } from './breaker.ts';

const policy = { failures: 3, openMs: 1_000, longestOpenMs: 5_000 };
const failed: Finding = { says: 'failed', error: 'It did not answer' };
const answered: Finding = { says: 'answered' };
const probe = { runId: 'r', step: 'a', attempt: 1 };

/** Failures in a row from a fresh start, at moment 0. */
function after(failures: number): DependencyState {
  let state = unknownDependency('x');
  for (let count = 0; count < failures; count += 1) state = learn(state, failed, false, 0, policy);
  return state;
}

describe('A closed breaker', () => {
  test('opens after so many failures in a row, and no earlier', () => {
    expect(admit(undefined, 0, policy)).toEqual({ passes: true, isProbe: false });
    expect(admit(after(2), 0, policy)).toEqual({ passes: true, isProbe: false });
    expect(after(3)).toMatchObject({ openings: 1, openedAt: 0, openUntil: 1_000, lastError: 'It did not answer' });
    expect(admit(after(3), 999, policy)).toEqual({ passes: false, until: 1_000 });
  });

  test('begins to count anew with any answer, and does not change without a reason', () => {
    const forgiven = learn(after(2), answered, false, 5, policy);
    expect(forgiven).toMatchObject({ failures: 0, version: 3 });
    expect(learn(forgiven, answered, false, 6, policy)).toBe(forgiven);
    for (const says of ['unreached', 'nothing'] as const)
      expect(learn(forgiven, { says, error: '' } as Finding, false, 6, policy)).toBe(forgiven);
  });
});

describe('An open breaker', () => {
  test('lets exactly one attempt find out', () => {
    expect(admit(after(3), 1_000, policy)).toEqual({ passes: true, isProbe: true });
    const probing = beginProbe(after(3), probe, 1_000);
    expect(admit(probing, 1_000, policy)).toEqual({ passes: false, until: 2_000 });
  });

  test.each([failed, { says: 'unreached', error: 'Refused' } as const])(
    'stays open twice as long after %j',
    (finding) => {
      let state = after(3);
      const times = [1, 2, 3, 4].map(() => {
        const from = state.openUntil ?? 0;
        state = learn(beginProbe(state, probe, from), finding, true, from, policy);
        return (state.openUntil ?? 0) - from;
      });
      expect(times).toEqual([2_000, 4_000, 5_000, 5_000]);
      expect(state).not.toHaveProperty('probe');
      expect(state.lastError).toBe(finding.error);
    },
  );

  test('is closed by the answer to the probe, and is as patient as before', () => {
    const state = learn(beginProbe(after(3), probe, 1_000), answered, true, 1_100, policy);
    expect(state).toEqual({
      name: 'x',
      version: 5,
      changedAt: 1_100,
      failures: 0,
      openings: 0,
      lastError: failed.error,
    });
    expect(admit(state, 1_100, policy)).toEqual({ passes: true, isProbe: false });
  });

  test('lets the next one find out when the probe ended for a reason of its own', () => {
    const state = learn(beginProbe(after(3), probe, 1_000), { says: 'nothing' }, true, 1_500, policy);
    expect(admit(state, 1_500, policy)).toEqual({ passes: true, isProbe: true });
  });

  test('does not listen to what began before it was opened', () => {
    for (const finding of [failed, answered]) expect(learn(after(3), finding, false, 500, policy)).toEqual(after(3));
  });

  test('is closed by a person, who is on record', () => {
    const byHand = closed(after(3), 7, 'person:ada');
    expect(byHand).toMatchObject({ failures: 0, closedBy: 'person:ada', version: 4 });
    expect(closed(byHand, 8)).toMatchObject({ closedBy: 'person:ada' });
    expect(closed(byHand, 8, 'person:grace')).toMatchObject({ closedBy: 'person:grace' });
    expect(closed(unknownDependency('x'), 9)).not.toHaveProperty('lastError');
  });
});

test('only a silent target opens it; a refused connection says that nothing was heard', () => {
  const says = errorClasses.map((errorClass) => {
    const event = { type: 'attempt_failed', error: { class: errorClass, message: 'No' } } as RunEvent;
    return [errorClass, findingOf(event)?.says];
  });
  const of = (word: string) => says.filter(([, found]) => found === word).map(([errorClass]) => errorClass);
  expect(of('failed')).toEqual(['timeout', 'unavailable']);
  expect(of('unreached')).toEqual(['not_sent']);
  expect(of('answered')).toEqual(['rate_limited', 'refused', 'invalid_output', 'stale', 'partial']);
});

test('in any order of findings one probe passes at a time, and it is never open for longer than allowed', () => {
  const step = fc.record({
    says: fc.constantFrom('answered', 'failed', 'unreached', 'nothing'),
    waitMs: fc.nat(3_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let state = unknownDependency('x');
      let now = 0;
      let row = 0;
      for (const { says, waitMs } of steps) {
        now += waitMs;
        const entry = admit(state, now, policy);
        if (!entry.passes) {
          expect(entry.until).toBeGreaterThan(now);
          expect(entry.until - now).toBeLessThanOrEqual(policy.longestOpenMs);
          continue;
        }
        expect(entry.isProbe).toBe(state.openUntil !== undefined);
        if (entry.isProbe) {
          state = beginProbe(state, probe, now);
          expect(admit(state, now, policy).passes).toBe(false);
        } else row = says === 'failed' ? row + 1 : says === 'answered' ? 0 : row;
        const before = state.version;
        state = learn(state, { says, error: 'No' } as Finding, entry.isProbe, now, policy);
        expect(state.version).toBeGreaterThanOrEqual(before);
        if (entry.isProbe && says === 'answered') row = 0;
        if (!entry.isProbe) expect(state.openUntil !== undefined).toBe(row >= policy.failures);
        expect(state).not.toHaveProperty('probe');
      }
    }),
    { numRuns: 500 },
  );
});

test('a workspace may set its own numbers, but not nonsense', () => {
  expect(breakerPolicy(undefined)).toEqual(defaultBreaker);
  expect(breakerPolicy({ failures: 2, openMs: -1, longestOpenMs: 'x' })).toEqual({ ...defaultBreaker, failures: 2 });
  expect(breakerPolicy({ openMs: 5, longestOpenMs: 9.5 })).toEqual({ ...defaultBreaker, openMs: 5 });
});

test('it has a word', () => {
  expect(dependencyWord(after(0), 0)).toBe('closed');
  expect(dependencyWord(after(3), 999)).toBe('open');
  expect(dependencyWord(after(3), 1_000)).toBe('half_open');
  expect(dependencyWord(beginProbe(after(3), probe, 5), 5)).toBe('half_open');
});
