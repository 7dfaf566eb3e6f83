/**
 * The heartbeats of running attempts on their way to the journal. Only the latest payload of an attempt counts; it is
 * handed on after a while, so that a step may beat as often as it likes and a crash costs at most that while.
 */
import type { StepKey } from '../../shared/run/events.ts';
import { nodeScheduler, type Scheduler } from './scheduler.ts';

export interface Heartbeats {
  beat(step: StepKey, payload: unknown): void;
  /** The attempt ended: gives what was not handed on yet. */
  end(step: StepKey): unknown;
  stop(): void;
}

/** Between two records of one attempt; also what a crash may cost at most. */
const RECORD_EVERY_MS = 3_000;

export function createHeartbeats(
  record: (step: StepKey, payload: unknown) => void,
  scheduler: Scheduler = nodeScheduler,
): Heartbeats {
  const waiting = new Map<StepKey, { payload: unknown; timer: unknown }>();

  function end(step: StepKey): unknown {
    const found = waiting.get(step);
    if (!found) return undefined;
    scheduler.clear(found.timer);
    waiting.delete(step);
    return found.payload;
  }

  return {
    beat(step, payload) {
      // A beat without a payload only says that the step is alive; that is nothing to keep.
      if (payload === undefined) return;
      const known = waiting.get(step);
      if (known) {
        known.payload = payload;
        return;
      }
      const timer = scheduler.set(() => record(step, end(step)), RECORD_EVERY_MS);
      waiting.set(step, { payload, timer });
    },
    end,
    stop() {
      for (const step of waiting.keys()) end(step);
    },
  };
}
