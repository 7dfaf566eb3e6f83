// What a person is asked to allow before a graph runs: everything that leaves the Sandbox, and nothing that does not.

import { expect, test } from 'vitest';
import { documentSchema } from '../../shared/workflow/document.ts';

import { touches, touchText } from '../../shared/workflow/touches.ts';
import { manifests } from '../steps/index.ts';

function textsOf(steps: Record<string, unknown>): string[] {
  const document = documentSchema.parse({ formatVersion: 1, id: 'wf_t', name: 'T', steps });
  return touches(document, manifests).map(touchText);
}

const post = (url: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  kind: 'http',
  config: { method: 'POST', url },
  ...more,
});

test('the Sandbox, the Demo model and calculations need no consent', () => {
  expect(
    textsOf({
      read: { kind: 'http', config: { method: 'GET', url: 'sandbox://crm/orders/1' } },
      ask: { kind: 'llm', config: { connection: 'demo', prompt: 'Hello' } },
      sum: { kind: 'transform', config: { value: 1 } },
    }),
  ).toEqual([]);
});

test('every other address is listed with what happens there, also what undoes a step', () => {
  expect(
    textsOf({
      pay: post('https://pay.example.com/refunds', {
        label: 'Pay',
        effect: 'idempotent',
        compensate: { kind: 'http', config: { method: 'DELETE', url: 'https://pay.example.com/refunds/1' } },
      }),
      look: { kind: 'http', config: { method: 'GET', url: 'https://crm.example.com' } },
    }),
  ).toEqual([
    'Pay (pay): POST https://pay.example.com/refunds – safe to repeat',
    'Pay (pay), when it is rolled back: DELETE https://pay.example.com/refunds/1 – happens once',
    'look (look): GET https://crm.example.com – only reads',
  ]);
});

test('an address that is only computed, another model and an unknown kind count as touching something', () => {
  expect(
    textsOf({
      far: post('{{ input.url }}'),
      ask: { kind: 'llm', config: { connection: 'work', prompt: 'Hello' } },
      odd: { kind: 'teleport', config: {} },
    }).map((text) => text.split(': ')[1]),
  ).toEqual([
    'POST {{ input.url }} – happens once',
    'the connection work – only reads',
    'a step of the unknown kind teleport – happens once',
  ]);
});
