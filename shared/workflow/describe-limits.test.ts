/** Limits in plain words: no field name, no pointer, no milliseconds. */
import { expect, test } from 'vitest';
import { amountText, limitExample, limitName, warningText } from './describe-limits.ts';

const cost = { scope: 'run', measure: 'costMicros', used: 820_000, limit: 1_000_000 } as const;

test.each([
  [cost, 'the cost limit of the run'],
  [{ scope: 'step', measure: 'wallMs' } as const, 'the time limit of “Pay”'],
  [{ scope: 'step', measure: 'tokens' } as const, 'the token limit of “Pay”'],
  [
    { scope: 'day', measure: 'costMicros', period: '2026-11-23' } as const,
    'the cost limit of the workflow for 2026-11-23',
  ],
])('a limit has a name: %j', (limit, name) => {
  expect(limitName(limit, 'Pay')).toBe(name);
});

test('what is used of it is a share', () => {
  expect(warningText(cost, 'Pay')).toBe('82 % of the cost limit of the run is used');
  expect(warningText({ ...cost, limit: 0 }, 'Pay')).toBe('All of the cost limit of the run is used');
});

test('amounts have their unit', () => {
  expect(amountText('costMicros', 1_500_000)).toBe('$1.50');
  expect(amountText('wallMs', 90_000)).toBe('1 min 30 s');
  expect(amountText('attempts', 3)).toBe('3 attempts');
  expect(limitExample('wallMs')).toContain('10 min');
  expect(limitExample('retries')).toContain('20');
  expect(limitExample('costMicros')).toContain('1.50');
});
