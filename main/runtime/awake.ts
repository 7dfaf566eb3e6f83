/**
 * The awake clock: milliseconds in which a host of this data folder ran awake, over all its lives. It ticks; when much
 * more time passed between two looks than a tick, the machine slept (or the process was stopped) and that time does not
 * count. Attempt, heartbeat and total timeouts are measured with it; due times never are (semantics, "Time").
 */

/** What one life leaves for the next: the sum, and the latest stretches in which a host was awake. */
export interface AwakeRecord {
  totalMs: number;
  /** From and until, epoch milliseconds, the latest ones last. */
  intervals: [from: number, until: number][];
}

export interface AwakeClock {
  /** Never goes back. Whole milliseconds. */
  ms(): number;
  /** Counts on from what earlier lives left; `woke` is called after a sleep and after a jump of the wall clock. */
  start(earlier: unknown, woke: () => void): void;
  record(): AwakeRecord;
  stop(): void;
}

export interface AwakeOptions {
  /** Epoch milliseconds. */
  clock: () => number;
  /** Milliseconds that only ever grow, whatever happens to the wall clock. */
  monotonic?: () => number;
  /** Calls back again and again without keeping the process alive; gives the function that ends it. */
  every?: (tick: () => void, ms: number) => () => void;
}

const TICK_MS = 1_000;
/** A tick may be late on a busy machine; later than this it slept. */
const SLEPT_MS = 1_500;
/** The wall clock may be corrected this much without anybody caring. */
const JUMPED_MS = 2_000;
const KEPT_INTERVALS = 100;

export function createAwakeClock(options: AwakeOptions): AwakeClock {
  const { clock, monotonic = () => performance.now(), every = everyUnref } = options;
  let total = 0;
  let seenAt = monotonic();
  let wallAt = clock();
  let intervals: AwakeRecord['intervals'] = [[wallAt, wallAt]];
  let end: () => void = () => undefined;
  let woke: () => void = () => undefined;

  /** True when the machine slept or the wall clock jumped since the last look. */
  function look(): boolean {
    const gap = Math.max(0, monotonic() - seenAt);
    const wall = clock();
    const hasSlept = gap > SLEPT_MS;
    const hasJumped = Math.abs(wall - wallAt - gap) > JUMPED_MS;
    total += hasSlept ? TICK_MS : gap;
    seenAt += gap;
    const last = intervals[intervals.length - 1];
    if (last && !hasSlept && !hasJumped) last[1] = wall;
    else intervals = [...intervals.slice(1 - KEPT_INTERVALS), [wall, wall]];
    wallAt = wall;
    return hasSlept || hasJumped;
  }

  return {
    ms() {
      if (look()) woke();
      return Math.floor(total);
    },
    start(earlier, onWake) {
      const left = isRecord(earlier) ? earlier : { totalMs: 0, intervals: [] };
      total += left.totalMs;
      intervals = [...left.intervals, ...intervals].slice(-KEPT_INTERVALS);
      woke = onWake;
      end = every(() => void (look() && woke()), TICK_MS);
    },
    record() {
      look();
      return { totalMs: Math.floor(total), intervals: intervals.map(([from, until]) => [from, until]) };
    },
    stop: () => end(),
  };
}

/** For a simulated world in which the machine never sleeps and is never off: awake time is the time of its clock. */
export function neverAsleep(clock: () => number): Pick<AwakeClock, 'ms'> {
  let latest = 0;
  return { ms: () => (latest = Math.max(latest, clock())) };
}

function everyUnref(tick: () => void, ms: number): () => void {
  const timer = setInterval(tick, ms);
  timer.unref();
  return () => clearInterval(timer);
}

function isRecord(value: unknown): value is AwakeRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { totalMs, intervals } = value as Partial<AwakeRecord>;
  return typeof totalMs === 'number' && totalMs >= 0 && Array.isArray(intervals);
}
