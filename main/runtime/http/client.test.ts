// The client against real servers on 127.0.0.1: what every answer and every way of not answering becomes.

import { createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { HttpRequest } from '../../steps/kind.ts';
import { StepFailure } from '../../steps/kind.ts';
import { readRetryAfter } from './status.ts';
import { answers, client, echo, failure, listen, live, NOW, serve } from './test-servers.ts';

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
    [207, { done: ['a'], failed: ['b'] }, {}, { class: 'partial', code: '207' }],
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

test('Retry-After is bounded and never negative', () => {
  expect(readRetryAfter('Mon, 23 Nov 2026 11:00:00 GMT', NOW)).toBe(0);
  expect(readRetryAfter('99999999999999', NOW)).toBe(366 * 86_400_000);
  expect(readRetryAfter('-5', NOW)).toBeUndefined();
  expect(readRetryAfter('2026', 0)).toBe(2_026_000);
});
