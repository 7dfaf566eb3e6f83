/**
 * Virtual time: one queue of what happens when, in an order that depends on nothing but the seed. The wall clock is this
 * time plus an offset that jumps. Must never look at the machine's own clock or timers.
 */
import type { Scheduler } from '../../main/runtime/scheduler.ts';

/** Whether the host that asked is still there: what a dead host planned never happens. */
export interface Alive {
  isAlive: boolean;
}

interface Planned {
  at: number;
  order: number;
  /** Absent for what the world, people and chance do: they live on. */
  host: Alive | undefined;
  run: () => void;
}

export interface VirtualTime {
  /** Milliseconds since the simulation began, without sleep and jumps. */
  elapsed(): number;
  /** Epoch milliseconds as the host reads them. */
  wall(): number;
  /** Milliseconds that only grow, sleep counted. */
  monotonic(): number;
  /** The wall clock jumps, forward or back. */
  jump(ms: number): void;
  /** The machine sleeps: both clocks go on, and nothing that was planned comes nearer. */
  sleep(ms: number): void;
  after(delayMs: number, run: () => void, host?: Alive): { isCancelled: boolean };
  schedulerOf(host: Alive): Scheduler;
  /** Does what comes next; false when nothing is planned. */
  step(): boolean;
}

const epochMs = 1_800_000_000_000;

export function virtualTime(): VirtualTime {
  const queue: (Planned & { handle: { isCancelled: boolean } })[] = [];
  let elapsed = 0;
  let offset = 0;
  let slept = 0;
  let order = 0;

  function after(delayMs: number, run: () => void, host?: Alive): { isCancelled: boolean } {
    const handle = { isCancelled: false };
    const planned = { at: elapsed + Math.max(0, Math.ceil(delayMs)), order: (order += 1), host, run, handle };
    const at = queue.findIndex((other) => other.at > planned.at);
    queue.splice(at < 0 ? queue.length : at, 0, planned);
    return handle;
  }

  return {
    elapsed: () => elapsed,
    wall: () => epochMs + elapsed + offset,
    jump: (ms) => {
      offset += Math.round(ms);
    },
    monotonic: () => elapsed + slept,
    sleep: (ms) => {
      slept += Math.round(ms);
      offset += Math.round(ms);
    },
    after,
    schedulerOf: (host) => ({
      set: (run, delayMs) => after(Math.max(1, delayMs), run, host),
      clear: (timer) => {
        if (timer !== undefined) (timer as { isCancelled: boolean }).isCancelled = true;
      },
      soon: (run) => void after(0, run, host),
    }),
    step() {
      const next = queue.shift();
      if (!next) return false;
      elapsed = next.at;
      if (!next.handle.isCancelled && next.host?.isAlive !== false) next.run();
      return true;
    },
  };
}
