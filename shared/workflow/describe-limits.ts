/** Plain words for limits: their names, their amounts, and how a new one is written. The same on screen and terminal. */
import type { Limit, Measure } from '../run/limits.ts';
import { durationText, moneyText } from './describe.ts';

const measureWords: Record<Measure, string> = {
  costMicros: 'cost',
  tokens: 'token',
  attempts: 'attempt',
  wallMs: 'time',
  retries: 'retry',
  iterations: 'round',
};

/** `the cost limit of the run`, `the time limit of “Pay”`, `the cost limit of the workflow for 2026-11`. */
export function limitName(
  { scope, measure, period }: Pick<Limit, 'scope' | 'measure' | 'period'>,
  step: string,
): string {
  const what = `the ${measureWords[measure]} limit of`;
  switch (scope) {
    case 'step':
      return `${what} “${step}”`;
    case 'run':
      return `${what} the run`;
    case 'day':
    case 'month':
      return `${what} the workflow for ${period}`;
  }
}

export function amountText(measure: Measure, amount: number, currency?: string): string {
  switch (measure) {
    case 'costMicros':
      return moneyText(amount, currency);
    case 'wallMs':
      return durationText(amount);
    case 'iterations':
      return `${amount} ${amount === 1 ? 'round' : 'rounds'}`;
    case 'tokens':
    case 'attempts':
    case 'retries':
      return `${amount} ${measure}`;
  }
}

/** `82 % of the cost limit of the run is used`. */
export function warningText(
  limit: Pick<Limit, 'scope' | 'measure' | 'period' | 'used' | 'limit'>,
  step: string,
): string {
  const share = limit.limit === 0 ? 'All' : `${Math.floor((limit.used / limit.limit) * 100)} %`;
  return `${share} of ${limitName(limit, step)} is used`;
}

/** What to write as a new limit. */
export function limitExample(measure: Measure): string {
  switch (measure) {
    case 'costMicros':
      return 'an amount of money such as 1.50';
    case 'wallMs':
      return 'a time such as 90 s, 10 min or 2 h';
    case 'tokens':
    case 'attempts':
    case 'retries':
    case 'iterations':
      return 'a whole number such as 20';
  }
}
