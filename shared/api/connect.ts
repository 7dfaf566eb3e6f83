/**
 * The calling end of a wire: what a page, a terminal command or a test holds. Every call ends: with its answer, a typed
 * error, its timeout, or `closed` when the wire is gone. Must never throw into the carrier, whatever the other side sends.
 */
import { ApiError, apiErrorCodes } from './contract.ts';
import type { ApiErrorCode, Client } from './contract.ts';
import type { Signal } from './signal.ts';
import type { Timers, Wire } from './wire.ts';

interface Waiting {
  settle(message: { value: unknown } | { error: ApiError }): void;
}

/** A little longer than the server's own limit, so that its sentence wins when it is still there to say it. */
const GRACE_MS = 2_000;
const DEFAULT_TIMEOUT_MS = 30_000;

export function connect(options: {
  wire: Wire;
  timers: Timers;
  onConnectionError?: (error: ApiError) => void;
}): Client {
  const { wire, timers } = options;
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let closed = false;

  function send(message: unknown): void {
    try {
      wire.send(message);
    } catch (error) {
      throw new ApiError('bad_input', `This cannot be sent: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  function cancel(id: number): void {
    if (!closed) wire.send({ kind: 'cancel', id });
  }

  wire.onMessage((message) => {
    if (typeof message !== 'object' || message === null) return;
    const { kind, id, value, error } = message as { kind?: unknown; id?: unknown; value?: unknown; error?: unknown };
    if (typeof id !== 'number') return;
    if (id === 0 && kind === 'error') {
      options.onConnectionError?.(readError(error));
      return;
    }
    const entry = waiting.get(id);
    if (!entry) return;
    if (kind === 'error') entry.settle({ error: readError(error) });
    else if (kind === 'result' || kind === 'value') entry.settle({ value });
  });
  wire.onClose(() => {
    closed = true;
    for (const entry of waiting.values())
      entry.settle({ error: new ApiError('closed', 'The connection to Holdfast was lost.') });
  });

  const call = (
    name: string,
    input: unknown,
    callOptions: { signal?: Signal; timeoutMs?: number } = {},
  ): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const { signal } = callOptions;
      if (closed) {
        reject(new ApiError('closed', 'The connection to Holdfast is closed.'));
        return;
      }
      if (signal?.aborted) {
        reject(new ApiError('aborted', `${name} was cancelled.`));
        return;
      }
      lastId += 1;
      const id = lastId;
      const timeoutMs = callOptions.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      const finish = (): void => {
        waiting.delete(id);
        timers.clear(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const giveUp = (error: ApiError): void => {
        finish();
        cancel(id);
        reject(error);
      };
      const onAbort = (): void => giveUp(new ApiError('aborted', `${name} was cancelled.`));
      const timer = timers.set(
        () => giveUp(new ApiError('timeout', `${name} did not answer within ${timeoutMs} ms.`)),
        timeoutMs + GRACE_MS,
      );
      waiting.set(id, {
        settle: (message) => {
          finish();
          if ('error' in message) reject(message.error);
          else resolve(message.value);
        },
      });
      signal?.addEventListener('abort', onAbort);
      try {
        send(
          callOptions.timeoutMs === undefined
            ? { kind: 'call', id, name, input }
            : { kind: 'call', id, name, input, timeoutMs },
        );
      } catch (error) {
        finish();
        reject(error);
      }
    });

  const watch = (
    name: string,
    input: unknown,
    onValue: (value: never) => void,
    onError?: (error: ApiError) => void,
  ): (() => void) => {
    if (closed) {
      onError?.(new ApiError('closed', 'The connection to Holdfast is closed.'));
      return () => {};
    }
    lastId += 1;
    const id = lastId;
    waiting.set(id, {
      settle: (message) => {
        if ('error' in message) {
          waiting.delete(id);
          onError?.(message.error);
        } else {
          onValue(message.value as never);
        }
      },
    });
    send({ kind: 'watch', id, name, input });
    return () => {
      if (waiting.delete(id)) cancel(id);
    };
  };

  return {
    call: call as Client['call'],
    watch: watch as Client['watch'],
    close: () => {
      wire.close();
    },
  };
}

function readError(error: unknown): ApiError {
  const body = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    message?: unknown;
    where?: unknown;
  };
  const code = (apiErrorCodes as readonly unknown[]).includes(body.code) ? (body.code as ApiErrorCode) : 'internal';
  const message = typeof body.message === 'string' ? body.message : 'The answer could not be understood.';
  return new ApiError(code, message, typeof body.where === 'string' ? body.where : undefined);
}
