/**
 * Retry as in the Amazon States Language: ordered retriers, the first that names the error decides, each with its own
 * counter; delays grow by the backoff rate up to a cap, optionally drawn from [0, delay) (full jitter). A server's
 * `Retry-After` wins over the computed delay. The total timeout and the run's retry budget bound everything.
 */
import { matchesError, type StepError } from '../../../shared/run/errors.ts';
import type { StepState } from '../../../shared/run/state.ts';
import type { Retrier, Retry } from '../../../shared/workflow/document.ts';
import type { DecideContext } from './commands.ts';

export type RetryDecision =
  | { retry: true; retrier: number; delayMs: number }
  /** `named`: a retrier names this error, but its counter, the total timeout or the budget is used up. */
  | { retry: false; named: boolean; message: string };

export interface RetryLedger {
  /** Retries used so far, by index of the retrier. */
  used: readonly number[];
  /** What has passed of the total time, in milliseconds. */
  elapsedMs: number;
  /** Retries that the run may still spend; undefined when it has no budget. */
  budgetLeft?: number | undefined;
  random(): number;
}

export function nextRetry(policy: Retry | undefined, error: StepError, ledger: RetryLedger): RetryDecision {
  const retriers = policy?.retriers ?? [];
  const index = retriers.findIndex((retrier) => retrier.errors.some((pattern) => matchesError(pattern, error)));
  const retrier = retriers[index];
  if (!retrier) return { retry: false, named: false, message: 'No retry rule names this error' };
  const used = ledger.used[index] ?? 0;
  if (used >= retrier.maxRetries) {
    return { retry: false, named: true, message: `All ${retrier.maxRetries} retries are used` };
  }
  if (ledger.budgetLeft !== undefined && ledger.budgetLeft <= 0) {
    return { retry: false, named: true, message: "The run's retry budget is used" };
  }
  const delayMs = retryDelay(retrier, used, error.retryAfterMs, ledger.random);
  const total = policy?.totalTimeoutMs;
  if (total !== undefined && ledger.elapsedMs + delayMs > total) {
    return { retry: false, named: true, message: 'The next try would come after the total time allowed' };
  }
  return { retry: true, retrier: index, delayMs };
}

/**
 * Milliseconds that count towards the step's total timeout: those in which a host ran awake since its first attempt,
 * reviews left out. Attempts recorded without awake time are measured by the wall clock.
 */
export function totalTimeOf(
  { awakeSince, awakeSpentMs = 0, firstStartedAt }: Pick<StepState, 'awakeSince' | 'awakeSpentMs' | 'firstStartedAt'>,
  { now, awakeMs }: Pick<DecideContext, 'now' | 'awakeMs'>,
): number {
  // An earlier life may have counted further than it could write down.
  if (awakeSince !== undefined) return awakeSpentMs + Math.max(0, awakeMs - awakeSince);
  return firstStartedAt === undefined ? 0 : now - firstStartedAt;
}

/** The longest time the document can name: ten years. */
const longestDelayMs = 10 * 366 * 86_400_000;

/** Milliseconds before retry number `used + 1` of one retrier. */
export function retryDelay(
  retrier: Retrier,
  used: number,
  retryAfterMs: number | undefined,
  random: () => number,
): number {
  if (retryAfterMs !== undefined) return Math.max(0, retryAfterMs);
  // The factor is bounded first: zero times an infinite one would be no number, and a due time that never comes.
  const grown = retrier.intervalMs * Math.min(retrier.backoffRate ** used, longestDelayMs);
  const capped = Math.min(grown, retrier.maxDelayMs ?? longestDelayMs);
  return Math.round(retrier.jitter === 'full' ? capped * random() : capped);
}
