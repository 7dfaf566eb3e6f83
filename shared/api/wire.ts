/**
 * The wire: `serve` answers a contract over any carrier of JSON messages, `connect` is the other end. Validation,
 * limits, timeouts, abort and typed errors live here once; a carrier (WebSocket, MessagePort, socket, memory) only moves
 * messages. Must never let an exception of a handler or a hostile message cross to the other side as anything but a typed error.
 *
 * How the page connects, in this order:
 * 1. Electron: the preload exposes `window.holdfast: { send(message: unknown): void; onMessage(listener: (message: unknown)
 *    => void): void }`. Messages sent before the port has arrived are kept. The page makes a `Wire` of it:
 *    `{ send, onMessage, onClose: () => {}, close: () => {} }`; that wire lives as long as the page.
 * 2. Browser: `new WebSocket(`ws://${location.host}/wire`, ['holdfast.v1', `holdfast.token.${token}`])`, where the token is
 *    `new URLSearchParams(location.hash.slice(1)).get('token')`; wait for `open`, then `connect({ wire: socketWire(socket), timers })`.
 *    After a close (host restarted) the page opens a new socket with the same token and watches again. The host closes with
 *    code 4401 when the token is wrong: reload the page from the address the host printed.
 * 3. Styles: `index.html` holds `<meta name="csp-nonce" content="__CSP_NONCE__">`; both hosts replace the token at serve time
 *    and the page passes the value to MantineProvider's `getStyleNonce`. The Trusted Types policy is called `holdfast`.
 *
 * Messages: call | watch | cancel to the server; result | value | error back. Id 0 means the connection itself.
 */
import './interpretive.ts';
import * as z from 'zod';
import { ApiError } from './contract.ts';
import type { ApiErrorCode, Client, Endpoint } from './contract.ts';
import { pointerOf } from '../workflow/pointer.ts';
import { createAbort } from './abort.ts';

export interface Wire {
  send(message: unknown): void;
  /** `size` is what the carrier measured, in characters or bytes; without it the size is not limited here. */
  onMessage(listener: (message: unknown, size?: number) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

export interface Timers {
  set(run: () => void, delayMs: number): unknown;
  clear(timer: unknown): void;
}

export interface Limits {
  maxMessageSize: number;
  /** Calls whose handler has not settled yet, per connection. */
  maxInFlight: number;
  maxWatches: number;
  callTimeoutMs: number;
}

export const defaultLimits: Limits = {
  maxMessageSize: 24_000_000,
  maxInFlight: 64,
  maxWatches: 256,
  callTimeoutMs: 30_000,
};

/** Any function of a contract's handlers; the contract decides what it is called with. */
type AnyHandler = (input: never, ...rest: never[]) => unknown;
type CalledHandler = (input: unknown, second: unknown, third?: unknown) => unknown;

export interface ServeOptions {
  contract: Record<string, Endpoint>;
  handlers: Record<string, AnyHandler>;
  wire: Wire;
  timers: Timers;
  limits?: Partial<Limits>;
  /** Told about every error that is not an ApiError: the other side only hears `internal`. */
  onBug?: (error: unknown, endpoint: string) => void;
}

const requestId = z.int().min(1);
const requestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('call'),
    id: requestId,
    name: z.string().max(100),
    input: z.unknown(),
    timeoutMs: z.int().min(1).optional(),
  }),
  z.strictObject({ kind: z.literal('watch'), id: requestId, name: z.string().max(100), input: z.unknown() }),
  z.strictObject({ kind: z.literal('cancel'), id: requestId }),
]);

interface ErrorBody {
  code: ApiErrorCode;
  message: string;
  where?: string;
}

function errorBody(error: ApiError): ErrorBody {
  return error.where === undefined
    ? { code: error.code, message: error.message }
    : { code: error.code, message: error.message, where: error.where };
}

/** One sentence and the place of the first thing that is wrong. */
export function inputError(error: z.ZodError): ApiError {
  const issue = error.issues[0];
  if (!issue) return new ApiError('bad_input', 'The input is not right.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    return new ApiError(
      'bad_input',
      `There is no field called "${key.slice(0, 100)}".`,
      pointerOf([...issue.path.map(String), key]),
    );
  }
  const where = pointerOf(issue.path.map(String));
  return new ApiError('bad_input', `${where === '' ? 'The input' : where} is not right: ${issue.message}.`, where);
}

