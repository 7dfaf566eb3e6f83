/**
 * What a run has spent and what it holds reserved, folded from its events: reserved at an attempt's start, settled at
 * its end, and kept in full while nobody knows what a lost call cost (semantics, Budgets). Also per UTC day and month
 * of the attempt's start, which is what all runs of a workflow are added up by.
 */
import type { RunEvent, StepKey, TaskAnswer } from './events.ts';
import { stepOf, taskOf, type Attempt, type RunState } from './state.ts';
import { without } from './without.ts';

/** The most one call may cost and use. */ export interface Estimate {
  costMicros: number;
  tokens: number;
}

/** One run's share of a workflow's day (`2026-11-23`) or month (`2026-11`), or the sum over its runs. */
export interface PeriodSpend {
  spentMicros: number;
  reservedMicros: number;
  /** The limit as a person raised it for this period. */
  raisedMicros?: number;
  /** The highest limit that was warned about in this period. */
  warnedMicros?: number;
}

/** A workflow's day or month: the sum over its runs. */
export interface SpendTotal extends PeriodSpend {
  workflowId: string;
  period: string;
}

export type Spend = Readonly<Record<string, PeriodSpend>>;

export const nothingSpent: PeriodSpend = { spentMicros: 0, reservedMicros: 0 };

/** The UTC day and month of a moment (epoch milliseconds), from the count of days alone. */
export function periodsOf(at: number): { day: string; month: string } {
  // Counted from 1 March 0000, so that the odd day of a leap year is the last one.
  const days = Math.floor(at / 86_400_000) + 719_468;
  const era = Math.floor(days / 146_097);
  const ofEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const dayOfMonth = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const monthOfYear = (fromMarch + 2) % 12;
  const year = yearOfEra + era * 400 + (monthOfYear < 2 ? 1 : 0);
  const month = `${padded(year, 4)}-${padded(monthOfYear + 1, 2)}`;
  return { day: `${month}-${padded(dayOfMonth, 2)}`, month };
}

function padded(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

/** Ends of which nobody can say what the call cost, unless they say so themselves. */
const silentEnds: ReadonlySet<string> = new Set(['timeout', 'cancelled', 'crashed']);

/** The attempt's start takes its reservation. */
export function reserve(state: RunState, at: number, reserved: Estimate | undefined): RunState {
  if (!reserved) return state;
  const before = state.reserved ?? { costMicros: 0, tokens: 0 };
  return {
    ...withPeriods(state, at, 0, reserved.costMicros),
    reserved: { costMicros: before.costMicros + reserved.costMicros, tokens: before.tokens + reserved.tokens },
  };
}

type AttemptEnd = Extract<RunEvent, { type: 'attempt_succeeded' | 'attempt_failed' }>;

/** What an attempt cost takes the place of what was reserved for it, in the day and month in which it began. */
export function settle(state: RunState, event: AttemptEnd): RunState {
  const attempt = attemptOf(state, event.step, event.attempt);
  const released = isUsageKnown(event) ? attempt?.reserved : undefined;
  const costMicros = event.costMicros ?? 0;
  const reserved = state.reserved ?? { costMicros: 0, tokens: 0 };
  const spent = withPeriods(
    without(state, 'reserved'),
    attempt?.startedAt ?? event.at,
    costMicros,
    -(released?.costMicros ?? 0),
  );
  if (!released) return state.reserved ? { ...spent, reserved } : spent;
  const left = { costMicros: reserved.costMicros - released.costMicros, tokens: reserved.tokens - released.tokens };
  return left.costMicros === 0 && left.tokens === 0 ? spent : { ...spent, reserved: left };
}

export function isUsageKnown(event: AttemptEnd): boolean {
  return event.costMicros !== undefined || event.type === 'attempt_succeeded' || !silentEnds.has(event.error.class);
}

export function changePeriod(state: RunState, period: string, change: Partial<PeriodSpend>): RunState {
  return { ...state, spend: { ...state.spend, [period]: { ...nothingSpent, ...state.spend?.[period], ...change } } };
}

/** A person raised the limit that was reached: for this run, or for the workflow's day or month. */
export function raiseLimit(state: RunState, event: { taskId: string; answer: TaskAnswer; value?: unknown }): RunState {
  const limit = taskOf(state, event.taskId)?.limit;
  if (!limit || event.answer !== 'raise' || typeof event.value !== 'number') return state;
  return limit.period === undefined
    ? { ...state, raised: { ...state.raised, [limit.rule]: event.value } }
    : changePeriod(state, limit.period, { raisedMicros: event.value });
}

function attemptOf(state: RunState, key: StepKey, number: number): Attempt | undefined {
  return stepOf(state, key)?.attempts.find((attempt) => attempt.attempt === number);
}

function withPeriods(state: RunState, at: number, spentMicros: number, reservedMicros: number): RunState {
  if (spentMicros === 0 && reservedMicros === 0) return state;
  let next = state;
  const { day, month } = periodsOf(at);
  for (const period of [day, month]) {
    const before = next.spend?.[period] ?? nothingSpent;
    next = changePeriod(next, period, {
      spentMicros: before.spentMicros + spentMicros,
      reservedMicros: before.reservedMicros + reservedMicros,
    });
  }
  return next;
}

/** Two shares of one period together. */
export function addSpend(one: PeriodSpend, other: PeriodSpend): PeriodSpend {
  const raised = largest(one.raisedMicros, other.raisedMicros);
  const warned = largest(one.warnedMicros, other.warnedMicros);
  return {
    spentMicros: one.spentMicros + other.spentMicros,
    reservedMicros: one.reservedMicros + other.reservedMicros,
    ...(raised === undefined ? {} : { raisedMicros: raised }),
    ...(warned === undefined ? {} : { warnedMicros: warned }),
  };
}

function largest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}
