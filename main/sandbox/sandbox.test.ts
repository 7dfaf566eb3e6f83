// Drives the Sandbox systems over real HTTP, and restarts them on the same folder the way a killed app would.

import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox } from './sandbox.ts';
import type { Sandbox, SandboxOptions } from './sandbox.ts';

const NOW = Date.UTC(2026, 4, 22, 9, 0, 0);
let dir: string;
let sandbox: Sandbox;
let logged: string[];

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return startSandbox({ dir, clock: () => NOW, log: (message) => logged.push(message), ...options });
}

async function restart(options: Partial<SandboxOptions> = {}): Promise<void> {
  await sandbox.close();
  sandbox = await start(options);
}

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(sandbox.origin + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

const refund = { order: 'ord_1042', amount: 4900, currency: 'EUR' };
const withKey = (key: string): Record<string, string> => ({ 'idempotency-key': `"${key}"` });
const letter = { to: 'mara.lindqvist@example.com', subject: 'Your refund', body: 'It is on its way.' };

beforeEach(async () => {
  logged = [];
  dir = join(await mkdtemp(join(tmpdir(), 'holdfast-sandbox-')), 'sandbox');
  sandbox = await start();
});

afterEach(async () => {
  await sandbox.close();
  await rm(join(dir, '..'), { recursive: true, force: true });
});

describe('address', () => {
  test('systems resolve to paths of the one listener, unknown ones do not', async () => {
    expect(sandbox.resolve('crm')).toBe(`http://127.0.0.1:${sandbox.port}/crm`);
    expect(sandbox.resolve('warehouse')).toBeUndefined();
    const answer = await fetch(`${sandbox.resolve('crm') ?? ''}/orders/ord_1042`);
    expect(answer.status).toBe(200);
  });

  test('a request for another host, or from a web page, is refused', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = { port: sandbox.port, host: '127.0.0.1', path: '/ledger', headers: { host: 'evil.example' } };
      httpRequest(options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
    const page = await call('GET', '/ledger', undefined, { origin: 'https://evil.example' });
    expect(page.body).toMatchObject({ error: { code: 'wrong_host' } });
  });

  test('unknown paths and methods answer in JSON', async () => {
    for (const path of ['/', '/nothing', '/crm', '/crm/orders/ord_1042/items', '/payments/refunds/rf_1/undo', '/%zz']) {
      expect(await call('GET', path)).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    }
    const wrong = await call('DELETE', '/crm/orders/ord_1042');
    expect(wrong).toMatchObject({ status: 405, body: { error: { code: 'method_not_allowed' } } });
    expect(wrong.headers.get('allow')).toBe('GET, PATCH');
  });

  test('a body that is too large, not JSON or of another type is refused and changes nothing', async () => {
    const large = JSON.stringify({ ...letter, body: 'x'.repeat(1024 * 1024) });
    expect(await call('POST', '/mail/messages', large)).toMatchObject({ status: 413 });
    expect(await call('POST', '/mail/messages', '{"to":')).toMatchObject({ status: 400 });
    expect(await call('POST', '/mail/messages', 'to=a', { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
    });
    expect(sandbox.entries()).toEqual([]);
  });
});

describe('CRM', () => {
  test('an order is read with its customer, version and ETag', async () => {
    const read = await call('GET', '/crm/orders/ord_1042');
    expect(read.headers.get('etag')).toBe('"1"');
    expect(read.body).toMatchObject({
      id: 'ord_1042',
      total: 11080,
      currency: 'EUR',
      version: 1,
      customer: { id: 'cus_201', email: 'mara.lindqvist@example.com' },
    });
    expect(await call('GET', '/crm/customers/cus_201')).toMatchObject({ body: { name: 'Mara Lindqvist' } });
    expect(await call('GET', '/crm/invoices/inv_7002')).toMatchObject({ body: { total: 91250 } });
  });

  test('lists can be narrowed and unknown ids say so', async () => {
    expect(await call('GET', '/crm/orders')).toMatchObject({ body: { count: 12 } });
    expect(await call('GET', '/crm/orders?customer=cus_203&status=cancelled')).toMatchObject({
      body: { count: 1, items: [{ id: 'ord_1052' }] },
    });
    expect(await call('GET', '/crm/orders/ord_9')).toMatchObject({
      status: 404,
      body: { error: { code: 'order_not_found' } },
    });
    expect(await call('PATCH', '/crm/orders/ord_9', { note: 'x' })).toMatchObject({ status: 404 });
  });

  test('a change raises the version, says what it replaced and can be undone with that', async () => {
    const changed = await call('PATCH', '/crm/orders/ord_1042', { status: 'refunded', refundId: 'rf_1' });
    expect(changed.body).toMatchObject({
      status: 'refunded',
      refundId: 'rf_1',
      version: 2,
      previous: { status: 'delivered', refundId: null },
    });
    await call('PATCH', '/crm/orders/ord_1042', { status: 'delivered', refundId: null });
    expect(await call('GET', '/crm/orders/ord_1042')).toMatchObject({
      body: { status: 'delivered', refundId: null, version: 3 },
    });
  });

  test('a stale If-Match is refused, a fresh one is accepted', async () => {
    const first = await call('PATCH', '/crm/orders/ord_1042', { note: 'one' }, { 'if-match': '"1"' });
    expect(first.status).toBe(200);
    const stale = await call('PATCH', '/crm/orders/ord_1042', { note: 'two' }, { 'if-match': '"1"' });
    expect(stale).toMatchObject({ status: 412, body: { error: { code: 'stale' } } });
    expect((await call('PATCH', '/crm/orders/ord_1042', { note: 'two' }, { 'if-match': '2' })).status).toBe(200);
  });

  test('a repeated key does not become stale by its own success', async () => {
    const headers = { 'if-match': '"1"', ...withKey('k1') };
    const first = await call('PATCH', '/crm/orders/ord_1042', { status: 'refunded' }, headers);
    const again = await call('PATCH', '/crm/orders/ord_1042', { status: 'refunded' }, headers);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('etag')).toBe('"2"');
  });

  test.each([
    [{ total: 1 }, 'Unknown field "total"'],
    [{ status: 'lost' }, '"status" must be one of'],
    [{ refundId: 7 }, '"refundId" must be'],
    [{ note: 7 }, '"note" must be'],
    [{}, 'Name at least one field'],
    [[], 'must be a JSON object'],
  ])('refuses the change %j', async (body, sentence) => {
    const refused = await call('PATCH', '/crm/orders/ord_1042', body);
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body).replaceAll('\\"', '"')).toContain(sentence);
  });
});

