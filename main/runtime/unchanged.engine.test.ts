/**
 * Through the real engine, store, HTTP step and Sandbox: somebody else changes the order between reading and writing.
 * Nothing is written, a person is asked, and trying again reads again and writes once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineBench, type Bench } from '../../test/harness/engine.ts';
import { documentOf, type StepInput } from '../../test/harness/graph.ts';
import { startSandbox, type Sandbox } from '../sandbox/sandbox.ts';
import { httpStep } from '../steps/http/execute.ts';
import { createHttpClient, type HttpClient } from './http/client.ts';
import { StepFailure, type HttpRequest } from '../steps/kind.ts';

let dir: string;
let sandbox: Sandbox;
let http: HttpClient;
let bench: Bench;
let sent: HttpRequest[];
/** Called once, before the second request. */
let meddle: (() => Promise<void>) | undefined;

const order = 'sandbox://crm/orders/ord_1042';
const read: StepInput = { kind: 'http', config: { method: 'GET', url: order } };
const write = (url: string, method: string, body: object): StepInput => ({
  kind: 'http',
  effect: 'once',
  checkpoint: true,
  config: { method, url, body },
  unchangedSince: ['read'],
});
const patch = write(order, 'PATCH', { note: '{{ $steps.read.output.status }}' });
const mail = write('sandbox://mail/messages', 'POST', {
  to: '{{ $steps.read.output.customer.email }}',
  subject: '{{ $steps.read.output.status }}',
  body: 'Hello',
});

async function somebodyElse(): Promise<void> {
  const url = `${sandbox.resolve('crm') ?? ''}/orders/ord_1042`;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'PATCH', headers, body: JSON.stringify({ status: 'cancelled' }) });
  expect(answer.status).toBe(200);
}

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'holdfast-stale-'));
  sandbox = await startSandbox({ dir, clock: Date.now });
  http = createHttpClient({ resolveSandbox: sandbox.resolve, clock: Date.now });
  sent = [];
  bench = await engineBench({
    kinds: { http: httpStep },
    http: async (request, signal, received) => {
      if (sent.length > 0) {
        const now = meddle;
        meddle = undefined;
        await now?.();
      }
      sent.push(request);
      return http.request(request, signal, received);
    },
  });
  meddle = somebodyElse;
});

afterEach(async () => {
  await bench.remove();
  await http.close();
  await sandbox.close();
  await rm(dir, { recursive: true, force: true });
});

test.each([
  ['the target refuses what is based on an old version', patch, 'crm', ['GET', 'PATCH', 'GET', 'PATCH']],
  ['another target is not called at all', mail, 'mail', ['GET', 'GET', 'GET', 'GET', 'POST']],
] as const)('%s', async (_what, change, system, calls) => {
  const document = documentOf({ read, change }, [['read', 'change']]);
  const runId = await bench.start(document);
  const asked = await bench.settled(runId);
  const mine = () => sandbox.entries(system).filter(({ request }) => request['status'] !== 'cancelled');
  expect(mine()).toEqual([]);
  expect(asked.steps['read']?.version).toMatchObject({ url: order, etag: '"1"' });
  const [task] = Object.values(asked.tasks);
  expect(task).toMatchObject({ step: 'change', on: 'inconsistent_data', cause: 'stale' });
  expect(Object.values(asked.effects)).toMatchObject([{ status: 'failed', basedOn: [{ step: 'read', etag: '"1"' }] }]);
  await bench.engine.decideTask({
    commandId: 'again',
    runId,
    taskId: task?.taskId ?? '',
    answer: 'retry',
    by: 'person:ada',
  });
  const state = await bench.settled(runId);
  expect(state).toMatchObject({ end: 'complete' });
  expect(mine()).toHaveLength(1);
  expect(JSON.stringify(mine()[0]?.request)).toContain('cancelled');
  expect(sent.map(({ method }) => method)).toEqual(calls);
  expect((await bench.store.doctor({})).filter((finding) => !finding.ok)).toEqual([]);
});

test('what nobody changed is written at once, on the condition of its version', async () => {
  meddle = undefined;
  const state = await bench.settled(await bench.start(documentOf({ read, change: patch }, [['read', 'change']])));
  expect(state).toMatchObject({ end: 'complete', tasks: {} });
  expect(sent.map(({ method, headers }) => [method, headers?.['If-Match']])).toEqual([
    ['GET', undefined],
    ['PATCH', '"1"'],
  ]);
});

test('a look that fails is no change that failed: nothing was sent, and it is tried again', async () => {
  const error = { class: 'unavailable' as const, message: 'Nobody answers.' };
  meddle = () => Promise.reject(new StepFailure(error, true));
  const retry = { retriers: [{ errors: ['not_sent'], intervalMs: 0, maxRetries: 1 }] };
  const document = documentOf({ read, change: { ...mail, retry } }, [['read', 'change']]);
  const state = await bench.settled(await bench.start(document));
  expect(state.steps['change']?.attempts).toMatchObject([
    { outcome: 'failed', error: { class: 'not_sent', code: 'unavailable' } },
    { outcome: 'succeeded' },
  ]);
  expect(state).toMatchObject({ end: 'complete' });
  expect(sandbox.entries('mail')).toHaveLength(1);
});
