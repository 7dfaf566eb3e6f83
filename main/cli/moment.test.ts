/** Times as people write them on the command line. */
import { expect, test } from 'vitest';
import { momentOf } from './moment.ts';

const now = Date.UTC(2026, 10, 23, 22, 0);

test.each([
  ['90m', now - 90 * 60_000],
  ['24h', now - 86_400_000],
  ['7d', now - 7 * 86_400_000],
  ['4w', now - 28 * 86_400_000],
  ['0d', now],
  ['2026-11-23', Date.UTC(2026, 10, 23)],
  ['2026-11-23T08:00Z', Date.UTC(2026, 10, 23, 8)],
  ['2026-11-23T08:00:30.5+01:00', Date.UTC(2026, 10, 23, 7, 0, 30, 500)],
])('%s is a moment', (text, at) => {
  expect(momentOf(text, now)).toBe(at);
});

test.each([
  '',
  'yesterday',
  '7',
  '-7d',
  '1.5h',
  '7 d',
  '9999999d',
  '2026-13-01',
  '2026-02-31',
  '2026-11-23 08:00',
  '2026-11-23T08:00',
  '1969-12-31',
])('%s is none', (text) => {
  expect(momentOf(text, now)).toBeUndefined();
});
