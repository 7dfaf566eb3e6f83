/**
 * Calls another system over HTTP: one request, its answer as the output. The announced key travels with the request, so
 * that a target which honours it does the work once. Must never retry and never decide whether something was sent.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ReadVersion } from '../../../shared/run/events.ts';
import { canonicalText } from '../../../shared/workflow/canonical.ts';
import type { HttpRequest, HttpResponse, Outcome, PlannedRequest, StepContext, StepKind } from '../kind.ts';
import { StepFailure } from '../kind.ts';
import { checkConfig } from '../config.ts';
import { manifest, methods } from './manifest.ts';

const resolved = z.strictObject({
  method: z.enum(methods, `It must be one of ${methods.join(', ')}`),
  url: z
    .string('It must be a text')
    .min(1, 'The address is empty')
    .regex(/^(?:https?|sandbox):\/\/[^\s/?#]/i, 'It must start with https://, http:// or sandbox:// and name a system')
    .regex(/^\S*$/, 'It must not hold spaces; check the values filled in'),
  headers: z
    .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'A name has letters, digits and -'), headerValue(), {
      error: 'It must be a list of names and texts',
    })
    .optional(),
  body: z.unknown().optional(),
});

const titles = { method: 'What to do', url: 'Address', headers: 'Headers', body: 'Data to send' };

/** Headers of an answer that later steps or a reconciliation may need; cookies and the like stay out of the journal. */
const KEPT_HEADERS = ['content-type', 'etag', 'last-modified', 'location', 'retry-after'];
const SECRET_HEADER = /authorization|cookie|token|secret|password|api-?key|signature/i;

export const httpStep: StepKind = {
  manifest,

  validate(config) {
    const problem = checkConfig(resolved, config, titles);
    if (problem) return problem;
    const reads = config['method'] === 'GET' || config['method'] === 'HEAD';
    if (reads && config['body'] !== undefined && config['body'] !== null) {
      return { message: 'Data to send: Reading sends no data; remove it or choose another method.', pointer: '/body' };
    }
    return undefined;
  },

  dependency(config) {
    const { protocol, host, port } = urlParts(String(config['url']));
    return host === '' ? undefined : `${protocol}//${host}${port}`;
  },

  plan(config): PlannedRequest {
    const request = requestOf(config);
    const shown: Record<string, unknown> = { method: request.method, url: request.url };
    if (request.headers) shown['headers'] = withoutSecrets(request.headers);
    if (request.body !== undefined) shown['body'] = request.body;
    return { target: `${request.method} ${withoutQuery(request.url)}`, request: shown };
  },

  /** A weak tag never matches `If-Match`, and one address's tag says nothing about another address. */
  makesCondition(config, { url, etag }) {
    return etag !== undefined && !etag.startsWith('W/') && url === config['url'];
  },

  async execute(config, ctx): Promise<Outcome> {
    const request = requestOf(config);
    const response = await ctx
      .http(withCondition(withKey(request, ctx), ctx), (receivedBytes) => ctx.heartbeat({ receivedBytes }))
      .catch(withPartialAnswer);
    const details: Record<string, unknown> = { status: response.status, url: request.url };
    const etag = response.headers['etag'];
    if (etag !== undefined) details['etag'] = etag;
    // A HEAD answer has nothing but its headers.
    const output = request.method === 'HEAD' ? kept(response) : response.body;
    return {
      ok: true,
      output,
      details,
      ...(ctx.effect.class === 'read' ? { version: versionOf(request.url, etag, output) } : {}),
      response: shownAnswer(response),
    };
  },
};

/** What undoes the part that was done reads it: kept like the answer of a success, without what must stay secret. */
function withPartialAnswer(error: unknown): never {
  if (error instanceof StepFailure && error.response !== undefined)
    throw new StepFailure(error.error, error.sent, shownAnswer(error.response as HttpResponse));
  throw error;
}

function shownAnswer(response: HttpResponse): Record<string, unknown> {
  return { status: response.status, headers: kept(response), body: response.body };
}

/** Scheme, host and port as they are logically written: the Sandbox has systems, not addresses. */
function urlParts(text: string): { protocol: string; host: string; port: string } {
  const [, protocol = '', host = '', port] = /^([a-z]+:)\/\/([^/:?#@]+|\[[^\]]*\])(:\d+)?(?=[/?#]|$)/i.exec(text) ?? [];
  const usual = { 'http:': ':80', 'https:': ':443' }[protocol.toLowerCase()] ?? '';
  return { protocol: protocol.toLowerCase(), host: host.toLowerCase(), port: port ?? usual };
}

function requestOf(config: Record<string, unknown>): HttpRequest {
  const { method, url, headers, body } = config;
  const request: HttpRequest = { method: String(method), url: String(url) };
  if (headers !== undefined) request.headers = { ...(headers as Record<string, string>) };
  if (body !== undefined && body !== null) request.body = body;
  return request;
}

function without(given: Record<string, string> | undefined, header: string): Record<string, string> {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([name]) => name.toLowerCase() !== header));
}

/** The key is a structured header: a text in quotes. It wins over one written by hand, or recovery could send another. */
function withKey(request: HttpRequest, ctx: StepContext): HttpRequest {
  const { key } = ctx.effect;
  if (key === undefined) return request;
  const headers = without(request.headers, 'idempotency-key');
  headers['Idempotency-Key'] = `"${key.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  return { ...request, headers };
}

/** The change is made only on the version that was read. */
function withCondition(request: HttpRequest, { effect }: StepContext): HttpRequest {
  const read = effect.basedOn?.find((version) => httpStep.makesCondition?.({ url: request.url }, version));
  if (read?.etag === undefined) return request;
  return { ...request, headers: { ...without(request.headers, 'if-match'), 'If-Match': read.etag } };
}

function versionOf(url: string, etag: string | undefined, output: unknown): ReadVersion {
  const digest = createHash('sha256').update(canonicalText(output)).digest('hex');
  return { url, digest, ...(etag === undefined ? {} : { etag }) };
}

function kept(response: HttpResponse): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = response.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

function withoutSecrets(headers: Record<string, string>): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    // A reference says which secret it is and nothing of its value.
    shown[name] = SECRET_HEADER.test(name) && !value.includes('secret://') ? '(hidden)' : value;
  }
  return shown;
}

function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

function headerValue() {
  return z.string('Every value must be a text').regex(/^[^\r\n\0]*$/, 'A value must be one line');
}
