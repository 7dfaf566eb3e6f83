/**
 * The circuit breaker of one dependency, a pure state machine: closed, open after failures in a row, half-open for
 * exactly one attempt at a time. Only `unavailable` and `timeout` open it; any other answer of the target counts as one.
 * A refused connection says that nothing was heard: it does not open, but a probe that ends so has found nobody.
 */
import type { BreakerPolicy, DependencyState } from '../../../shared/run/dependency.ts';
import type { ErrorClass } from '../../../shared/run/errors.ts';
import type { Actor, RunEvent } from '../../../shared/run/events.ts';
import { stepOf, type RunState } from '../../../shared/run/state.ts';

export type Admission = { passes: true; isProbe: boolean } | { passes: false; until: number };

/** May an attempt begin now? `until` is when it is worth asking again, always in the future. */
export function admit(dependency: DependencyState | undefined, now: number, policy: BreakerPolicy): Admission {
  if (dependency?.openUntil === undefined) return { passes: true, isProbe: false };
  if (now < dependency.openUntil) return { passes: false, until: dependency.openUntil };
  return dependency.probe
    ? { passes: false, until: now + openFor(dependency.openings, policy) }
    : { passes: true, isProbe: true };
}

function openFor(openings: number, { openMs, longestOpenMs }: BreakerPolicy): number {
  return Math.max(1, Math.min(openMs * 2 ** Math.min(openings - 1, 30), longestOpenMs));
}

export type Finding =
  /** The target answered, well or not. */
  | { says: 'answered' }
  | { says: 'failed'; error: string }
  /** Nothing reached the target. */
  | { says: 'unreached'; error: string }
  /** The attempt ended for a reason of its own. */
  | { says: 'nothing' };

const fails: readonly ErrorClass[] = ['unavailable', 'timeout'];
const answers: readonly ErrorClass[] = ['rate_limited', 'refused', 'invalid_output', 'stale', 'partial'];

/** What the end of an attempt says about its dependency; undefined for every other event. */
export function findingOf(event: RunEvent): Finding | undefined {
  switch (event.type) {
    case 'attempt_succeeded':
    case 'timer_set':
      return { says: 'answered' };
    case 'attempt_abandoned':
      return { says: 'nothing' };
    case 'attempt_failed': {
      const { class: errorClass, message: error } = event.error;
      if (fails.includes(errorClass)) return { says: 'failed', error };
      if (answers.includes(errorClass)) return { says: 'answered' };
      return errorClass === 'not_sent' ? { says: 'unreached', error } : { says: 'nothing' };
    }
    default:
      return undefined;
  }
}

/** The dependency after an attempt of it ended; the same object when that changes nothing. */
export function learn(
  dependency: DependencyState,
  finding: Finding,
  isProbe: boolean,
  at: number,
  policy: BreakerPolicy,
): DependencyState {
  const { openUntil, failures, openings } = dependency;
  if (openUntil === undefined) {
    if (finding.says === 'answered') return failures === 0 ? dependency : changed(dependency, at, { failures: 0 });
    if (finding.says !== 'failed') return dependency;
    const next = changed(dependency, at, { failures: failures + 1, lastError: finding.error });
    return next.failures < policy.failures ? next : { ...next, ...opened(1, at, policy), openedAt: at };
  }
  // What began before it was opened comes too late to say anything new.
  if (!isProbe) return dependency;
  const { probe: _probe, ...rest } = dependency;
  switch (finding.says) {
    case 'answered':
      return closed(dependency, at);
    case 'failed':
    case 'unreached':
      return changed(rest, at, { ...opened(openings + 1, at, policy), lastError: finding.error });
    case 'nothing':
      return changed(rest, at, {});
  }
}

/** The attempt that finds out has begun. */
export function beginProbe(
  dependency: DependencyState,
  probe: NonNullable<DependencyState['probe']>,
  at: number,
): DependencyState {
  return changed(dependency, at, { probe });
}

/** Everything may begin again: the probe was answered, or a person says so. */
export function closed(dependency: DependencyState, at: number, by?: Actor): DependencyState {
  const { name, lastError, closedBy = by } = dependency;
  return {
    name,
    version: dependency.version + 1,
    changedAt: at,
    failures: 0,
    openings: 0,
    ...(lastError === undefined ? {} : { lastError }),
    ...(closedBy === undefined ? {} : { closedBy: by ?? closedBy }),
  };
}

export function unknownDependency(name: string): DependencyState {
  return { name, version: 0, changedAt: 0, failures: 0, openings: 0 };
}

function opened(openings: number, at: number, policy: BreakerPolicy): { openings: number; openUntil: number } {
  return { openings, openUntil: at + openFor(openings, policy) };
}

function changed(dependency: DependencyState, at: number, change: Partial<DependencyState>): DependencyState {
  return { ...dependency, ...change, version: dependency.version + 1, changedAt: at };
}

/** Which dependency an event is about: that of its attempt, as it was recorded at its start. */
export function dependencyOf(event: RunEvent, state: RunState): string | undefined {
  if (!('attempt' in event)) return undefined;
  return stepOf(state, event.step)?.attempts.find((one) => one.attempt === event.attempt)?.dependency;
}
