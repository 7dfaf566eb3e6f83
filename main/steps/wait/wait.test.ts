// The step that lets time pass: it names the moment and holds no timer.

import { expect, test } from 'vitest';
import type { StepContext } from '../kind.ts';
import { waitStep } from './execute.ts';

const ctx: StepContext = {
  runId: 'run_1',
  step: 's',
  attempt: 1,
  signal: new AbortController().signal,
  effect: { class: 'pure', generation: 0 },
  log: () => undefined,
  heartbeat: () => undefined,
  now: () => Date.parse('2026-11-23T12:00:00Z'),
  http: () => Promise.reject(new Error('Waiting reaches nothing')),
};

test.each([
  [{ durationMs: 0 }, '2026-11-23T12:00:00.000Z'],
  [{ durationMs: 90_000 }, '2026-11-23T12:01:30.000Z'],
  [{ until: '2026-12-24T08:00:00+01:00' }, '2026-12-24T07:00:00.000Z'],
  [{ until: '2020-01-01T00:00Z' }, '2020-01-01T00:00:00.000Z'],
])('%o sleeps until %s', async (config, until) => {
  expect(waitStep.validate(config)).toBeUndefined();
  expect(await waitStep.execute(config, ctx)).toEqual({ suspend: true, dueAt: Date.parse(until), output: { until } });
});

test.each([
  [{ signal: 'go' }, { suspend: true, signal: 'go' }],
  [
    { signal: 'go', timeoutMs: 1_000 },
    { suspend: true, signal: 'go', dueAt: Date.parse('2026-11-23T12:00:01Z') },
  ],
])('%o waits for a signal', async (config, outcome) => {
  expect(waitStep.validate(config)).toBeUndefined();
  expect(await waitStep.execute(config, ctx)).toEqual(outcome);
});

test.each([
  [{}, '/durationMs'],
  [{ durationMs: 1, signal: 'go' }, '/signal'],
  [{ until: '2026-12-24T08:00:00Z', signal: 'go' }, '/signal'],
  [{ durationMs: 1, timeoutMs: 1 }, '/timeoutMs'],
  [{ signal: ' ' }, '/signal'],
  [{ signal: 'go', timeoutMs: -1 }, '/timeoutMs'],
  [{ durationMs: 1, until: '2026-12-24T08:00:00Z' }, '/until'],
  [{ durationMs: -1 }, '/durationMs'],
  [{ durationMs: 1.5 }, '/durationMs'],
  [{ durationMs: '5' }, '/durationMs'],
  [{ durationMs: 1e15 }, '/durationMs'],
  [{ until: '2026-12-24T08:00:00' }, '/until'],
  [{ until: 'tomorrow' }, '/until'],
  [{ until: '2026-13-24T08:00:00Z' }, '/until'],
])('%o is refused at %s', (config, pointer) => {
  expect(waitStep.validate(config)?.pointer).toBe(pointer);
});
