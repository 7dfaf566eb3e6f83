/**
 * Wake-ups of runs. Due times live in the journal; what is kept here is a hint that may be lost, late or early without
 * harm. No single sleep is longer than a minute, so that a laptop that slept or a clock that jumped is noticed soon.
 */
import { nodeScheduler, type Scheduler } from './scheduler.ts';

export interface Timers {
  /** Replaces the run's wake-up; `undefined` removes it. */
  set(runId: string, wakeAt: number | undefined): void;
  /** Looks now, because the clock may have jumped or the machine slept. */
  look(): void;
  next(): { runId: string; wakeAt: number } | undefined;
  stop(): void;
}

const longestSleepMs = 60_000;

export function createTimers(
  clock: () => number,
  wake: (runId: string) => void,
  scheduler: Scheduler = nodeScheduler,
): Timers {
  const wakeAtByRun = new Map<string, number>();
  let handle: unknown;
  let armedFor = Number.POSITIVE_INFINITY;
  let isStopped = false;

  function earliest(): { runId: string; wakeAt: number } | undefined {
    let found: { runId: string; wakeAt: number } | undefined;
    for (const [runId, wakeAt] of wakeAtByRun) {
      if (!found || wakeAt < found.wakeAt) found = { runId, wakeAt };
    }
    return found;
  }

  function arm(): void {
    scheduler.clear(handle);
    const first = earliest();
    armedFor = first?.wakeAt ?? Number.POSITIVE_INFINITY;
    if (first) handle = scheduler.set(ring, Math.min(Math.max(first.wakeAt - clock(), 0), longestSleepMs));
  }

  function ring(): void {
    const now = clock();
    for (const [runId, wakeAt] of wakeAtByRun) {
      if (wakeAt > now) continue;
      wakeAtByRun.delete(runId);
      wake(runId);
    }
    arm();
  }

  return {
    set(runId, wakeAt) {
      if (isStopped) return;
      const old = wakeAtByRun.get(runId);
      if (wakeAt === undefined) wakeAtByRun.delete(runId);
      else wakeAtByRun.set(runId, wakeAt);
      const isSooner = wakeAt !== undefined && wakeAt < armedFor;
      if (isSooner || old === armedFor) arm();
    },
    look: () => void (isStopped || ring()),
    next: earliest,
    stop() {
      isStopped = true;
      scheduler.clear(handle);
      wakeAtByRun.clear();
      armedFor = Number.POSITIVE_INFINITY;
    },
  };
}
