/** The short cut after tasks began; that it says what asking again says is checked by every test that plays the core. */
import { expect, test } from 'vitest';
import type { RunEvent } from '../../../shared/run/events.ts';
import { dueOnceBegun } from './begun.ts';
import type { Due } from './due.ts';

const found: Due = {
  tasks: [
    { type: 'execute', step: 'a', attempt: 2 },
    { type: 'prepare', step: 'b' },
  ],
};
const started: RunEvent = { type: 'attempt_started', step: 'b', attempt: 1, config: {}, runId: 'r', seq: 1, at: 0 };

test('what began is to be executed, with what already was', () => {
  expect(dueOnceBegun(found, [started])).toEqual({
    tasks: [
      { type: 'execute', step: 'a', attempt: 2 },
      { type: 'execute', step: 'b', attempt: 1 },
    ],
  });
});

test('whatever did more than start, or started less, has to be asked about again', () => {
  expect(dueOnceBegun(found, [])).toBeUndefined();
  expect(dueOnceBegun({ ...found, wakeAt: 7 }, [started])).toBeUndefined();
  const failed: RunEvent = { ...started, type: 'step_failed', error: { class: 'code', message: 'No' }, ports: [] };
  expect(dueOnceBegun(found, [started, failed])).toBeUndefined();
});
