/**
 * The one way a step reaches another system over HTTP. Resolves sandbox addresses, refuses private ones, follows redirects
 * itself, bounds the answer, and turns every failure into an error class. Must never say `not_sent` unless it is certain
 * that no byte of the request left, and never retry: the runtime owns retries.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { HttpRequest, HttpResponse } from '../../steps/kind.ts';
import { StepFailure } from '../../steps/kind.ts';
import type { IsAllowedHost } from './address.ts';
import { AddressBlocked, checkLiteral } from './address.ts';
import { readBody } from './body.ts';
import type { Exchange, Transport } from './transport.ts';
import { errorOfAnswer } from './status.ts';

export interface HttpClientOptions {
  /** Base URL of a sandbox system, `http://127.0.0.1:PORT/crm`; undefined when there is no such system. */
  resolveSandbox: (system: string) => string | undefined | Promise<string | undefined>;
  /** Consent to reach a private address or a name that leads to one. */
  isAllowedHost?: IsAllowedHost;
  /** The value behind `secret://name` in a header; looked up at the call and kept nowhere. */
  resolveSecret?: (name: string) => Promise<string | undefined>;
  /** Epoch milliseconds. */
  clock: () => number;
  maxResponseBytes?: number;
  connectTimeoutMs?: number;
}

export interface HttpClient {
  /** Throws `StepFailure` and nothing else. */
  request(request: HttpRequest, signal: AbortSignal, received?: (bytes: number) => void): Promise<HttpResponse>;
  close(): Promise<void>;
}

interface Hop {
  method: string;
  url: URL;
  /** True while the address is the one the sandbox gave, the only loopback that needs no consent. */
  sandbox: boolean;
  headers: Record<string, string>;
  body: string | undefined;
}

const MAX_RESPONSE_BYTES = 5_000_000;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 5;
/** What may follow a redirect to another server; everything else could be a secret. */
const SAFE_HEADERS = ['accept', 'accept-language', 'content-type', 'idempotency-key', 'user-agent'];

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const limits = {
    maxResponseBytes: options.maxResponseBytes ?? MAX_RESPONSE_BYTES,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
  };
  const isAllowedHost = options.isAllowedHost ?? (() => false);
  let opened: Promise<Transport> | undefined;
  const transport = (): Promise<Transport> => {
    opened ??= import('./transport.ts').then((module) => module.openTransport(isAllowedHost, limits));
    return opened;
  };

  async function request(
    asked: HttpRequest,
    signal: AbortSignal,
    received?: (bytes: number) => void,
  ): Promise<HttpResponse> {
    const target = `${asked.method.toUpperCase()} ${withoutQuery(asked.url)}`;
    let sent = false;
    try {
      let hop = await firstHop(asked, options);
      for (let redirects = 0; ; redirects++) {
        if (signal.aborted) throw signal.reason;
        if (!hop.sandbox) checkLiteral(hop.url.hostname, portOf(hop.url), isAllowedHost);
        const exchange: Exchange = { begun: false, ...(received ? { received } : {}) };
        let answer;
        try {
          answer = await (await transport()).send(hop, signal, exchange);
        } finally {
          sent ||= exchange.begun;
        }
        const next = nextHop(hop, answer.status, answer.headers['location'], target);
        if (next === undefined) {
          const response = await readBody(target, answer, limits.maxResponseBytes);
          const error = errorOfAnswer(target, response, options.clock());
          if (error) throw new StepFailure(error, true, error.class === 'partial' ? response : undefined);
          return response;
        }
        if (redirects >= MAX_REDIRECTS)
          throw refusal(target, 'redirects', `redirects more than ${MAX_REDIRECTS} times`, true);
        hop = next;
      }
    } catch (error) {
      throw failureOf(error, target, sent, signal);
    }
  }

  async function close(): Promise<void> {
    const open = opened;
    opened = undefined;
    if (open) await (await open).close();
  }

  return { request, close };
}

async function firstHop(asked: HttpRequest, options: HttpClientOptions): Promise<Hop> {
  const { url, sandbox } = await locate(asked.url, options);
  const headers: Record<string, string> = { accept: 'application/json, */*;q=0.5', 'accept-encoding': 'identity' };
  for (const [name, value] of Object.entries(asked.headers ?? {})) {
    headers[name.toLowerCase()] = await withSecrets(value, options);
  }
  let body: string | undefined;
  if (asked.body !== undefined && asked.body !== null) {
    body = typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body);
    headers['content-type'] ??= typeof asked.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  }
  return { method: asked.method.toUpperCase(), url, sandbox, headers, body };
}

