// The client against real servers on 127.0.0.1: what every answer and every way of not answering becomes.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { HttpRequest, HttpResponse } from '../../steps/kind.ts';
import { StepFailure } from '../../steps/kind.ts';
import { isPublicAddress } from './address.ts';
import type { HttpClient, HttpClientOptions } from './client.ts';
import { createHttpClient } from './client.ts';
import { readRetryAfter } from './status.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: Server | TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((done) => server.close(done));
  });
  return (server.address() as AddressInfo).port;
}

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = createHttpClient({
    resolveSandbox: () => undefined,
    isAllowedHost: (host) => host === '127.0.0.1',
    clock: () => NOW,
    ...options,
  });
  cleanups.push(() => made.close());
  return made;
}

const live = (): AbortSignal => new AbortController().signal;

async function failure(work: Promise<HttpResponse>): Promise<{ sent: boolean } & StepFailure['error']> {
  try {
    const response = await work;
    throw new Error(`answered ${response.status}`);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    expect(error.error.message).toMatch(/^[^\n]+[.!?…]$/);
    return { sent: error.sent, ...error.error };
  }
}

function answers(status: number, body?: unknown, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Answers what it was sent. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  void bodyOf(request).then((body) => {
    response.writeHead(200, { 'content-type': 'application/json', etag: '"v1"' });
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  });
}

describe('an answer', () => {
  test('JSON is parsed, other text is kept, nothing is null', async () => {
    const base = await serve(echo);
    const sent: HttpRequest = { method: 'post', url: `${base}/a?b=1`, headers: { 'X-Order': '7' }, body: { n: 1 } };
    const response = await client().request(sent, live());
    expect(response).toMatchObject({
      status: 200,
      headers: { etag: '"v1"' },
      body: {
        method: 'POST',
        url: '/a?b=1',
        body: '{"n":1}',
        headers: { 'x-order': '7', 'content-type': 'application/json' },
      },
    });
    const text = await serve((_request, reply) => reply.writeHead(200, { 'content-type': 'text/plain' }).end('hello'));
    expect((await client().request({ method: 'GET', url: text }, live())).body).toBe('hello');
    const empty = await serve((_request, reply) => reply.writeHead(204).end());
    expect((await client().request({ method: 'DELETE', url: empty }, live())).body).toBeNull();
    const head = await serve((_request, reply) =>
      reply.writeHead(200, { 'content-type': 'application/json', etag: 'x' }).end(),
    );
    expect(await client().request({ method: 'HEAD', url: head }, live())).toMatchObject({
      body: null,
      headers: { etag: 'x' },
    });
  });

  const table: [number, unknown, Record<string, string>, Record<string, unknown>][] = [
    [400, { error: { message: 'No amount' } }, {}, { class: 'refused', code: '400' }],
    [404, undefined, {}, { class: 'refused', code: '404' }],
    [408, undefined, {}, { class: 'unavailable', code: '408' }],
    [409, { error: { code: 'already_reversed' } }, {}, { class: 'refused', code: '409' }],
    [
      409,
      { error: { code: 'in_flight' } },
      { 'retry-after': '1' },
      { class: 'unavailable', code: '409', retryAfterMs: 1_000 },
    ],
    [412, undefined, {}, { class: 'stale', code: '412' }],
    [422, { error: { code: 'key_reused' } }, {}, { class: 'refused', code: '422' }],
    [429, undefined, { 'retry-after': '7' }, { class: 'rate_limited', retryAfterMs: 7_000 }],
    [
      429,
      undefined,
      { 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT' },
      { class: 'rate_limited', retryAfterMs: 30_000 },
    ],
    [429, undefined, { 'retry-after': 'soon' }, { class: 'rate_limited' }],
    [500, undefined, {}, { class: 'unavailable', code: '500' }],
    [
      503,
      { message: 'Down for lunch' },
      { 'retry-after': '60' },
      { class: 'unavailable', code: '503', retryAfterMs: 60_000 },
    ],
    [302, undefined, {}, { class: 'refused', code: '302' }],
  ];
  test.each(table)('%i %o %o', async (status, body, headers, expected) => {
    const base = await serve(answers(status, body, headers));
    const found = await failure(client().request({ method: 'POST', url: `${base}/x?key=1` }, live()));
    expect(found).toMatchObject({ sent: true, ...expected });
    if (!('retryAfterMs' in expected)) expect(found.retryAfterMs).toBeUndefined();
    expect(found.message).not.toContain('key=1');
  });

  test('the words of the server reach the message', async () => {
    const base = await serve(answers(409, { error: { code: 'x', message: 'Refund was already reversed' } }));
    const found = await failure(client().request({ method: 'POST', url: base }, live()));
    expect(found.message).toContain('answered 409: Refund was already reversed.');
  });

  test('what claims to be JSON and is not, and what is too large, is invalid_output', async () => {
    const garbage = await serve((_request, reply) =>
      reply.writeHead(200, { 'content-type': 'application/json' }).end('{"a":'),
    );
    expect(await failure(client().request({ method: 'POST', url: garbage }, live()))).toMatchObject({
      class: 'invalid_output',
      code: 'body',
      sent: true,
    });
    const large = await serve((_request, reply) => reply.writeHead(200).end('x'.repeat(200_000)));
    const small = client({ maxResponseBytes: 100_000 });
    expect(await failure(small.request({ method: 'GET', url: large }, live()))).toMatchObject({
      class: 'invalid_output',
      code: 'too_large',
    });
    const bomb = await serve((_request, reply) =>
      reply.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000))),
    );
    expect(await failure(small.request({ method: 'GET', url: bomb }, live()))).toMatchObject({ code: 'encoding' });
    const packed = await serve((_request, reply) =>
      reply.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' }).end(gzipSync('{"a":1}')),
    );
    expect((await small.request({ method: 'GET', url: packed }, live())).body).toEqual({ a: 1 });
  });
});

