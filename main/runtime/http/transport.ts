// Ambient types cannot be imported, and not every tsconfig lists declaration files.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./undici-parts.d.ts" />
/**
 * Sends one request on a connection and collects its answer. Loaded at the first call, because undici is heavy.
 * Marks the exchange as begun before the first byte can leave; must never follow, repeat or interpret anything.
 */
import type { buildConnector, Dispatcher } from 'undici';
import createConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import type { IsAllowedHost } from './address.ts';
import { bare, checkLiteral, guardedLookup } from './address.ts';

export interface Exchange {
  /** True from the moment the request is put on a connection. */
  begun: boolean;
  /** Told the bytes of the answer so far. */
  received?(bytes: number): void;
}

export interface Wanted {
  method: string;
  url: URL;
  sandbox: boolean;
  headers: Record<string, string>;
  body: string | undefined;
}

export interface RawAnswer {
  status: number;
  /** Names in small letters; repeated ones joined with a comma. */
  headers: Record<string, string>;
  bytes: Buffer;
  /** The answer was longer than the limit and was cut off. */
  tooLarge: boolean;
}

export interface Transport {
  send(wanted: Wanted, signal: AbortSignal, exchange: Exchange): Promise<RawAnswer>;
  close(): Promise<void>;
}

export function openTransport(
  isAllowedHost: IsAllowedHost,
  limits: { maxResponseBytes: number; connectTimeoutMs: number },
): Transport {
  // The attempt's signal is the only clock of an exchange: the agent's own would end it with a different meaning.
  const common = { headersTimeout: 0, bodyTimeout: 0, pipelining: 1, keepAliveTimeout: 4_000 };
  const guarded = new Agent({ ...common, connect: guardedConnector(isAllowedHost, limits.connectTimeoutMs) });
  const trusted = new Agent({ ...common, connect: { timeout: limits.connectTimeoutMs } });
  return {
    send: (wanted, signal, exchange) =>
      sendOver(wanted.sandbox ? trusted : guarded, wanted, signal, exchange, limits.maxResponseBytes),
    async close() {
      await Promise.all([guarded.destroy(), trusted.destroy()]);
    },
  };
}

function guardedConnector(isAllowedHost: IsAllowedHost, timeoutMs: number): buildConnector.connector {
  const connectors = new Map<number, buildConnector.connector>();
  return (target, callback) => {
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
    try {
      checkLiteral(bare(target.hostname), port, isAllowedHost);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    let connect = connectors.get(port);
    if (!connect) {
      connect = createConnector({ timeout: timeoutMs, lookup: guardedLookup(port, isAllowedHost) });
      connectors.set(port, connect);
    }
    connect(target, callback);
  };
}

function sendOver(
  agent: Agent,
  wanted: Wanted,
  signal: AbortSignal,
  exchange: Exchange,
  maxBytes: number,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let abortExchange: ((error?: Error) => void) | undefined;
    let ended = false;
    const answer: RawAnswer = { status: 0, headers: {}, bytes: Buffer.alloc(0), tooLarge: false };
    const chunks: Buffer[] = [];
    let size = 0;

    const finish = (error: unknown): void => {
      if (ended) return;
      ended = true;
      signal.removeEventListener('abort', onAbort);
      if (error !== undefined) return reject(error);
      answer.bytes = Buffer.concat(chunks);
      resolve(answer);
    };
    // Settles at once: a request that still waits for its connection has nothing to abort yet and is refused in onConnect.
    const onAbort = (): void => {
      finish(signal.reason ?? new Error('aborted'));
      abortExchange?.();
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) return onAbort();

    const handlers: Dispatcher.DispatchHandlers = {
      onConnect(abort) {
        if (ended) return abort();
        abortExchange = abort;
        exchange.begun = true;
      },
      onHeaders(status, rawHeaders) {
        if (status < 200) return true;
        answer.status = status;
        answer.headers = readHeaders(rawHeaders);
        return true;
      },
      onData(chunk) {
        size += chunk.length;
        if (size <= maxBytes) {
          exchange.received?.(size);
          chunks.push(chunk);
          return true;
        }
        answer.tooLarge = true;
        finish(undefined);
        abortExchange?.();
        return false;
      },
      onComplete: () => finish(undefined),
      onError: (error) => finish(error),
    };
    agent.dispatch(
      {
        origin: wanted.url.origin,
        path: `${wanted.url.pathname}${wanted.url.search}`,
        method: wanted.method as Dispatcher.HttpMethod,
        headers: wanted.headers,
        body: wanted.body ?? null,
      },
      handlers,
    );
  });
}

function readHeaders(raw: Buffer[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = String(raw[index]).toLowerCase();
    const value = raw[index + 1]?.toString('latin1') ?? '';
    if (name === '__proto__') continue;
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}