describe('payments', () => {
  test('the same key pays once and replays the stored answer', async () => {
    const first = await call('POST', '/payments/refunds', refund, withKey('k1'));
    const again = await call('POST', '/payments/refunds', refund, { 'idempotency-key': 'k1' });
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    expect(sandbox.entries('payments')).toHaveLength(1);
  });

  test('field order is no other payload, another amount or path is', async () => {
    await call('POST', '/payments/refunds', refund, withKey('k1'));
    const turned = { currency: 'EUR', amount: 4900, order: 'ord_1042' };
    expect((await call('POST', '/payments/refunds', turned, withKey('k1'))).status).toBe(201);
    const other = await call('POST', '/payments/refunds', { ...refund, amount: 1 }, withKey('k1'));
    expect(other).toMatchObject({ status: 422, body: { error: { code: 'key_reused' } } });
    expect((await call('POST', '/payments/refunds/rf_5001/reverse', {}, withKey('k1'))).status).toBe(422);
  });

  test('while the first is in flight the second is told so, and then gets its answer', async () => {
    await restart({ paymentDelayMs: 150 });
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => call('POST', '/payments/refunds', refund, withKey('k1'))),
    );
    const statuses = answers.map((answer) => answer.status).sort();
    expect(statuses).toEqual([201, 409, 409, 409, 409]);
    expect(answers.find((answer) => answer.status === 409)).toMatchObject({ body: { error: { code: 'in_flight' } } });
    const later = await call('POST', '/payments/refunds', refund, withKey('k1'));
    expect(later.headers.get('idempotency-replayed')).toBe('true');
    expect(sandbox.entries('payments')).toHaveLength(1);
  });

  test('a caller that goes away does not stop the payment, and the key finds it', async () => {
    await restart({ paymentDelayMs: 100 });
    await expect(
      fetch(`${sandbox.origin}/payments/refunds`, {
        method: 'POST',
        body: JSON.stringify(refund),
        headers: { 'content-type': 'application/json', ...withKey('k1') },
        signal: AbortSignal.timeout(30),
      }),
    ).rejects.toThrow();
    await expect.poll(() => sandbox.entries('payments').length).toBe(1);
    expect(await call('GET', '/payments/refunds?key=k1')).toMatchObject({
      body: { count: 1, items: [{ amount: 4900 }] },
    });
    expect(await call('GET', '/payments/refunds?key=k2')).toMatchObject({ body: { count: 0 } });
  });

  test('without a key every call pays, at once or not, each with its own id', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST', '/payments/refunds', refund)));
    expect(new Set(answers.map((answer) => answer.body['id'])).size).toBe(20);
    expect(sandbox.entries('payments')).toHaveLength(20);
  });

  test('a refund is reversed once', async () => {
    const { body } = await call('POST', '/payments/refunds', refund, withKey('k1'));
    const path = `/payments/refunds/${String(body['id'])}/reverse`;
    expect(await call('POST', path, undefined, withKey('k2'))).toMatchObject({
      status: 200,
      body: { status: 'reversed' },
    });
    expect((await call('POST', path, undefined, withKey('k2'))).headers.get('idempotency-replayed')).toBe('true');
    expect(await call('POST', path, {}, withKey('k3'))).toMatchObject({
      status: 409,
      body: { error: { code: 'already_reversed' } },
    });
    expect(await call('POST', '/payments/refunds/rf_1/reverse', {})).toMatchObject({ status: 404 });
    expect(await call('GET', `/payments/refunds/${String(body['id'])}`)).toMatchObject({
      body: { status: 'reversed' },
    });
    expect(sandbox.entries('payments').map((entry) => entry.action)).toEqual(['refund.created', 'refund.reversed']);
  });

  test.each([
    { ...refund, amount: 0 },
    { ...refund, amount: 49.5 },
    { ...refund, amount: '4900' },
    { ...refund, order: '' },
    { ...refund, currency: 'euro' },
    { ...refund, account: 'x' },
    { ...refund, reason: 1 },
    'text',
  ])('refuses %j and does not remember the key', async (body) => {
    expect((await call('POST', '/payments/refunds', JSON.stringify(body), withKey('k1'))).status).toBe(400);
    expect((await call('POST', '/payments/refunds', refund, withKey('k1'))).status).toBe(201);
  });

  test('a malformed key is refused', async () => {
    for (const key of ['"open', '', '""', 'x'.repeat(300)]) {
      const answer = await call('POST', '/payments/refunds', refund, { 'idempotency-key': key });
      expect(answer.status, key).toBe(400);
    }
  });
});

