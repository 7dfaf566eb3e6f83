// The whole way of a call: dispatcher, HTTP step, guarded client, the real Sandbox systems. The same key pays once.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpClient } from '../../runtime/http/client.ts';
import { createHttpClient } from '../../runtime/http/client.ts';
import type { Dispatcher, Task } from '../../runtime/dispatcher.ts';
import { createDispatcher } from '../../runtime/dispatcher.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { startSandbox } from '../../sandbox/sandbox.ts';
import { stepKinds } from '../index.ts';

let dir: string;
let sandbox: Sandbox;
let http: HttpClient;
let dispatcher: Dispatcher;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'holdfast-http-'));
  sandbox = await startSandbox({ dir, clock: Date.now });
  http = createHttpClient({ resolveSandbox: sandbox.resolve, clock: Date.now });
  dispatcher = createDispatcher({ kinds: stepKinds, http: http.request, clock: Date.now, log: () => undefined });
});

afterAll(async () => {
  await http.close();
  await sandbox.close();
  await rm(dir, { recursive: true, force: true });
});

function call(config: Record<string, unknown>, key?: string) {
  const task: Task = {
    runId: 'run_1',
    stepKey: 's',
    kind: 'http',
    config,
    attempt: 1,
    effect: { class: 'idempotent', generation: 0, ...(key === undefined ? {} : { key }) },
  };
  return dispatcher.execute(task, new AbortController().signal);
}

test('a read gives the record and its version', async () => {
  const outcome = await call({ method: 'GET', url: 'sandbox://crm/orders/ord_1042' });
  expect(outcome).toMatchObject({
    ok: true,
    output: { id: 'ord_1042' },
    details: { status: 200, etag: expect.any(String) },
  });
});

test('paying again with the same key is the same payment', async () => {
  const pay = { method: 'POST', url: 'sandbox://payments/refunds', body: { order: 'ord_1042', amount: 100 } };
  const first = await call(pay, 'key-1');
  expect(first).toMatchObject({ ok: true });
  expect(await call(pay, 'key-1')).toMatchObject({
    ok: true,
    output: 'ok' in first && first.ok ? first.output : undefined,
  });
  expect(sandbox.entries('payments')).toHaveLength(1);
  const other = await call({ ...pay, body: { order: 'ord_1042', amount: 200 } }, 'key-1');
  expect(other).toMatchObject({ ok: false, sent: true, error: { class: 'refused', code: '422' } });
  expect(sandbox.entries('payments')).toHaveLength(1);
});

test('a missing record is refused with the words of the system', async () => {
  const outcome = await call({ method: 'GET', url: 'sandbox://crm/orders/nope' });
  expect(outcome).toMatchObject({
    ok: false,
    error: { class: 'refused', code: '404', message: expect.stringContaining('answered 404: ') },
  });
});
