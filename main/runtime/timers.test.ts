/** Wake-ups: absolute times over a clock that may sleep or jump; `setTimeout` is only a hint. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTimers } from './timers.ts';

describe('Timers', () => {
  let now = 1_000_000;
  let woken: string[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    now = 1_000_000;
    woken = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const timers = () =>
    createTimers(
      () => now,
      (runId) => woken.push(runId),
    );
  /** Both clocks go on together. */
  function pass(ms: number): void {
    for (let left = ms; left > 0; left -= 1_000) {
      now += Math.min(left, 1_000);
      vi.advanceTimersByTime(Math.min(left, 1_000));
    }
  }

  test('wake a run when its time has come, once', () => {
    const all = timers();
    all.set('a', now + 5_000);
    pass(4_999);
    expect(woken).toEqual([]);
    pass(1);
    expect(woken).toEqual(['a']);
    pass(600_000);
    expect(woken).toEqual(['a']);
    expect(all.next()).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('wake several runs in the order of their times, and those of one time together', () => {
    const all = timers();
    all.set('late', now + 9_000);
    all.set('early', now + 2_000);
    all.set('twin', now + 2_000);
    expect(all.next()).toEqual({ runId: 'early', wakeAt: now + 2_000 });
    pass(2_000);
    expect(woken).toEqual(['early', 'twin']);
    expect(all.next()?.runId).toBe('late');
    pass(7_000);
    expect(woken).toEqual(['early', 'twin', 'late']);
  });

  test('replace the time of a run, earlier or later, and forget it', () => {
    const all = timers();
    all.set('a', now + 10_000);
    all.set('a', now + 3_000);
    pass(3_000);
    expect(woken).toEqual(['a']);
    all.set('b', now + 3_000);
    all.set('b', now + 10_000);
    pass(9_000);
    expect(woken).toEqual(['a']);
    all.set('b', undefined);
    expect(vi.getTimerCount()).toBe(0);
    pass(60_000);
    expect(woken).toEqual(['a']);
  });

  test('wake at once what is overdue', () => {
    const all = timers();
    all.set('a', now - 86_400_000);
    vi.advanceTimersByTime(0);
    expect(woken).toEqual(['a']);
  });

  test('never sleep longer than a minute, so that a clock that went on without us is noticed', () => {
    const all = timers();
    all.set('a', now + 30 * 86_400_000);
    now += 30 * 86_400_000;
    vi.advanceTimersByTime(59_999);
    expect(woken).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(woken).toEqual(['a']);
  });

  test('do not wake early when the clock jumps back', () => {
    const all = timers();
    all.set('a', now + 5_000);
    now -= 3_600_000;
    vi.advanceTimersByTime(5_000);
    expect(woken).toEqual([]);
    now += 3_600_000 + 5_000;
    vi.advanceTimersByTime(60_000);
    expect(woken).toEqual(['a']);
  });

  test('a run may set its next time while it is being woken', () => {
    const all = createTimers(
      () => now,
      (runId) => {
        woken.push(runId);
        if (woken.length < 3) all.set(runId, now + 1_000);
      },
    );
    all.set('a', now + 1_000);
    pass(10_000);
    expect(woken).toEqual(['a', 'a', 'a']);
  });

  test('stop keeps nothing alive', () => {
    const all = timers();
    all.set('a', now + 1_000);
    all.stop();
    expect(vi.getTimerCount()).toBe(0);
    expect(all.next()).toBeUndefined();
    pass(5_000);
    expect(woken).toEqual([]);
  });
});