describe('no answer', () => {
  test('a refused port and a name nobody knows are not_sent', async () => {
    const probe = createTcpServer();
    const port = await listen(probe);
    await new Promise((done) => probe.close(done));
    expect(
      await failure(client().request({ method: 'POST', url: `http://127.0.0.1:${port}/x` }, live())),
    ).toMatchObject({
      class: 'not_sent',
      code: 'ECONNREFUSED',
      sent: false,
    });
    const unknown = await failure(client().request({ method: 'POST', url: 'http://nobody.invalid/x' }, live()));
    expect(unknown).toMatchObject({ class: 'not_sent', sent: false });
  });

  test('a connection that ends before or in the middle of the answer is unavailable and sent', async () => {
    const reset = await serve((request) => request.socket.destroy());
    expect(await failure(client().request({ method: 'POST', url: reset, body: { n: 1 } }, live()))).toMatchObject({
      class: 'unavailable',
      sent: true,
    });
    const half = await serve((_request, reply) => {
      reply.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      reply.write('{"id":');
      setTimeout(() => reply.destroy(), 10);
    });
    expect(await failure(client().request({ method: 'POST', url: half }, live()))).toMatchObject({
      class: 'unavailable',
      sent: true,
    });
  });

  test('a server that closes without a word to a kept connection is never not_sent', async () => {
    let calls = 0;
    const base = await serve((request, reply) => {
      calls += 1;
      if (calls === 1) reply.end('ok');
      else request.socket.destroy();
    });
    const http = client();
    await http.request({ method: 'POST', url: base }, live());
    expect(await failure(http.request({ method: 'POST', url: base }, live()))).toMatchObject({
      class: 'unavailable',
      sent: true,
    });
    expect(calls).toBe(2);
  });

  test('time runs out: after sending as sent, while connecting as not sent', async () => {
    const slow = await serve(() => undefined);
    const abort = new AbortController();
    setTimeout(() => abort.abort(new StepFailure({ class: 'timeout', message: 'Not within 30 ms.' }, true)), 30);
    expect(await failure(client().request({ method: 'POST', url: slow }, abort.signal))).toMatchObject({
      class: 'timeout',
      sent: true,
    });
    const before = new AbortController();
    before.abort(new StepFailure({ class: 'timeout', message: 'Over.' }, true));
    expect(await failure(client().request({ method: 'POST', url: slow }, before.signal))).toMatchObject({
      class: 'timeout',
      sent: false,
    });
    const cancelled = new AbortController();
    setTimeout(() => cancelled.abort(), 30);
    expect(await failure(client().request({ method: 'POST', url: slow }, cancelled.signal))).toMatchObject({
      class: 'cancelled',
      sent: true,
    });
  });

  test('a server that only accepts the connection of TLS hears no request', async () => {
    const port = await listen(createTcpServer((socket) => socket.on('data', () => undefined)));
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 40);
    const found = await failure(client().request({ method: 'POST', url: `https://127.0.0.1:${port}/` }, abort.signal));
    expect(found).toMatchObject({ class: 'cancelled', sent: false });
  });
});

