// Every listed step kind against the contract; a kind without examples fails here.

import { describe, expect, test } from 'vitest';
import { stepKinds } from '../../main/steps/index.ts';
import type { StepExamples } from '../steps.contract.ts';
import { describeStepKind } from '../steps.contract.ts';

const examples: Record<string, StepExamples> = {
  http: {
    good: [
      { method: 'GET', url: 'sandbox://crm/orders/ord_1' },
      { method: 'POST', url: 'https://api.example.com/refunds', headers: { 'X-Trace': '1' }, body: { amount: 7 } },
    ],
    bad: [
      { method: 'GET', url: '' },
      { method: 'GET', url: 'file:///etc/passwd' },
      { method: 'BREW', url: 'https://a.example' },
    ],
    answer: { status: 200, headers: { etag: '"v1"' }, body: { id: 1 } },
  },
  llm: {
    good: [
      { connection: 'demo', prompt: 'Should order ord_1 be refunded?' },
      {
        connection: 'demo',
        prompt: 'How sure?',
        output: { type: 'object', properties: { confidence: { type: 'number' } } },
      },
    ],
    bad: [
      { connection: 'demo', prompt: '' },
      { connection: 'demo', prompt: 'x', output: { type: 'nonsense' } },
    ],
  },
  transform: { good: [{ value: { a: [1, 'b', null] } }, { value: null }], bad: [{}] },
  branch: {
    good: [{ rules: [{ port: 'large', label: 'Large', when: true }] }, { rules: [{ port: 'large', when: false }] }],
    bad: [{ rules: [] }, { rules: [{ port: 'otherwise', when: true }] }],
  },
  wait: { good: [{ durationMs: 5 }, { until: '2026-12-24T08:00:00Z' }], bad: [{}, { until: 'tomorrow' }] },
};

describe('the list of step kinds', () => {
  test('every kind has examples, and every example a kind', () => {
    expect([...stepKinds.keys()].sort()).toEqual(Object.keys(examples).sort());
  });
});

for (const [name, kind] of stepKinds) describeStepKind(kind, examples[name] ?? { good: [], bad: [] });
