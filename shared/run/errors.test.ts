/** The closed list of error classes and the patterns that name them. */
import { describe, expect, test } from 'vitest';
import { errorClasses, isErrorClass, isRetryable, matchesError, type ErrorClass } from './errors.ts';

describe('A pattern', () => {
  test.each([
    ['timeout', 'timeout', undefined, true],
    ['timeout', 'unavailable', undefined, false],
    ['unavailable:503', 'unavailable', '503', true],
    ['unavailable:503', 'unavailable', '500', false],
    ['unavailable:503', 'unavailable', undefined, false],
    ['unavailable:503', 'timeout', '503', false],
    ['unavailable', 'unavailable', '503', true],
    ['code:a:b', 'code', 'a:b', true],
    ['*', 'crashed', undefined, true],
    ['*', 'refused', undefined, false],
    ['*', 'code', 'OutOfStock', false],
  ] as const)('%s for the error %s with code %s: %s', (pattern, errorClass, code, matches) => {
    expect(matchesError(pattern, { class: errorClass, ...(code === undefined ? {} : { code }) })).toBe(matches);
  });
});

describe('A class', () => {
  test('is one of the closed list', () => {
    expect(errorClasses).toHaveLength(17);
    expect(isErrorClass('timeout')).toBe(true);
    expect(isErrorClass('rejected')).toBe(false);
    expect(isErrorClass('*')).toBe(false);
  });

  test('may be retried when it is technical or when a rule names it; the rest are decisions', () => {
    const retryable: ErrorClass[] = [
      'timeout',
      'unavailable',
      'rate_limited',
      'not_sent',
      'invalid_output',
      'crashed',
      'code',
    ];
    expect(errorClasses.filter(isRetryable)).toEqual(retryable);
  });
});
