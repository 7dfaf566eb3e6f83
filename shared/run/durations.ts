/**
 * Many lengths of time as one small value: count, sum, longest, and how many there were of each length. Plain JSON that
 * can be added up over runs. Lengths are kept to two significant digits, so that it stays small however many there are,
 * and a median is right to within 5 %.
 */
export interface Durations {
  count: number;
  totalMs: number;
  /** Exact. */
  longestMs: number;
  /** How many of each length; the length is in milliseconds, rounded to two significant digits. */
  lengths: Record<string, number>;
}

/** What people read of many lengths; null where there was none. */
export interface DurationFigures {
  count: number;
  totalMs: number;
  /** Half of them took no longer than this (two significant digits). */
  medianMs: number | null;
  /** 95 of 100 took no longer than this (two significant digits). */
  p95Ms: number | null;
  longestMs: number | null;
}

export const noDurations: Durations = { count: 0, totalMs: 0, longestMs: 0, lengths: {} };

/** A clock that jumped back gives a length of nothing, never a negative one. */
export function addDuration(durations: Durations, fromMs: number, toMs: number): Durations {
  const ms = Math.max(0, toMs - fromMs);
  const length = String(twoDigits(ms));
  return {
    count: durations.count + 1,
    totalMs: durations.totalMs + ms,
    longestMs: Math.max(durations.longestMs, ms),
    lengths: { ...durations.lengths, [length]: (durations.lengths[length] ?? 0) + 1 },
  };
}

export function joinDurations(one: Durations, other: Durations): Durations {
  if (other.count === 0) return one;
  const lengths = { ...one.lengths };
  for (const [length, count] of Object.entries(other.lengths)) lengths[length] = (lengths[length] ?? 0) + count;
  return {
    count: one.count + other.count,
    totalMs: one.totalMs + other.totalMs,
    longestMs: Math.max(one.longestMs, other.longestMs),
    lengths,
  };
}

export function figuresOf(durations: Durations): DurationFigures {
  const { count, totalMs, longestMs } = durations;
  if (count === 0) return { count, totalMs, medianMs: null, p95Ms: null, longestMs: null };
  return { count, totalMs, medianMs: quantile(durations, 0.5), p95Ms: quantile(durations, 0.95), longestMs };
}

/** The shortest length that this share of them did not exceed (nearest rank); never longer than the longest was. */
function quantile({ count, longestMs, lengths }: Durations, share: number): number {
  const rank = Math.ceil(share * count);
  const sorted = Object.entries(lengths).map(([length, times]) => ({ ms: Number(length), times }));
  sorted.sort((one, other) => one.ms - other.ms);
  let seen = 0;
  let found = 0;
  for (const { ms, times } of sorted) {
    if (seen >= rank) break;
    found = ms;
    seen += times;
  }
  return Math.min(found, longestMs);
}

function twoDigits(ms: number): number {
  const unit = 10 ** Math.max(0, String(Math.floor(ms)).length - 2);
  return Math.round(ms / unit) * unit;
}
