/**
 * The closed list of error classes a step attempt can end with, and which of them a retrier may name.
 * A step kind maps whatever its library throws onto one of these; it never invents a class.
 */
export const errorClasses = [
  'timeout',
  'unavailable',
  'rate_limited',
  'not_sent',
  'refused',
  'invalid_output',
  'stale',
  'partial',
  'in_doubt',
  'budget',
  'low_confidence',
  'dependency_unhealthy',
  'loop_limit',
  'retries_exhausted',
  'crashed',
  'cancelled',
  'code',
] as const;
export type ErrorClass = (typeof errorClasses)[number];

/** What `*` stands for in a retrier. */
export const transientErrors: readonly ErrorClass[] = ['timeout', 'unavailable', 'rate_limited', 'not_sent', 'crashed'];

/** Classes that are retried only when a retrier names them. */
export const namedRetryErrors: readonly ErrorClass[] = ['invalid_output', 'code'];

export function isErrorClass(text: string): text is ErrorClass {
  return (errorClasses as readonly string[]).includes(text);
}

/** True when a retrier may name this class: everything else is a decision and belongs to a gate or an escalation. */
export function isRetryable(errorClass: ErrorClass): boolean {
  return transientErrors.includes(errorClass) || namedRetryErrors.includes(errorClass);
}

export interface StepError {
  class: ErrorClass;
  /** An HTTP status, a provider's code or a thrown name: free text, e.g. `503`. */
  code?: string;
  /** One sentence for people. */
  message: string;
  /** What the server asked for in `Retry-After`, in milliseconds. */
  retryAfterMs?: number;
}

/** Does `class`, `class:code` or `*` from a retrier or a fallback edge match this error? */
export function matchesError(pattern: string, error: Pick<StepError, 'class' | 'code'>): boolean {
  if (pattern === '*') return transientErrors.includes(error.class);
  const colon = pattern.indexOf(':');
  if (colon < 0) return pattern === error.class;
  return pattern.slice(0, colon) === error.class && pattern.slice(colon + 1) === error.code;
}
