// The awake clock with a machine that sleeps, a process that stops and a wall clock that jumps, all of them played.

import { expect, test } from 'vitest';
import { createAwakeClock, neverAsleep } from './awake.ts';
import { keepAwakeTime } from './awake-record.ts';
import { nodeScheduler } from './scheduler.ts';

function machine() {
  let monotonicMs = 5_000;
  let wallMs = 1_800_000_000_000;
  let tick: (() => void) | undefined;
  const woke: number[] = [];
  const clock = createAwakeClock({
    clock: () => wallMs,
    monotonic: () => monotonicMs,
    every: (run) => {
      tick = run;
      return () => (tick = undefined);
    },
  });
  return {
    clock,
    woke,
    begin: (earlier?: unknown) => clock.start(earlier, () => woke.push(wallMs)),
    /** Awake: the clock ticks every second. */
    work(ms: number): void {
      for (let left = ms; left > 0; left -= 1_000) {
        monotonicMs += Math.min(left, 1_000);
        wallMs += Math.min(left, 1_000);
        tick?.();
      }
    },
    /** Nothing ticks, both clocks go on; on some systems only the one on the wall does. */
    sleep(ms: number, isMonotonicAwake = true): void {
      wallMs += ms;
      if (isMonotonicAwake) monotonicMs += ms;
      tick?.();
    },
    jump: (ms: number) => void (wallMs += ms),
    isTicking: () => tick !== undefined,
  };
}

test('counts the time between ticks, and parts of it when asked', () => {
  const { clock, begin, work, woke } = machine();
  begin();
  work(10_000);
  expect(clock.ms()).toBe(10_000);
  work(400);
  expect(clock.ms()).toBe(10_400);
  expect(woke).toEqual([]);
});

test.each([[true], [false]])('a sleep counts at most one tick (monotonic clock goes on: %s)', (isMonotonicAwake) => {
  const { clock, begin, work, sleep, woke } = machine();
  begin();
  work(3_000);
  sleep(3_600_000, isMonotonicAwake);
  expect(clock.ms()).toBeLessThanOrEqual(4_000);
  expect(woke).toHaveLength(1);
  work(2_000);
  expect(clock.ms()).toBeLessThanOrEqual(6_000);
  expect(clock.record().intervals).toHaveLength(2);
});

test.each([[-3_600_000], [3_600_000]])('a wall clock that jumps by %d changes nothing but is noticed', (ms) => {
  const { clock, begin, work, jump, woke } = machine();
  begin();
  work(3_000);
  jump(ms);
  work(1_000);
  expect(clock.ms()).toBe(4_000);
  expect(woke).toHaveLength(1);
});

test('the next life counts on, and time without a host does not count', () => {
  const first = machine();
  first.begin();
  first.work(7_000);
  const left = first.clock.record();
  expect(left).toEqual({ totalMs: 7_000, intervals: [[1_800_000_000_000, 1_800_000_007_000]] });
  first.clock.stop();
  expect(first.isTicking()).toBe(false);

  const second = machine();
  second.begin(left);
  second.work(1_000);
  expect(second.clock.ms()).toBe(8_000);
  expect(second.clock.record().intervals).toHaveLength(2);
});

test.each([[null], ['7000'], [{ totalMs: -1, intervals: [] }], [{ totalMs: 5 }]])(
  'a record that is none is no record: %o',
  (earlier) => {
    const { clock, begin, work } = machine();
    begin(earlier);
    work(1_000);
    expect(clock.ms()).toBe(1_000);
  },
);

test('keeps the latest stretches only', () => {
  const { clock, begin, work, sleep } = machine();
  begin();
  for (let night = 0; night < 130; night += 1) {
    work(1_000);
    sleep(10_000);
  }
  expect(clock.record().intervals).toHaveLength(100);
});

test('a clock that never sleeps still never goes back', () => {
  let now = 10;
  const clock = neverAsleep(() => now);
  expect(clock.ms()).toBe(10);
  now = 4;
  expect(clock.ms()).toBe(10);
});

test('is written when it ends after work, and not for a life too short to matter', async () => {
  const { clock, work } = machine();
  const saved: unknown[] = [];
  const lifeOf = (isAtWork: boolean) =>
    keepAwakeTime({
      store: { setting: async () => undefined, saveSetting: async (name, value) => void saved.push([name, value]) },
      awake: clock,
      scheduler: nodeScheduler,
      isAtWork: () => isAtWork,
      woke: () => undefined,
      failed: (error) => expect(error).toBeUndefined(),
    });
  const idle = lifeOf(false);
  await idle.end();
  await idle.begin();
  await idle.begin();
  work(5_000);
  await idle.end();
  const short = lifeOf(true);
  await short.begin();
  work(900);
  await short.end();
  expect(saved).toEqual([]);
  const busy = lifeOf(true);
  await busy.begin();
  busy.worked();
  work(2_000);
  await busy.end();
  await busy.end();
  expect(saved).toMatchObject([['awake', { totalMs: 7_900 }]]);
});