async function locate(text: string, options: HttpClientOptions): Promise<{ url: URL; sandbox: boolean }> {
  const url = parseUrl(text);
  if (url?.protocol === 'sandbox:') {
    const base = await options.resolveSandbox(url.hostname);
    if (base === undefined) throw invalid('sandbox', `There is no sandbox system "${url.hostname}".`);
    return { url: new URL(`${base.replace(/\/$/, '')}${url.pathname}${url.search}`), sandbox: true };
  }
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw invalid('url', `"${text.slice(0, 200)}" is not an address that starts with http:// or https://.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('url', `The address of ${url.host} holds a user name or password; put it in a header as a secret.`);
  }
  return { url, sandbox: false };
}

async function withSecrets(value: string, options: HttpClientOptions): Promise<string> {
  let result = '';
  let from = 0;
  for (const found of value.matchAll(/secret:\/\/([A-Za-z0-9_.-]+)/g)) {
    const name = found[1] ?? '';
    const secret = await options.resolveSecret?.(name);
    if (secret === undefined) throw invalid('secret', `The secret "${name}" is not set in this workspace.`);
    result += value.slice(from, found.index) + secret;
    from = found.index + found[0].length;
  }
  return result + value.slice(from);
}

/** Where the answer sends the request next; undefined when the answer is the final one. */
function nextHop(hop: Hop, status: number, location: string | undefined, target: string): Hop | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  const reads = hop.method === 'GET' || hop.method === 'HEAD';
  // What a browser would make of these is a guess; a request that changes something is not repeated on a guess.
  if (!reads && (status === 301 || status === 302)) return undefined;
  const url = parseUrl(location, hop.url);
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '') {
    throw refusal(target, 'redirect', 'redirects to something that is no web address', true);
  }
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') {
    throw refusal(target, 'redirect', 'redirects from https to plain http', true);
  }
  const sameServer = url.origin === hop.url.origin;
  const asRead = status === 303 && !reads;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(hop.headers)) {
    if (asRead && (name === 'content-type' || name === 'idempotency-key')) continue;
    if (sameServer || SAFE_HEADERS.includes(name)) headers[name] = value;
  }
  return {
    method: asRead ? 'GET' : hop.method,
    url,
    sandbox: hop.sandbox && sameServer,
    headers,
    body: asRead ? undefined : hop.body,
  };
}

function failureOf(error: unknown, target: string, sent: boolean, signal: AbortSignal): StepFailure {
  if (error instanceof StepFailure && error !== signal.reason) return error;
  if (signal.aborted) return new StepFailure(abortError(signal.reason, target), sent);
  const blocked = findBlocked(error);
  if (blocked) {
    return refusal(
      target,
      'address_blocked',
      `was not called: ${blocked.message}, which this workspace does not allow`,
      sent,
    );
  }
  const code = error instanceof Object && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const stepError: StepError = sent
    ? { class: 'unavailable', message: `${target} broke off before its answer was complete.` }
    : { class: 'not_sent', message: `${target} could not be reached.` };
  if (code !== undefined) stepError.code = code;
  return new StepFailure(stepError, sent);
}

function abortError(reason: unknown, target: string): StepError {
  if (reason instanceof StepFailure) return reason.error;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return { class: 'timeout', message: `${target} did not answer in time.` };
  }
  return { class: 'cancelled', message: `${target} was stopped before it answered.` };
}

/** Trying several addresses wraps their errors in one. */
function findBlocked(error: unknown): AddressBlocked | undefined {
  if (error instanceof AddressBlocked) return error;
  if (error instanceof AggregateError) return error.errors.map(findBlocked).find((entry) => entry !== undefined);
  return undefined;
}

function refusal(target: string, code: string, what: string, sent: boolean): StepFailure {
  return new StepFailure({ class: 'refused', code, message: `${target} ${what}.` }, sent);
}

function invalid(code: string, message: string): StepFailure {
  return new StepFailure({ class: 'invalid_output', code, message }, false);
}

function parseUrl(text: string, base?: URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

/** A query may carry what does not belong into messages. */
function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return (end < 0 ? url : url.slice(0, end)).slice(0, 300);
}
