/**
 * Through the real engine, store and HTTP step, against a real server that does the work, loses the answer, and can be
 * asked by key: what happened is not made again, what did not is made once, and without a clear answer a person decides.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineBench, type Bench } from '../../test/harness/engine.ts';
import { documentOf, type StepInput } from '../../test/harness/graph.ts';
import { httpStep } from '../steps/http/execute.ts';
import { createHttpClient, type HttpClient } from './http/client.ts';

let server: Server;
let http: HttpClient;
let bench: Bench;
/** Keys of the changes that were made, in their order. */
let made: string[];
/** What was asked, in its order. */
let asked: string[];
/** How the next change goes. */
let behaviour: 'well' | 'drop_after' | 'drop_before' | 'arrives_late' | 'hang_after';
/** How the next question goes. */
let question: 'well' | 'busy' | 'unclear' | 'not_found';

beforeEach(async () => {
  made = [];
  asked = [];
  behaviour = 'well';
  question = 'well';
  server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server');
    if (request.method === 'GET') {
      const key = searchParams.get('key') ?? '';
      asked.push(`${pathname} ${made.includes(key) ? 'yes' : 'no'}`);
      const how = question;
      if (how === 'busy') question = 'well';
      if (how === 'busy') return answer(503, {});
      if (how === 'unclear') return answer(200, { count: 'a few' });
      if (how === 'not_found' && !made.includes(key)) return answer(404, {});
      return answer(200, { count: made.includes(key) ? 1 : 0, id: `deed_${made.indexOf(key) + 1}` });
    }
    const key = String(request.headers['idempotency-key']).replaceAll('"', '');
    const how = behaviour;
    behaviour = 'well';
    if (how === 'arrives_late') setTimeout(() => made.push(key), 100);
    if (how !== 'drop_before' && how !== 'arrives_late') made.push(key);
    if (how === 'well') return answer(200, { id: `deed_${made.length}` });
    if (how === 'hang_after') return reached();
    response.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  http = createHttpClient({
    resolveSandbox: () => undefined,
    clock: Date.now,
    isAllowedHost: () => true,
  });
  base = `http://127.0.0.1:${port}`;
  bench = await engineBench({ kinds: { http: httpStep }, http: http.request });
});

let base = '';
let reached: () => void = () => undefined;

afterEach(async () => {
  await bench.remove();
  await http.close();
  await new Promise((resolve) => server.close(resolve));
});

function pay(more: Partial<StepInput> = {}): StepInput {
  return {
    kind: 'http',
    effect: 'probeable',
    checkpoint: true,
    config: { method: 'POST', url: `${base}/payments`, body: { cents: 5 } },
    retry: { retriers: [{ errors: ['*'], intervalMs: 1, backoffRate: 1, maxRetries: 3, jitter: 'none' }] },
    probe: {
      kind: 'http',
      config: { method: 'GET', url: `${base}/payments/{{ request.body.cents }}?key={{ $effect.key }}` },
      happened: '{{ output.count = "a few" ? "perhaps" : output.count > 0 }}',
      result: '{{ { "id": output.id } }}',
      settleMs: 200,
    },
    ...more,
  };
}

const run = async (step = pay()) => {
  const runId = await bench.start(documentOf({ pay: step }));
  return bench.engine.settled(runId, 5_000);
};

test('what happened although its answer was lost is not made again', async () => {
  behaviour = 'drop_after';
  const state = await run();
  expect(state).toMatchObject({ end: 'complete', output: { id: 'deed_1' } });
  expect(made).toHaveLength(1);
  expect(asked).toEqual(['/payments/5 yes']);
  // The evidence is what the target said.
  expect(Object.values(state.effects)).toMatchObject([
    { status: 'confirmed', response: { probed: true, answer: { count: 1, id: 'deed_1' } } },
  ]);
});

test.each(['well', 'not_found'] as const)('what did not happen is made, after a second no (%s)', async (how) => {
  behaviour = 'drop_before';
  question = how;
  const state = await run();
  expect(state).toMatchObject({ end: 'complete', output: { id: 'deed_1' } });
  expect(made).toHaveLength(1);
  expect(asked).toEqual(['/payments/5 no', '/payments/5 no']);
});

test('a first no does not count: the lost request may still arrive', async () => {
  behaviour = 'arrives_late';
  const state = await run();
  expect(state).toMatchObject({ end: 'complete' });
  expect(made).toHaveLength(1);
  expect(asked).toEqual(['/payments/5 no', '/payments/5 yes']);
});

test('a target that cannot be asked now is asked later', async () => {
  behaviour = 'drop_after';
  question = 'busy';
  expect(await run()).toMatchObject({ end: 'complete' });
  expect(made).toHaveLength(1);
  expect(asked).toHaveLength(2);
});

test('an answer that is neither yes nor no hands the question to a person', async () => {
  behaviour = 'drop_after';
  question = 'unclear';
  const state = await run();
  expect(state).toMatchObject({ word: 'escalated', reason: 'in_doubt' });
  expect(Object.values(state.tasks)[0]?.message).toContain('It could not be found out whether it happened');
  expect(made).toHaveLength(1);
});

test('without anybody to ask a lost answer is a question to a person', async () => {
  behaviour = 'drop_after';
  const { probe: _probe, ...silent } = pay();
  expect(await run(silent)).toMatchObject({ word: 'escalated', reason: 'in_doubt' });
  expect(made).toHaveLength(1);
});

test('a host that died in the middle of the call asks when it is back', async () => {
  behaviour = 'hang_after';
  const isReached = new Promise<void>((resolve) => (reached = resolve));
  const runId = await bench.start(documentOf({ pay: pay() }));
  await isReached;
  await bench.end();
  await bench.begin();
  const state = await bench.engine.settled(runId, 5_000);
  expect(state).toMatchObject({ end: 'complete', output: { id: 'deed_1' }, repeated: 1 });
  expect(made).toHaveLength(1);
  expect(asked).toEqual(['/payments/5 yes']);
});

test('waiting for a second no is not the silence of the step', async () => {
  behaviour = 'drop_before';
  const { retry } = pay();
  const watched = pay({ retry: { ...retry, retriers: retry?.retriers ?? [], heartbeatTimeoutMs: 100 } });
  expect(await run(watched)).toMatchObject({ end: 'complete' });
  expect(made).toHaveLength(1);
});
