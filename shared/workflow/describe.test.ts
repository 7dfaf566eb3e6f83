import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases } from '../../test/harness/size.ts';
import {
  durationText,
  effectText,
  errorText,
  gateText,
  moneyText,
  ownerText,
  retryText,
  stepLabel,
  wordText,
} from './describe.ts';
import { defaultRetry } from './marks.ts';

describe('durationText', () => {
  it.each([
    [0, '0 s'],
    [-5, '0 s'],
    [3, '3 ms'],
    [500, '0.5 s'],
    [1000, '1 s'],
    [59_999, '1 min'],
    [90_000, '1 min 30 s'],
    [3_600_000, '1 h'],
    [14_400_000, '4 h'],
    [86_400_000, '1 day'],
    [2 * 86_400_000 + 3 * 3_600_000 + 59_000, '2 days 3 h'],
  ])('%d ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it('never shows a full larger unit or a long fraction', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 * 86_400_000 }), (ms) => {
        const text = durationText(ms);
        expect(text).not.toMatch(/\b60 (s|min)|\b24 h|\.\d{3}/);
        expect(text).toMatch(/^\d+(\.\d+)? (ms|s|min|h|day|days)( \d+ (s|min|h))?$/);
      }),
      { numRuns: cases(1000) },
    );
  });
});

describe('moneyText', () => {
  it.each([
    [0, '$0.00'],
    [50_000, '$0.05'],
    [12_300, '$0.0123'],
    [450, '$0.00045'],
    [1_500_000, '$1.50'],
    [1_234_567_890_000, '$1,234,567.89'],
    [-2_000_000, '−$2.00'],
  ])('%d micros are %s', (micros, text) => {
    expect(moneyText(micros)).toBe(text);
  });

  it('puts other currencies behind', () => {
    expect(moneyText(2_500_000, 'CHF')).toBe('2.50 CHF');
  });
});

describe('words', () => {
  it('names owners, steps, effects and states', () => {
    expect(ownerText('role:finance-lead')).toBe('Finance lead');
    expect(ownerText('person:ada')).toBe('Ada');
    const document = { steps: { x: { kind: 'http', kindVersion: 1, config: {}, label: 'Send' } } };
    expect(stepLabel(document, 'x')).toBe('Send');
    expect(stepLabel(document, 'x#1')).toBe('Send');
    expect(stepLabel(document, 'each[3]/x#2')).toBe('Send (item 4, round 2)');
    expect(stepLabel(document, 'toString')).toBe('toString');
    expect(effectText('once')).toBe('Happens once');
    expect(wordText('rolled_back')).toBe('Rolled back');
  });

  it('says what a gate does', () => {
    const owner = 'role:finance-lead';
    expect(gateText({ owner, when: { any: [{ confidenceBelow: 0.8 }] } })).toBe(
      'Asks Finance lead when confidence is below 80 %',
    );
    expect(gateText({ owner, when: 'always', dueMs: 14_400_000 })).toBe(
      'Asks Finance lead every time, answer due within 4 h',
    );
    expect(
      gateText({
        owner,
        when: { any: [{ costAboveMicros: 50_000 }, { effectIn: ['once', 'probeable'] }, { expression: 'x' }] },
      }),
    ).toBe(
      'Asks Finance lead when it costs more than $0.05, its effect is “happens once or can be checked” or a condition of its own holds',
    );
  });

  it('says what a retry does', () => {
    expect(retryText(defaultRetry('read'))).toBe('Tries again up to 4 times, first after 0.5 s');
    expect(retryText(defaultRetry('once'))).toBe(
      'Tries again up to 4 times when the request never left, first after 0.5 s',
    );
    expect(retryText({ retriers: [] })).toBe('Does not try again');
    expect(
      retryText({ retriers: [{ errors: ['*'], intervalMs: 0, maxRetries: 0, backoffRate: 1, jitter: 'none' }] }),
    ).toBe('Does not try again');
    expect(
      retryText({
        retriers: [{ errors: ['timeout'], intervalMs: 2000, maxRetries: 1, backoffRate: 1, jitter: 'none' }],
      }),
    ).toBe('Tries again once when there was no answer in time, first after 2 s');
  });

  it('says what an error class means', () => {
    expect(errorText('*')).toBe('a passing failure');
    expect(errorText('unavailable:503')).toBe('the system was unavailable (503)');
    expect(errorText('code:Out:Of')).toBe('the step itself failed (Out:Of)');
    expect(errorText('strange')).toBe('strange');
  });
});
