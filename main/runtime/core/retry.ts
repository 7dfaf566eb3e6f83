/**
 * Retry as in the Amazon States Language: ordered retriers, the first that names the error decides, each with its own
 * counter; delays grow by the backoff rate up to a cap, optionally drawn from [0, delay) (full jitter). A server's
 * `Retry-After` wins over the computed delay. The total timeout and the run's retry budget bound everything.
 */
import { matchesError, type StepError } from '../../../shared/run/errors.ts';
import type { Retrier, Retry } from '../../../shared/workflow/document.ts';

export type RetryDecision =
  | { retry: true; retrier: number; delayMs: number }
  /** `named`: a retrier names this error, but its counter, the total timeout or the budget is used up. */
  | { retry: false; named: boolean; message: string };

export interface RetryLedger {
  /** Retries used so far, by index of the retrier. */
  used: readonly number[];
  /** Start of the first attempt that counts to the total time; undefined before it. */
  firstStartedAt: number | undefined;
  now: number;
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
  if (total !== undefined && ledger.now + delayMs - (ledger.firstStartedAt ?? ledger.now) > total) {
    return { retry: false, named: true, message: 'The next try would come after the total time allowed' };
  }
  return { retry: true, retrier: index, delayMs };
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
