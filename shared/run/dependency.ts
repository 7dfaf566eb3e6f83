/**
 * What is known of a system that steps depend on: whether it answers, and since when it does not (semantics, Circuit
 * breaker). Shared by all runs. Plain JSON, kept in the database; what changes it is decided in the core.
 */
import type { Actor, StepKey } from './events.ts';

export interface BreakerPolicy {
  /** Failures in a row, over all runs, after which nothing is sent any more. */
  failures: number;
  /** How long the first time, in milliseconds; it doubles each time the probe fails. */
  openMs: number;
  longestOpenMs: number;
}

export const defaultBreaker: BreakerPolicy = { failures: 5, openMs: 30_000, longestOpenMs: 300_000 };

/** The workspace's own numbers where they are whole and above 0, else the usual ones. */
export function breakerPolicy(setting: unknown): BreakerPolicy {
  const given: Partial<Record<keyof BreakerPolicy, unknown>> = Object(setting);
  const numberOf = (name: keyof BreakerPolicy): number => {
    const value = given[name];
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : defaultBreaker[name];
  };
  return {
    failures: numberOf('failures'),
    openMs: numberOf('openMs'),
    longestOpenMs: numberOf('longestOpenMs'),
  };
}

export interface DependencyState {
  /** Scheme, host and port, a Sandbox system, or a model's connection. */
  name: string;
  /** Grows with every change, so that an older state never takes the place of a newer one. */
  version: number;
  changedAt: number;
  /** Failures in a row while it is closed. */
  failures: number;
  /** How often in a row it was opened. */
  openings: number;
  openedAt?: number;
  /** Absent while it is closed. From then on one attempt may find out. */
  openUntil?: number;
  /** The one attempt that is finding out now. */
  probe?: { runId: string; step: StepKey; attempt: number };
  /** Why it was opened, in the words of the last failure. */
  lastError?: string;
  /** Who closed it by hand, the last time somebody did. */
  closedBy?: Actor;
}

export type DependencyWord = 'closed' | 'open' | 'half_open';

export function dependencyWord({ openUntil, probe }: DependencyState, now: number): DependencyWord {
  if (openUntil === undefined) return 'closed';
  return probe || now >= openUntil ? 'half_open' : 'open';
}
