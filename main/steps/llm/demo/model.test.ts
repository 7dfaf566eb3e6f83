// The Demo model must be the same every time, unsure where the facts are unclear, right about the amount, and safe with
// any schema and any prompt.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import orders from '../../../../resources/demo/orders.json' with { type: 'json' };
import { completeDemo } from './model.ts';
import type { JsonSchemaLike } from './model.ts';

const decision: JsonSchemaLike = {
  type: 'object',
  properties: {
    amount: { type: 'integer', minimum: 0 },
    currency: { type: 'string' },
    decision: { enum: ['refund', 'decline', 'ask_the_customer'] },
    confidence: { type: 'number', minimum: 0, maximum: 1 },
    reason: { type: 'string' },
    needsReview: { type: 'boolean' },
  },
};

interface Decision {
  amount: number;
  currency: string;
  decision: string;
  confidence: number;
  reason: string;
  needsReview: boolean;
}

function decide(orderId: string, extra = ''): Decision {
  const order = orders.find((candidate) => candidate.id === orderId);
  const prompt = `Decide on the refund. If something is unclear or late, say so.\nOrder: ${JSON.stringify(order)}\n${extra}`;
  return completeDemo({ prompt, outputSchema: decision }).output as Decision;
}

describe('a refund', () => {
  test('with an ambiguous note is proposed with low confidence and quotes what is unclear', () => {
    const proposed = decide('ord_1042');
    expect(proposed).toMatchObject({ amount: 4900, currency: 'EUR', confidence: 0.62, needsReview: true });
    expect(proposed.decision).toBe('ask_the_customer');
    expect(proposed.reason).toContain('ord_1042');
    expect(proposed.reason).toContain('49.00 EUR');
    expect(proposed.reason).toMatch(/late|unclear/);
  });

  test.each(['ord_1041', 'ord_1043', 'ord_1045', 'ord_1050', 'ord_1051'])('that is clear (%s) is approved', (id) => {
    const order = orders.find((candidate) => candidate.id === id);
    expect(decide(id)).toMatchObject({
      amount: order?.claim?.amount,
      currency: order?.currency,
      confidence: 0.94,
      decision: 'refund',
      needsReview: false,
    });
  });

  test('that the terms exclude is declined with nothing to pay', () => {
    expect(decide('ord_1044')).toMatchObject({ amount: 0, decision: 'decline', confidence: 0.94 });
  });

  test.each([
    ['a labelled line', 'ord_1043', 'Reason: perhaps a partial refund is enough?'],
    ['a refund on record', 'ord_1043', '{"refundId":"rf_5001"}'],
    ['an order without a claim', 'ord_1048', ''],
  ])('is in doubt because of %s', (_, id, extra) => {
    expect(decide(id, extra)).toMatchObject({ confidence: 0.62, needsReview: true });
  });

  test('instructions around the data do not make it unclear', () => {
    expect(decide('ord_1041', 'When the case is ambiguous, partial or late, lower your confidence.').confidence).toBe(
      0.94,
    );
  });
});

describe('an invoice', () => {
  const triage: JsonSchemaLike = {
    type: 'object',
    properties: { category: { enum: ['pay', 'query'] }, invoiceId: { type: 'string' }, summary: { type: 'string' } },
  };
  const ask = (invoice: object): unknown =>
    completeDemo({ prompt: `Invoice: ${JSON.stringify(invoice)}`, outputSchema: triage }).output;

  test('that matches its order is paid, one that does not is queried', () => {
    const base = { id: 'inv_1', supplier: 'Nordholz', currency: 'EUR', total: 2000, note: 'As agreed.' };
    expect(ask({ ...base, purchaseOrderTotal: 2000 })).toEqual({
      category: 'pay',
      invoiceId: 'inv_1',
      summary: 'Invoice inv_1 of Nordholz, 20.00 EUR.',
    });
    expect(ask({ ...base, purchaseOrderTotal: 1500 })).toMatchObject({ category: 'query' });
  });
});

