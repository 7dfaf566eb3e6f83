// The HTTP step: what it asks, what it shows beforehand, and what it keeps of the answer.

import { describe, expect, test } from 'vitest';
import { effectOf } from '../../../shared/steps/manifest.ts';
import { StepFailure, type HttpRequest, type HttpResponse, type StepContext } from '../kind.ts';
import { httpStep } from './execute.ts';

async function call(config: Record<string, unknown>, key?: string, answer: Partial<HttpResponse> = {}) {
  const asked: HttpRequest[] = [];
  const ctx: StepContext = {
    runId: 'run_1',
    step: 's',
    attempt: 1,
    signal: new AbortController().signal,
    effect: { class: 'idempotent', generation: 0, ...(key === undefined ? {} : { key }) },
    log: () => undefined,
    heartbeat: () => undefined,
    now: () => 0,
    async http(request) {
      asked.push(request);
      return { status: 200, headers: { 'content-type': 'application/json' }, body: { id: 'rf_1' }, ...answer };
    },
  };
  return { outcome: await httpStep.execute(config, ctx), asked };
}

test('the class follows from the method', () => {
  const classOf = (method: string) => effectOf({ kind: 'http', config: { method } }, httpStep.manifest);
  expect(['GET', 'HEAD', 'POST', 'DELETE'].map(classOf)).toEqual(['read', 'read', 'once', 'once']);
});

test('one request, its body as the output, the rest for the ledger', async () => {
  const { outcome, asked } = await call(
    { method: 'POST', url: 'sandbox://payments/refunds', body: { amount: 7 } },
    undefined,
    { headers: { etag: '"v1"', 'set-cookie': 'session=1', 'content-type': 'application/json' }, status: 201 },
  );
  expect(asked).toEqual([{ method: 'POST', url: 'sandbox://payments/refunds', body: { amount: 7 } }]);
  expect(outcome).toEqual({
    ok: true,
    output: { id: 'rf_1' },
    details: { status: 201, url: 'sandbox://payments/refunds', etag: '"v1"' },
    response: { status: 201, headers: { etag: '"v1"', 'content-type': 'application/json' }, body: { id: 'rf_1' } },
  });
});

test('an answer that says a part was done is kept for what undoes that part', async () => {
  const answer = { status: 207, headers: { etag: 'x', 'set-cookie': 'session=1' }, body: { done: ['a'] } };
  const error = new StepFailure({ class: 'partial', code: '207', message: 'A part.' }, true, answer);
  const failing = (thrown: unknown): Promise<unknown> =>
    httpStep
      .execute({ method: 'POST', url: 'https://a.example' }, {
        effect: { class: 'once', generation: 1 },
        http: () => Promise.reject(thrown),
      } as unknown as StepContext)
      .catch((caught: unknown) => caught);
  expect(await failing(error)).toMatchObject({
    error: { class: 'partial' },
    response: { status: 207, headers: { etag: 'x' }, body: { done: ['a'] } },
  });
  expect(JSON.stringify(await failing(error))).not.toContain('session');
  const other = new StepFailure({ class: 'timeout', message: 'Late.' }, true);
  expect(await failing(other)).toBe(other);
});

test('the key is sent in quotes and wins over one written by hand', async () => {
  const { asked } = await call(
    { method: 'POST', url: 'https://a.example', headers: { 'idempotency-key': 'mine', A: 'b' } },
    'k"1',
  );
  expect(asked[0]?.headers).toEqual({ A: 'b', 'Idempotency-Key': '"k\\"1"' });
  const without = await call({ method: 'POST', url: 'https://a.example' });
  expect(without.asked[0]?.headers).toBeUndefined();
});

test('HEAD gives the headers that matter', async () => {
  const { outcome } = await call({ method: 'HEAD', url: 'https://a.example' }, undefined, {
    headers: { etag: 'x', server: 'y' },
    body: null,
  });
  expect(outcome).toMatchObject({ output: { etag: 'x' } });
});

test('the plan names the target and hides what is secret', () => {
  const headers = { Authorization: 'Bearer abc', 'X-Api-Key': 'secret://crm', 'X-Trace': '1' };
  expect(httpStep.plan?.({ method: 'POST', url: 'https://a.example/x?token=1', headers, body: 'hi' })).toEqual({
    target: 'POST https://a.example/x',
    request: {
      method: 'POST',
      url: 'https://a.example/x?token=1',
      headers: { Authorization: '(hidden)', 'X-Api-Key': 'secret://crm', 'X-Trace': '1' },
      body: 'hi',
    },
  });
});

describe('validate', () => {
  test.each([
    [{ method: 'GET', url: 'sandbox://crm/orders/1' }, undefined],
    [{ method: 'GET', url: '' }, '/url'],
    [{ method: 'GET', url: 'crm/orders' }, '/url'],
    [{ method: 'GET', url: 'https://a.example/a b' }, '/url'],
    [{ method: 'GET', url: 7 }, '/url'],
    [{ method: 'TRACE', url: 'https://a.example' }, '/method'],
    [{ method: 'GET', url: 'https://a.example', body: {} }, '/body'],
    [{ method: 'POST', url: 'https://a.example', headers: { a: 1 } }, '/headers/a'],
    [{ method: 'POST', url: 'https://a.example', headers: { a: 'x\r\nb: y' } }, '/headers/a'],
    [{ method: 'POST', url: 'https://a.example', headers: 'a' }, '/headers'],
    [{ method: 'POST', url: 'https://a.example', extra: 1 }, '/extra'],
  ])('%o → %s', (config, pointer) => {
    expect(httpStep.validate(config)?.pointer).toBe(pointer);
  });
});
