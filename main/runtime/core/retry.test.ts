/** Retry: which rule decides, how long it waits, and what bounds it. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step } from '../../../test/harness/graph.ts';
import type { RunEvent } from '../../../shared/run/events.ts';
import { retrySchema } from '../../../shared/workflow/document.ts';
import { nextRetry, retryDelay, type RetryLedger } from './retry.ts';

const scheduled = (core: Core) =>
  core.events().filter((event): event is RunEvent & { type: 'retry_scheduled' } => event.type === 'retry_scheduled');
const ledger = (patch: Partial<RetryLedger> = {}): RetryLedger => ({
  used: [],
  elapsedMs: 0,
  random: () => 0.5,
  ...patch,
});
const error = (text: string, retryAfterMs?: number) => {
  const [errorClass, code] = text.split(':');
  return {
    class: errorClass as 'timeout',
    message: 'No',
    ...(code ? { code } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
};

describe('The worked example', () => {
  // A, B and C are codes of one class here: what a step throws.
  const graph = graphOf(
    {
      a: step({
        retry: {
          retriers: [
            { errors: ['code:A', 'code:B'], intervalMs: 1_000, backoffRate: 2, maxRetries: 2 },
            { errors: ['code:C'], intervalMs: 5_000, maxRetries: 3 },
          ],
        },
      }),
      z: step(),
    },
    [['a:failed', 'z']],
  );

  test('errors A, B, C, B give waits of 1, 2 and 5 seconds and then the fallback path', () => {
    const script = { a: ['code:A', 'code:B', 'code:C', 'code:B'].map((text) => failure(text)) };
    const core = coreDriver(graph, { script });
    core.start();
    core.drive();
    expect(scheduled(core).map((event) => event.delayMs)).toEqual([1_000, 2_000, 5_000]);
    expect(scheduled(core).map((event) => event.retrier)).toEqual([0, 0, 1]);
    expect(core.step('a')).toMatchObject({ status: 'failed', ports: ['failed'], error: { code: 'B' } });
    expect(core.step('a').attempts).toHaveLength(4);
    expect(core.step('a').retries).toEqual([2, 1]);
    expect(core.step('z').status).toBe('confirmed');
    expect(core.state()).toMatchObject({ word: 'complete', retriesUsed: 3 });
  });

  test('the delay is an absolute time in the journal and survives a crash', () => {
    const core = coreDriver(graph, { script: { a: [failure('code:C')] } });
    core.start();
    core.finish('a', failure('code:C'));
    const dueAt = core.now() + 5_000;
    core.crash();
    expect(core.wakeAt()).toBe(dueAt);
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'retry' });
    core.advance(5_000);
    expect(core.running()).toEqual(['a']);
    expect(core.step('a').attempts[1]).not.toHaveProperty('repeated');
  });
});

describe('How long it waits', () => {
  const retrier = (patch: object) => {
    const found = retrySchema.parse({
      retriers: [{ errors: ['*'], intervalMs: 1_000, backoffRate: 3, maxRetries: 1_000, ...patch }],
    }).retriers[0];
    if (!found) throw new Error('No retrier');
    return found;
  };
  const half = () => 0.5;

  test('grows by the rate up to the cap', () => {
    const capped = retrier({ maxDelayMs: 5_000 });
    expect([0, 1, 2, 9].map((used) => retryDelay(capped, used, undefined, half))).toEqual([1_000, 3_000, 5_000, 5_000]);
  });

  test('draws from the whole delay with full jitter, and not at all without', () => {
    expect(retryDelay(retrier({ jitter: 'full' }), 1, undefined, half)).toBe(1_500);
    expect(retryDelay(retrier({ jitter: 'full' }), 1, undefined, () => 0)).toBe(0);
    expect(retryDelay(retrier({}), 1, undefined, () => 0)).toBe(3_000);
  });

  test('is what Retry-After says, whatever the rule computes, and never less than nothing', () => {
    expect(retryDelay(retrier({ jitter: 'full' }), 3, 7_000, half)).toBe(7_000);
    expect(retryDelay(retrier({}), 0, -5, half)).toBe(0);
  });

  test('stays a number of milliseconds when the growth is beyond all bounds', () => {
    expect(retryDelay(retrier({ intervalMs: 0, backoffRate: 100 }), 500, undefined, half)).toBe(0);
    expect(retryDelay(retrier({ backoffRate: 100 }), 500, undefined, half)).toBe(10 * 366 * 86_400_000);
  });
});

describe('Which rule decides', () => {
  const policy = retrySchema.parse({
    retriers: [
      { errors: ['unavailable:503'], intervalMs: 10, maxRetries: 1 },
      { errors: ['*'], intervalMs: 20, maxRetries: 5 },
    ],
  });

  test('the first one that names the error, even when its counter is used up', () => {
    expect(nextRetry(policy, error('unavailable:503'), ledger())).toEqual({ retry: true, retrier: 0, delayMs: 10 });
    expect(nextRetry(policy, error('unavailable:500'), ledger())).toEqual({ retry: true, retrier: 1, delayMs: 20 });
    expect(nextRetry(policy, error('unavailable:503'), ledger({ used: [1] }))).toEqual({
      retry: false,
      named: true,
      message: 'All 1 retries are used',
    });
  });

  test.each(['timeout', 'unavailable', 'rate_limited', 'not_sent', 'crashed'])('the star stands for %s', (name) => {
    expect(nextRetry(policy, error(name), ledger()).retry).toBe(true);
  });

  test.each(['invalid_output', 'code', 'refused', 'in_doubt', 'stale', 'partial', 'cancelled', 'budget'])(
    'the star does not stand for %s',
    (name) => {
      expect(nextRetry(policy, error(name), ledger())).toMatchObject({ retry: false, named: false });
    },
  );

  test('without a policy there is no retry', () => {
    expect(nextRetry(undefined, error('timeout'), ledger())).toMatchObject({ retry: false, named: false });
  });
});

describe('What bounds it', () => {
  const retry = { retriers: [{ errors: ['*'], intervalMs: 1_000, maxRetries: 9 }], totalTimeoutMs: 5_000 };

  test('the total time, counted to the moment of the next try', () => {
    const policy = retrySchema.parse(retry);
    expect(nextRetry(policy, error('timeout'), ledger({ elapsedMs: 4_000 })).retry).toBe(true);
    expect(nextRetry(policy, error('timeout'), ledger({ elapsedMs: 4_001 }))).toEqual({
      retry: false,
      named: true,
      message: 'The next try would come after the total time allowed',
    });
    expect(nextRetry(policy, error('rate_limited', 6_000), ledger())).toMatchObject({ retry: false, named: true });
  });

  test('the total time starts anew when a person sends the step back or orders a retry', () => {
    const gates = { after: { owner: 'role:lead' } };
    const core = coreDriver(graphOf({ a: step({ retry, gates }), b: step({ retry: { ...retry, retriers: [] } }) }), {
      script: { a: [ok(), failure('timeout')], b: [failure('timeout')] },
    });
    core.start();
    core.finish('a', ok());
    core.advance(86_400_000);
    core.decide('a', 'send_back', { reason: 'Too vague' });
    core.finish('a', failure('timeout'));
    expect(core.step('a').status).toBe('retry');
  });

  test('the retry budget of the whole run; when it is used up the failure counts as retries exhausted', () => {
    const settings = { budget: { retries: 1 }, onFailure: 'pause' as const };
    const core = coreDriver(graphOf({ a: step({ retry }), b: step({ retry }) }, [], { settings }), {
      script: { a: [failure('timeout')], b: [failure('timeout')] },
    });
    core.start();
    core.finish('a', failure('timeout'));
    core.finish('b', failure('timeout'));
    expect(core.step('a').status).toBe('retry');
    expect(core.openTasks()).toMatchObject([
      { step: 'b', on: 'retries_exhausted', message: "The run's retry budget is used. It was timeout" },
    ]);
  });

  test('a person who orders a retry gives the step its counters back', () => {
    const once = { retriers: [{ errors: ['*'], intervalMs: 1_000, maxRetries: 1 }], totalTimeoutMs: 5_000 };
    const settings = { onFailure: 'pause' as const };
    const core = coreDriver(graphOf({ a: step({ retry: once }) }, [], { settings }), {
      script: { a: [failure('timeout'), failure('timeout')] },
    });
    core.start();
    core.drive();
    expect(core.openTasks()).toHaveLength(1);
    core.advance(60_000);
    core.decide('a', 'retry');
    expect(core.step('a').retries).toEqual([]);
    core.finish('a', failure('timeout'));
    expect(core.step('a').status).toBe('retry');
  });
});

describe('What may be retried at all', () => {
  const retry = { retriers: [{ errors: ['*', 'invalid_output', 'code'], intervalMs: 0, maxRetries: 3 }] };

  test('a step that happens once is retried when the request never left, and on nothing else', () => {
    const core = coreDriver(graphOf({ pay: effectStep('once', { retry }) }), { script: { pay: [] } });
    core.start();
    core.finish('pay', failure('not_sent'));
    expect(core.running()).toEqual(['pay']);
    core.finish('pay', failure('rate_limited'));
    expect(core.running()).toEqual([]);
    expect(core.openTasks()).toMatchObject([{ kind: 'escalation', allow: ['retry', 'give_up', 'skip'] }]);
  });

  test('a value that is missing counts as an attempt that called nothing', () => {
    let tries = 0;
    const core = coreDriver(graphOf({ a: step({ retry }) }), {
      prepare: () => {
        tries += 1;
        return tries < 3
          ? { class: 'invalid_output', code: 'missing', message: 'input.id has no value' }
          : { config: { id: 1 } };
      },
    });
    core.start();
    core.drive();
    expect(core.calls).toHaveLength(1);
    expect(core.step('a').attempts).toMatchObject([{ outcome: 'failed' }, { outcome: 'failed' }, { attempt: 3 }]);
    expect(core.step('a')).not.toHaveProperty('error');
    expect(core.state().word).toBe('complete');
  });
});
