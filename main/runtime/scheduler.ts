/**
 * How the runtime waits: timers and the end of the current turn of the event loop. Node's own unless a simulation brings
 * a virtual one. Must never be asked what time it is: that is the clock's, and the two may drift apart.
 */
export interface Scheduler {
  /** Runs it once after this many milliseconds; the handle cancels it. */
  set(run: () => void, delayMs: number): unknown;
  clear(timer: unknown): void;
  /** Runs it when the work that is ready now has had its turn. */
  soon(run: () => void): void;
}

export const nodeScheduler: Scheduler = {
  set: (run, delayMs) => setTimeout(run, delayMs),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
  soon: (run) => void setImmediate(run),
};
