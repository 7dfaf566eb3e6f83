// The step that chooses: the first rule that holds, one exit always.

import { expect, test } from 'vitest';
import type { StepContext } from '../kind.ts';
import { branchStep } from './execute.ts';

const ctx: StepContext = {
  runId: 'run_1',
  step: 's',
  attempt: 1,
  signal: new AbortController().signal,
  effect: { class: 'pure', generation: 0 },
  log: () => undefined,
  heartbeat: () => undefined,
  now: () => 0,
  http: () => Promise.reject(new Error('A choice reaches nothing')),
};

test.each([
  [[true, true], 'r0'],
  [[false, true], 'r1'],
  [[false, false], 'otherwise'],
  [[0, 1], 'r1'],
  [[null, {}], 'otherwise'],
  [[[], [0, false, 2]], 'r1'],
  [[{ a: 1 }, true], 'r0'],
])('%o leaves at %s', async (values, port) => {
  const rules = values.map((when, index) => ({ port: `r${index}`, when }));
  expect(branchStep.validate({ rules })).toBeUndefined();
  expect(await branchStep.execute({ rules }, ctx)).toEqual({ ok: true, output: { chosen: port }, ports: [port] });
});

test.each([
  [{}, '/rules'],
  [{ rules: [] }, '/rules'],
  [{ rules: [{ port: 'Large', when: true }] }, '/rules/0/port'],
  [{ rules: [{ port: 'otherwise', when: true }] }, '/rules/0/port'],
  [{ rules: [{ port: 'failed', when: true }] }, '/rules/0/port'],
  [
    {
      rules: [
        { port: 'a', when: true },
        { port: 'a', when: true },
      ],
    },
    '/rules/1/port',
  ],
  [{ rules: [{ port: 'a' }] }, '/rules/0/when'],
  [{ rules: [{ port: 'a', when: 'input.amount > 100' }] }, '/rules/0/when'],
  [{ rules: [{ port: 'a', when: true, then: 1 }] }, '/rules/0/then'],
])('%o is refused at %s', (config, pointer) => {
  expect(branchStep.validate(config)?.pointer).toBe(pointer);
});
