// The step that makes a value: what was resolved is what it hands on.

import { expect, test } from 'vitest';
import { createDispatcher } from '../../runtime/dispatcher.ts';
import { resolve } from '../../runtime/expressions.ts';
import { transformStep } from './execute.ts';

const dispatcher = createDispatcher({
  kinds: new Map([['transform', transformStep]]),
  http: () => Promise.reject(new Error('A calculation reaches nothing')),
  clock: () => 0,
  log: () => undefined,
});

test('templates become values of their own type', async () => {
  const scope = { input: { lines: [{ price: 2 }, { price: 3 }] }, steps: {}, env: {}, run: { id: 'run_1' } };
  const found = await resolve(
    { value: { total: '{{ $sum(input.lines.price) }}', note: 'In all {{ $count(input.lines) }}' } },
    scope,
  );
  if (!found.ok) throw new Error(found.error.message);
  const task = {
    runId: 'run_1',
    stepKey: 's',
    kind: 'transform',
    config: found.config,
    attempt: 1,
    effect: { class: 'pure' as const, generation: 0 },
  };
  expect(await dispatcher.execute(task, new AbortController().signal)).toEqual({
    ok: true,
    output: { total: 5, note: 'In all 2' },
  });
});

test('it needs a value and nothing else; null is one', () => {
  expect(transformStep.validate({})?.pointer).toBe('/value');
  expect(transformStep.validate({ value: null })).toBeUndefined();
  expect(transformStep.validate({ value: 1, other: 2 })?.pointer).toBe('/other');
});