describe('mail', () => {
  test('the same key sends again every time', async () => {
    await call('POST', '/mail/messages', letter, withKey('k1'));
    await call('POST', '/mail/messages', letter, withKey('k1'));
    expect(await call('GET', '/mail/messages')).toMatchObject({ body: { count: 2 } });
    expect(await call('GET', '/mail/messages?to=nobody@example.com')).toMatchObject({ body: { count: 0 } });
    expect(await call('GET', '/mail/messages/msg_9002')).toMatchObject({ body: letter });
    expect(await call('GET', '/mail/messages/msg_1')).toMatchObject({ status: 404 });
    expect(sandbox.entries('mail').map((entry) => entry.key)).toEqual(['k1', 'k1']);
  });

  test.each([
    { ...letter, to: 'nobody' },
    { ...letter, subject: ' ' },
    { ...letter, body: 1 },
    { ...letter, inReplyTo: 1 },
    { ...letter, cc: 'x' },
  ])('refuses %j', async (body) => {
    expect((await call('POST', '/mail/messages', body)).status).toBe(400);
    expect(sandbox.entries()).toEqual([]);
  });
});

describe('ledger', () => {
  async function refundEverything(): Promise<void> {
    await call('POST', '/payments/refunds', refund, withKey('k1'));
    await call('PATCH', '/crm/orders/ord_1042', { status: 'refunded', refundId: 'rf_5001' }, withKey('k2'));
    await call('POST', '/mail/messages', letter, withKey('k3'));
  }

  test('lists what happened, with key, request and result', async () => {
    await refundEverything();
    const listed = await call('GET', '/ledger');
    expect(listed.body).toEqual({ items: JSON.parse(JSON.stringify(sandbox.entries())) as unknown, count: 3 });
    expect(sandbox.entries().map((entry) => [entry.system, entry.action, entry.resource, entry.key, entry.at])).toEqual(
      [
        ['payments', 'refund.created', 'rf_5001', 'k1', NOW],
        ['crm', 'order.updated', 'ord_1042', 'k2', NOW],
        ['mail', 'message.sent', 'msg_9001', 'k3', NOW],
      ],
    );
    expect(await call('GET', '/ledger?system=mail')).toMatchObject({ body: { count: 1 } });
    expect((await call('POST', '/ledger', {})).status).toBe(405);
  });

  test('everything, keys included, survives a restart', async () => {
    await refundEverything();
    const before = sandbox.entries();
    await restart();
    expect(sandbox.entries()).toEqual(before);
    expect(await call('GET', '/crm/orders/ord_1042')).toMatchObject({ body: { status: 'refunded', version: 2 } });
    const again = await call('POST', '/payments/refunds', refund, withKey('k1'));
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await call('POST', '/payments/refunds', { ...refund, amount: 1 }, withKey('k1'))).status).toBe(422);
    expect(await call('POST', '/payments/refunds', refund)).toMatchObject({ body: { id: 'rf_5002' } });
  });

  test('a torn last line is cut off, and what follows is whole', async () => {
    await refundEverything();
    await sandbox.close();
    await appendFile(join(dir, 'ledger.jsonl'), '{"at":1,"system":"payments","action":"refund.cre');
    sandbox = await start();
    expect(logged).toHaveLength(1);
    expect(sandbox.entries()).toHaveLength(3);
    await call('POST', '/mail/messages', letter);
    await restart();
    expect(sandbox.entries()).toHaveLength(4);
  });

  test.each([
    'not json',
    '{"at":1}',
    '[]',
    '{"at":1,"system":"bank","action":"a","resource":"r","request":{},"result":{"status":1,"body":1}}',
  ])('an unreadable line (%s) stops the start and is named', async (line) => {
    await refundEverything();
    await sandbox.close();
    const file = join(dir, 'ledger.jsonl');
    const good = await readFile(file, 'utf8');
    const [first, ...rest] = good.split('\n');
    await writeFile(file, [first, line, ...rest].join('\n'));
    await expect(start()).rejects.toThrow(/^Line 2 of .*ledger\.jsonl is not a sandbox ledger entry/);
    await writeFile(file, good);
    sandbox = await start();
    expect(sandbox.entries()).toHaveLength(3);
  });

  test('reset goes back to the seed and forgets keys, for good', async () => {
    await refundEverything();
    await sandbox.reset();
    expect(sandbox.entries()).toEqual([]);
    expect(await call('GET', '/crm/orders/ord_1042')).toMatchObject({ body: { status: 'delivered', version: 1 } });
    const fresh = await call('POST', '/payments/refunds', refund, withKey('k1'));
    expect(fresh.headers.get('idempotency-replayed')).toBeNull();
    await restart();
    expect(sandbox.entries()).toHaveLength(1);
  });
});
