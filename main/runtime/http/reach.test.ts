// Where a step may go: private addresses, redirects, the Sandbox, secrets. Against real servers on 127.0.0.1.

import { describe, expect, test } from 'vitest';
import { isPublicAddress } from './address.ts';
import { client, echo, failure, live, serve } from './test-servers.ts';

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