/** Answers one connection until it closes or the returned `close` is called; either aborts everything that is going on. */
export function serve(options: ServeOptions): { close(): void } {
  const { contract, handlers, wire, timers } = options;
  const limits = { ...defaultLimits, ...options.limits };
  /** What the other side can still cancel. */
  const open = new Map<number, () => void>();
  let inFlight = 0;
  let watches = 0;
  let closed = false;

  function send(message: unknown): void {
    if (!closed) wire.send(message);
  }
  function refuse(id: number, error: ApiError): void {
    send({ kind: 'error', id, error: errorBody(error) });
  }
  function asApiError(error: unknown, endpoint: string): ApiError {
    if (error instanceof ApiError) return error;
    options.onBug?.(error, endpoint);
    return new ApiError(
      'internal',
      'Something went wrong inside Holdfast; nothing was changed by this request that is not shown.',
    );
  }

  /** A listener that throws is the handler's bug and must not reach the carrier. */
  function tell(abort: { abort(): void }, endpoint: string): void {
    try {
      abort.abort();
    } catch (error) {
      options.onBug?.(error, endpoint);
    }
  }

  function prepare(name: string, watching: boolean, input: unknown): { handler: CalledHandler; input: unknown } {
    const endpoint = Object.hasOwn(contract, name) ? contract[name] : undefined;
    const handler = Object.hasOwn(handlers, name) ? (handlers[name] as CalledHandler | undefined) : undefined;
    if (!endpoint || !handler) throw new ApiError('not_found', `There is no endpoint called "${name}".`);
    if ((endpoint.mode === 'watch') !== watching) {
      throw new ApiError(
        'bad_input',
        `${name} is a ${endpoint.mode}; it cannot be used as a ${watching ? 'watch' : 'call'}.`,
      );
    }
    const parsed = endpoint.input.safeParse(input);
    if (!parsed.success) throw inputError(parsed.error);
    return { handler, input: parsed.data };
  }

  function startCall(id: number, name: string, rawInput: unknown, askedMs: number | undefined): void {
    if (inFlight >= limits.maxInFlight) {
      throw new ApiError(
        'too_many',
        `More than ${limits.maxInFlight} calls at once on one connection; wait for one to end.`,
      );
    }
    const { handler, input } = prepare(name, false, rawInput);
    const abort = createAbort();
    const end = (error?: ApiError): boolean => {
      if (!open.delete(id)) return false;
      timers.clear(timer);
      if (error) refuse(id, error);
      return true;
    };
    const stop = (error: ApiError): void => {
      end(error);
      tell(abort, name);
    };
    const timeoutMs = Math.min(askedMs ?? limits.callTimeoutMs, limits.callTimeoutMs);
    const timer = timers.set(
      () => stop(new ApiError('timeout', `${name} took longer than ${timeoutMs} ms and was given up.`)),
      timeoutMs,
    );
    open.set(id, () => stop(new ApiError('aborted', `${name} was cancelled.`)));
    inFlight += 1;
    void (async () => handler(input, abort.signal))()
      .then(
        (value) => {
          if (end()) answer(id, 'result', value, name);
        },
        (error: unknown) => {
          const typed = asApiError(error, name);
          end(typed);
        },
      )
      .finally(() => {
        inFlight -= 1;
      });
  }

  function startWatch(id: number, name: string, rawInput: unknown): void {
    if (watches >= limits.maxWatches) {
      throw new ApiError('too_many', `More than ${limits.maxWatches} watches on one connection; end one first.`);
    }
    const { handler, input } = prepare(name, true, rawInput);
    const abort = createAbort();
    const end = (): boolean => {
      if (!open.delete(id)) return false;
      watches -= 1;
      tell(abort, name);
      return true;
    };
    watches += 1;
    open.set(id, end);
    const push = (value: unknown): void => {
      if (open.get(id) !== end) return;
      answer(id, 'value', value, name);
    };
    void (async () => handler(input, push, abort.signal))().catch((error: unknown) => {
      const typed = asApiError(error, name);
      if (end()) refuse(id, typed);
    });
  }

  /** A value that JSON cannot carry is a bug of the handler, not a reason to break the connection. */
  function answer(id: number, kind: 'result' | 'value', value: unknown, name: string): void {
    try {
      send({ kind, id, value: value ?? null });
    } catch (error) {
      open.get(id)?.();
      refuse(id, asApiError(error, name));
    }
  }

  function receive(message: unknown, size: number | undefined): void {
    if (closed) return;
    const id = idOf(message);
    try {
      if (size !== undefined && size > limits.maxMessageSize) {
        throw new ApiError(
          'too_large',
          `A message may have at most ${limits.maxMessageSize} characters; this one has ${size}.`,
        );
      }
      const parsed = requestSchema.safeParse(message);
      if (!parsed.success) throw inputError(parsed.error);
      const request = parsed.data;
      if (request.kind === 'cancel') {
        open.get(request.id)?.();
        return;
      }
      if (open.has(request.id)) {
        // The first holder of the number keeps it, so the complaint goes to the connection.
        refuse(0, new ApiError('conflict', `The number ${request.id} is already in use on this connection.`));
        return;
      }
      if (request.kind === 'call') startCall(request.id, request.name, request.input, request.timeoutMs);
      else startWatch(request.id, request.name, request.input);
    } catch (error) {
      refuse(open.has(id) ? 0 : id, asApiError(error, 'wire'));
    }
  }

  function shut(): void {
    if (closed) return;
    closed = true;
    for (const stop of open.values()) stop();
  }

  wire.onClose(shut);
  wire.onMessage(receive);
  return {
    close: () => {
      shut();
      wire.close();
    },
  };
}

/** The id of a message that may be anything, so that even a refusal reaches the one who asked. */
function idOf(message: unknown): number {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, 'id')) return 0;
  const { id } = message as { id?: unknown };
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : 0;
}

export { connect } from './connect.ts';
export { memoryWire, socketWire } from './carriers.ts';
export type { SocketLike } from './carriers.ts';
export type { Client };
export { ApiError };