describe('schemas', () => {
  const fillWith = (
    schema: JsonSchemaLike,
    prompt = 'Order: {"id":"ord_7","total":1250,"email":"a@b.example"}',
  ): unknown => completeDemo({ prompt, outputSchema: schema }).output;

  test('every type, bound and combination is answered', () => {
    const schema: JsonSchemaLike = {
      type: 'object',
      properties: {
        total: { type: 'number' },
        refund: { type: 'integer', maximum: 1000 },
        fixed: { const: 'x' },
        email: { type: 'string', format: 'email' },
        due: { type: 'string', format: 'date' },
        at: { type: 'string', format: 'date-time' },
        orderId: { type: 'string' },
        risks: { type: 'array', items: { type: 'string' } },
        lines: { type: 'array', minItems: 2, items: { type: 'object', properties: { price: { type: 'number' } } } },
        nothing: { type: 'null' },
        maybe: { anyOf: [{ type: 'null' }, { type: 'boolean' }] },
        either: { type: ['null', 'number'] },
        title: { type: 'string', maxLength: 8 },
        implied: { properties: { currency: {} } },
      },
    };
    expect(fillWith(schema)).toEqual({
      total: 1250,
      refund: 1000,
      fixed: 'x',
      email: 'a@b.example',
      due: '2026-06-01',
      at: '2026-06-01T09:00:00Z',
      orderId: 'ord_7',
      risks: [],
      lines: [{ price: 1250 }, { price: 1250 }],
      nothing: null,
      maybe: true,
      either: 0,
      title: 'About o…',
      implied: { currency: 'EUR' },
    });
  });

  test('an option without a meaning of its own is chosen by the words of the data', () => {
    const schema = { enum: ['lighting', 'furniture', 'textiles'] };
    expect(fillWith(schema, 'Ticket: {"id":"t_1","items":"two oak chairs, furniture line"}')).toBe('furniture');
  });

  test('a schema that would grow without end stops', () => {
    let schema: JsonSchemaLike = { type: 'string' };
    for (let level = 0; level < 40; level += 1) schema = { type: 'array', minItems: 1000, items: schema };
    const started = performance.now();
    fillWith(schema);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

test('without a schema the answer is a paragraph', () => {
  const completion = completeDemo({ prompt: 'A customer asks for 20 EUR back on ORD-7.' });
  expect(completion.output).toBe(completion.text);
  expect(completion.text).toContain('ORD-7');
  expect(completion.text).toContain('20.00 EUR');
});

test('tokens are about a quarter of the characters, of everything sent and answered', () => {
  const completion = completeDemo({ prompt: 'x'.repeat(400), system: 'y'.repeat(400) });
  expect(completion.usage.inputTokens).toBe(200);
  expect(completion.usage.outputTokens).toBe(Math.ceil(completion.text.length / 4));
  expect(completeDemo({ prompt: 'x'.repeat(400), outputSchema: decision }).usage.inputTokens).toBeGreaterThan(100);
});

test('any prompt and schema gives the same valid JSON twice, and only the wording follows the seed', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 300 }),
      fc.jsonValue(),
      fc.jsonValue(),
      fc.string(),
      (text, data, schema, seed) => {
        const properties = { given: schema, amount: { type: 'number' }, confidence: { type: 'number' } };
        const request = {
          prompt: `${text} ${JSON.stringify(data)}`,
          outputSchema: { type: 'object', properties } as JsonSchemaLike,
        };
        const first = completeDemo(request);
        expect(completeDemo(request)).toEqual(first);
        expect(JSON.parse(first.text)).toEqual(JSON.parse(JSON.stringify(first.output)));
        const seeded = completeDemo({ ...request, seed }).output as Decision;
        const plain = first.output as Decision;
        expect([seeded.amount, seeded.confidence]).toEqual([plain.amount, plain.confidence]);
      },
    ),
    { numRuns: 300 },
  );
});
