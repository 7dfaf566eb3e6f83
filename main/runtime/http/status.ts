/**
 * What an answer of a server means for a step: which error class a status is, and how long it asked to wait.
 * Pure; must never call an answer an error that did what was asked.
 */
import type { ErrorClass, StepError } from '../../../shared/run/errors.ts';
import type { HttpResponse } from '../../steps/kind.ts';

const MAX_RETRY_AFTER_MS = 366 * 86_400_000;

/** Undefined for answers that are a result: 2xx but 207, and 304 for a read that named the version it has. */
export function errorOfAnswer(target: string, response: HttpResponse, now: number): StepError | undefined {
  const { status, body } = response;
  if ((status >= 200 && status < 300 && status !== 207) || status === 304) return undefined;
  const error: StepError = {
    class: classOf(status, body),
    code: String(status),
    message: `${target} answered ${status}${said(body)}`,
  };
  const retryAfterMs = readRetryAfter(response.headers['retry-after'], now);
  if (retryAfterMs !== undefined && (error.class === 'rate_limited' || error.class === 'unavailable')) {
    error.retryAfterMs = retryAfterMs;
  }
  return error;
}

function classOf(status: number, body: unknown): ErrorClass {
  // Several results in one answer: some of it was done, some was not.
  if (status === 207) return 'partial';
  // The server gave up on the connection or may not work on it yet: the same request may pass in a moment.
  if (status === 408 || status === 425) return 'unavailable';
  if (status === 409 && isInFlight(body)) return 'unavailable';
  if (status === 412) return 'stale';
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'unavailable';
  return 'refused';
}

/** The first request with this idempotency key is still being worked on. */
function isInFlight(body: unknown): boolean {
  const code = member(member(body, 'error'), 'code') ?? member(body, 'code') ?? member(body, 'type');
  return typeof code === 'string' && /in[-_ ]?(flight|progress)|idempotency_key_in_use/i.test(code);
}

/** The server's own words, when it has a short sentence for people. */
function said(body: unknown): string {
  const error = member(body, 'error');
  const text = [
    member(error, 'message'),
    member(body, 'message'),
    member(body, 'detail'),
    member(body, 'title'),
    error,
  ];
  const found = text.find((entry) => typeof entry === 'string' && entry.trim() !== '');
  if (typeof found !== 'string') return '.';
  const line = found.trim().split('\n')[0] ?? '';
  const short = line.length > 200 ? `${line.slice(0, 200)}…` : line;
  return /[.!?…]$/.test(short) ? `: ${short}` : `: ${short}.`;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Seconds or an HTTP date, as milliseconds from now. */
export function readRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS);
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - now), MAX_RETRY_AFTER_MS);
}
