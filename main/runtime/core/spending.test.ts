/** The sums over all runs: what a decision changed counts at once, and what a crash took away no longer. */
import { expect, test } from 'vitest';
import { createSpending } from './spending.ts';

const share = (spentMicros: number, reservedMicros: number) => ({ spentMicros, reservedMicros });

test('a run sees what the others spent, never its own share twice', () => {
  const spending = createSpending();
  spending.load([{ workflowId: 'w', period: '2026-11', ...share(10, 5), raisedMicros: 90 }]);
  const first = { '2026-11': share(3, 4) };
  spending.note('w', undefined, first);
  expect(spending.others('w', '2026-11', first['2026-11'])).toEqual({ ...share(10, 5), raisedMicros: 90 });
  expect(spending.others('w', '2026-11', undefined)).toEqual({ ...share(13, 9), raisedMicros: 90 });
  expect(spending.others('w', '2026-10', undefined)).toEqual(share(0, 0));
  expect(spending.others('v', '2026-11', undefined)).toEqual(share(0, 0));
  spending.note('w', first, first);
  spending.note('w', first, { '2026-11': { ...share(7, 0), warnedMicros: 80 } });
  expect(spending.others('w', '2026-11', undefined)).toEqual({ ...share(17, 5), raisedMicros: 90, warnedMicros: 80 });
  spending.note('w', { '2026-11': share(7, 0) }, undefined);
  expect(spending.others('w', '2026-11', undefined)).toMatchObject(share(10, 5));
});
