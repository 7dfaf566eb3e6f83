// The step that asks a model: shape, tokens, cost and stopping, with the real Demo model.

import { describe, expect, test } from 'vitest';
import type { StepContext } from '../kind.ts';
import { StepFailure } from '../kind.ts';
import { llmStep, misfitOf } from './execute.ts';
import { costMicrosOf } from './prices.ts';

function ctx(signal = new AbortController().signal): StepContext {
  return {
    runId: 'run_1',
    step: 's',
    attempt: 1,
    signal,
    effect: { class: 'read', generation: 0 },
    log: () => undefined,
    heartbeat: () => undefined,
    now: () => 0,
    http: () => Promise.reject(new Error('The Demo model reaches nothing')),
  };
}

const output = {
  type: 'object',
  properties: { amount: { type: 'number' }, confidence: { type: 'number', minimum: 0, maximum: 1 } },
  required: ['amount', 'confidence'],
};

test('an answer has the shape, its tokens and its cost, and is the same every time', async () => {
  const config = { connection: 'demo', prompt: 'Order ord_1 over 40.00 EUR arrived broken. Refund?', output };
  const first = await llmStep.execute(config, ctx());
  expect(first).toMatchObject({
    ok: true,
    details: { model: 'demo-1', priceTable: expect.any(String), confidence: expect.any(Number) },
  });
  if (!('ok' in first) || !first.ok || !first.usage) throw new Error('no usage');
  expect(misfitOf(output, first.output)).toBeUndefined();
  expect(first.costMicros).toBe(costMicrosOf('demo-1', first.usage));
  expect(first.costMicros).toBeGreaterThan(0);
  expect(await llmStep.execute(config, ctx())).toEqual(first);
});

test('without a shape the answer is text', async () => {
  expect(await llmStep.execute({ connection: 'demo', prompt: 'Hello?' }, ctx())).toMatchObject({
    ok: true,
    output: expect.any(String),
  });
});

test('an answer of another shape is refused, and what it cost is still counted', async () => {
  const impossible = {
    type: 'object',
    properties: { code: { type: 'string', pattern: '^Q{7}$' } },
    required: ['code'],
  };
  const outcome = await llmStep.execute({ connection: 'demo', prompt: 'A code, please', output: impossible }, ctx());
  expect(outcome).toMatchObject({
    ok: false,
    error: { class: 'invalid_output', code: 'shape', message: expect.stringContaining('code') },
    costMicros: expect.any(Number),
    usage: { inputTokens: expect.any(Number) },
  });
});

test('it stops when it is told to', async () => {
  const abort = new AbortController();
  const started = performance.now();
  const asked = llmStep.execute({ connection: 'demo', prompt: 'Hello?' }, ctx(abort.signal));
  abort.abort();
  await expect(asked).rejects.toBeInstanceOf(StepFailure);
  expect(performance.now() - started).toBeLessThan(100);
});

describe('validate', () => {
  test.each([
    [{ connection: 'demo', prompt: 'x', output }, undefined],
    [{ connection: 'demo', prompt: ' ' }, '/prompt'],
    [{ connection: 'gpt', prompt: 'x' }, '/connection'],
    [{ connection: 'demo', prompt: 'x', output: { type: 'nonsense' } }, '/output'],
    [{ connection: 'demo', prompt: 'x', temperature: 1 }, '/temperature'],
  ])('%o → %s', (config, pointer) => {
    expect(llmStep.validate(config)?.pointer).toBe(pointer);
  });
});

test('a cost is whole micro-units, rounded up, and unknown for an unknown model', () => {
  expect(costMicrosOf('demo-1', { inputTokens: 1, outputTokens: 0 })).toBe(1);
  expect(costMicrosOf('demo-1', { inputTokens: 1_000_000, outputTokens: 1_000_000 })).toBe(750_000);
  expect(costMicrosOf('demo-1', { inputTokens: 0, outputTokens: 0 })).toBe(0);
  expect(costMicrosOf('toString', { inputTokens: 1, outputTokens: 1 })).toBeUndefined();
});
