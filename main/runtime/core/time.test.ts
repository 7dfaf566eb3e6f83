/** Awake time and heartbeats in the core: what counts towards the total timeout, and what the next attempt is given. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok } from '../../../test/harness/core.ts';
import { graphOf, step } from '../../../test/harness/graph.ts';
import { foldRun } from '../../../shared/run/evolve.ts';
import { totalTimeOf } from './retry.ts';

const retry = { retriers: [{ errors: ['*'], intervalMs: 1_000, maxRetries: 9 }], totalTimeoutMs: 10_000 };

describe('The total timeout', () => {
  test('counts the time in which the host ran awake, and nothing of a sleep', () => {
    const core = coreDriver(graphOf({ a: step({ retry }) }));
    core.start();
    core.finish('a', { ...failure('timeout'), tookMs: 4_000 });
    core.sleep(86_400_000);
    expect(core.running()).toEqual(['a']);
    core.finish('a', { ...failure('timeout'), tookMs: 4_000 });
    expect(core.step('a').status).toBe('retry');
    core.advance(1_000);
    core.finish('a', { ...failure('timeout'), tookMs: 1_001 });
    expect(core.openTasks()).toEqual([]);
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'timeout' });
  });

  test('leaves out the time in a review, also one in the middle of its attempts', () => {
    const gates = { before: { owner: 'role:lead', when: { any: [{ costAboveMicros: 5 }] } } };
    const core = coreDriver(graphOf({ a: step({ retry, gates }) }));
    core.start();
    core.finish('a', { outcome: { ...failure('timeout').outcome, costMicros: 10 } as never, tookMs: 5_000 });
    core.advance(1_000);
    expect(core.openTasks()).toHaveLength(1);
    core.advance(86_400_000);
    core.decide('a', 'approve');
    core.finish('a', { ...failure('timeout'), tookMs: 2_000 });
    expect(core.step('a')).toMatchObject({ status: 'retry', awakeSpentMs: 6_000 });
    core.advance(1_000);
    core.finish('a', { ...failure('timeout'), tookMs: 1_001 });
    expect(core.state().word).toBe('failed');
  });

  test('of a step that waits for its first review has not begun', () => {
    const gates = { before: { owner: 'role:lead' } };
    const core = coreDriver(graphOf({ a: step({ retry, gates }) }));
    core.start();
    core.advance(86_400_000);
    core.decide('a', 'approve');
    expect(core.step('a')).not.toHaveProperty('awakeSpentMs');
    core.finish('a', { ...failure('timeout'), tookMs: 8_000 });
    expect(core.step('a').status).toBe('retry');
  });

  test('is measured by the wall clock where the journal knows no awake time, and never runs backwards', () => {
    const ctx = { now: 5_000, awakeMs: 300 };
    expect(totalTimeOf({}, ctx)).toBe(0);
    expect(totalTimeOf({ firstStartedAt: 1_000 }, ctx)).toBe(4_000);
    expect(totalTimeOf({ firstStartedAt: 1_000, awakeSince: 100 }, ctx)).toBe(200);
    expect(totalTimeOf({ firstStartedAt: 1_000, awakeSince: 900, awakeSpentMs: 50 }, ctx)).toBe(50);
  });

  test('an attempt and a review recorded before awake time was are read as they were', () => {
    const core = coreDriver(graphOf({ a: step({ retry, gates: { after: { owner: 'role:lead' } } }) }));
    core.start();
    core.finish('a', ok(1));
    const old = core.events().map((event) => {
      const { awakeMs: _awake, ...rest } = event as typeof event & { awakeMs?: number };
      return rest as typeof event;
    });
    expect(foldRun(old)?.steps['a']).not.toHaveProperty('awakeSince');
    expect(foldRun(old)?.steps['a']?.status).toBe('review');
  });

  test('a timer that fired is not fired again when the clock goes back', () => {
    const core = coreDriver(graphOf({ a: step(), b: step() }, [['a', 'b']]));
    core.start();
    core.finish('a', { outcome: { suspend: true, dueAt: core.now() + 60_000, output: 1 } });
    core.advance(60_000);
    expect(core.step('a').status).toBe('confirmed');
    core.advance(-3_600_000);
    core.advance(3_600_000);
    expect(core.types().filter((type) => type === 'attempt_succeeded')).toHaveLength(1);
    expect(core.turn({ type: 'fire_timer', step: 'a', checked: {} })).toMatchObject({ code: 'conflict' });
  });
});

describe('A heartbeat', () => {
  const beat = { type: 'record_heartbeat' as const, step: 'a', attempt: 1 };

  test('is durable at once, survives a crash and is there for the next attempt', () => {
    const core = coreDriver(graphOf({ a: step({ retry }) }));
    core.start();
    core.turn({ ...beat, payload: { page: 3 } });
    expect(core.buffer()).toEqual([]);
    core.crash();
    expect(core.step('a')).toMatchObject({ heartbeat: { page: 3 }, attempts: [{ outcome: 'abandoned' }, {}] });
  });

  test('that was not recorded yet comes with the failure of its attempt, and is forgotten with its result', () => {
    const core = coreDriver(graphOf({ a: step({ retry }) }));
    core.start();
    const { outcome } = failure('timeout:heartbeat');
    core.turn({ type: 'finish_attempt', step: 'a', attempt: 1, outcome, checked: {}, heartbeat: { page: 4 } });
    expect(core.types()).toEqual(
      expect.arrayContaining(['attempt_started', 'heartbeat_recorded', 'attempt_failed', 'retry_scheduled']),
    );
    core.advance(1_000);
    expect(core.step('a').heartbeat).toEqual({ page: 4 });
    core.finish('a', ok());
    expect(core.step('a')).not.toHaveProperty('heartbeat');
  });

  test('of an attempt that is over comes too late', () => {
    const core = coreDriver(graphOf({ a: step({ retry }) }));
    core.start();
    expect(core.turn({ ...beat, attempt: 2, payload: 1 })).toMatchObject({ code: 'conflict' });
    core.finish('a', failure('timeout'));
    expect(core.turn({ ...beat, payload: 1 })).toMatchObject({ code: 'conflict' });
    expect(core.turn({ ...beat, step: 'nobody', payload: 1 })).toMatchObject({ code: 'conflict' });
  });

  test('belongs to the request it was given for: a step that is sent back begins without one', () => {
    const core = coreDriver(graphOf({ a: step({ gates: { after: { owner: 'role:lead' } }, retry }) }));
    core.start();
    core.turn({ ...beat, payload: 1 });
    core.finish('a', failure('timeout'));
    core.advance(1_000);
    expect(core.step('a').heartbeat).toBe(1);
    core.finish('a', ok());
    core.decide('a', 'send_back', { reason: 'Again' });
    expect(core.step('a')).not.toHaveProperty('heartbeat');
  });
});