describe('where a step may go', () => {
  test.each([
    'http://127.0.0.1:1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://100.64.0.1/',
    'http://0.0.0.0/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://localhost/',
  ])('%s is blocked before anything is sent', async (url) => {
    const found = await failure(client({ isAllowedHost: () => false }).request({ method: 'GET', url }, live()));
    expect(found).toMatchObject({ class: 'refused', code: 'address_blocked', sent: false });
  });

  test('public addresses are not', () => {
    expect(['93.184.216.34', '2606:2800:220:1::1'].map(isPublicAddress)).toEqual([true, true]);
    expect(['64:ff9b::7f00:1', '2002:7f00:1::', 'nonsense'].map(isPublicAddress)).toEqual([false, false, false]);
  });

  test('consent names host and port', async () => {
    const base = await serve(echo);
    const port = Number(new URL(base).port);
    const http = client({ isAllowedHost: (host, asked) => host === 'localhost' && asked === port });
    expect((await http.request({ method: 'GET', url: `http://localhost:${port}/` }, live())).status).toBe(200);
    expect(await failure(http.request({ method: 'GET', url: base }, live()))).toMatchObject({
      code: 'address_blocked',
    });
  });

  test('a redirect to a private address is blocked, one within what is allowed is followed', async () => {
    const inside = await serve(echo);
    const insidePort = Number(new URL(inside).port);
    const outside = await serve((request, reply) => {
      if (request.url === '/away') reply.writeHead(302, { location: `${inside}/` }).end();
      else if (request.url === '/here') reply.writeHead(301, { location: '/end' }).end();
      else if (request.url === '/loop') reply.writeHead(307, { location: '/loop' }).end();
      else if (request.url === '/file') reply.writeHead(302, { location: 'file:///etc/passwd' }).end();
      else if (request.url === '/moved') reply.writeHead(307, { location: '/end' }).end();
      else if (request.url === '/done') reply.writeHead(303, { location: '/end' }).end();
      else echo(request, reply);
    });
    const http = client({ isAllowedHost: (_host, port) => port !== insidePort });
    const get = (path: string, method = 'GET') =>
      http.request(
        {
          method,
          url: outside + path,
          headers: { authorization: 'x' },
          ...(method === 'GET' ? {} : { body: { n: 1 } }),
        },
        live(),
      );
    expect(await failure(get('/away'))).toMatchObject({ class: 'refused', code: 'address_blocked' });
    expect((await get('/here')).body).toMatchObject({ url: '/end', headers: { authorization: 'x' } });
    expect(await failure(get('/loop'))).toMatchObject({ class: 'refused', code: 'redirects' });
    expect(await failure(get('/file'))).toMatchObject({ class: 'refused', code: 'redirect' });
    expect((await get('/moved', 'POST')).body).toMatchObject({ method: 'POST', body: '{"n":1}' });
    expect((await get('/done', 'POST')).body).toMatchObject({ method: 'GET', body: '' });
    expect(await failure(get('/here', 'POST'))).toMatchObject({ class: 'refused', code: '301' });
  });

  test('what may be secret does not follow to another server', async () => {
    const other = await serve(echo);
    const first = await serve((_request, reply) => reply.writeHead(302, { location: `${other}/` }).end());
    const response = await client().request(
      { method: 'GET', url: first, headers: { Authorization: 'Bearer x', 'X-Api-Key': 'y', Accept: 'text/plain' } },
      live(),
    );
    const { headers } = response.body as { headers: Record<string, string> };
    expect(headers['accept']).toBe('text/plain');
    expect(headers['authorization'] ?? headers['x-api-key']).toBeUndefined();
  });

  test('sandbox addresses reach their own listener and only that', async () => {
    const base = await serve(echo);
    const http = client({
      isAllowedHost: () => false,
      resolveSandbox: (name) => (name === 'crm' ? `${base}/crm` : undefined),
    });
    expect((await http.request({ method: 'GET', url: 'sandbox://crm/orders/7?x=1' }, live())).body).toMatchObject({
      url: '/crm/orders/7?x=1',
    });
    expect(await failure(http.request({ method: 'GET', url: 'sandbox://bank/x' }, live()))).toMatchObject({
      class: 'invalid_output',
      sent: false,
    });
    expect(await failure(http.request({ method: 'GET', url: `${base}/crm` }, live()))).toMatchObject({
      code: 'address_blocked',
    });
  });

  test.each(['ftp://example.com/x', 'orders/7', 'http://user:pw@example.com/', ''])('%s is no address', async (url) => {
    expect(await failure(client().request({ method: 'GET', url }, live()))).toMatchObject({
      class: 'invalid_output',
      code: 'url',
      sent: false,
    });
  });
});

describe('secrets', () => {
  test('a reference becomes its value on the way out; an unknown one sends nothing', async () => {
    const base = await serve(echo);
    const http = client({ resolveSecret: async (name) => (name === 'crm.token' ? 's3cret' : undefined) });
    const ask = (value: string) =>
      http.request({ method: 'GET', url: base, headers: { Authorization: value } }, live());
    expect((await ask('Bearer secret://crm.token')).body).toMatchObject({
      headers: { authorization: 'Bearer s3cret' },
    });
    expect(await failure(ask('secret://other'))).toMatchObject({
      class: 'invalid_output',
      code: 'secret',
      sent: false,
    });
  });

  test('a header that cannot be sent is an outcome, not a crash', async () => {
    const base = await serve(echo);
    const found = await failure(client().request({ method: 'GET', url: base, headers: { 'x y': 'z' } }, live()));
    expect(found.sent).toBe(false);
  });
});

test('Retry-After is bounded and never negative', () => {
  expect(readRetryAfter('Mon, 23 Nov 2026 11:00:00 GMT', NOW)).toBe(0);
  expect(readRetryAfter('99999999999999', NOW)).toBe(366 * 86_400_000);
  expect(readRetryAfter('-5', NOW)).toBeUndefined();
  expect(readRetryAfter('2026', 0)).toBe(2_026_000);
});
