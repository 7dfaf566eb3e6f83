// Every listed step kind against the contract; a kind without examples fails here.

import { describe, expect, test } from 'vitest';
import { stepKinds } from '../../main/steps/index.ts';
import type { StepExamples } from '../steps.contract.ts';
import type { StepKind } from '../../main/steps/kind.ts';
import { contractOf, describeStepKind } from '../steps.contract.ts';

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
  workflow: {
    good: [{ ref: { id: 'wf_other' } }, { ref: { id: 'wf_other', digest: 'd' }, input: { a: 1 } }],
    bad: [{}, { ref: 'wf_other' }, { ref: { id: '' } }],
  },
  map: {
    good: [{ items: [] }, { items: [1, 'a', null], concurrency: 5, tolerate: { percent: 10 } }],
    bad: [{}, { items: 'no list' }, { items: [], concurrency: 0 }, { items: [], tolerate: { percent: 101 } }],
  },
  wait: {
    good: [{ durationMs: 5 }, { until: '2026-12-24T08:00:00Z' }, { signal: 'go', timeoutMs: 5 }],
    bad: [{}, { until: 'tomorrow' }],
  },
};

describe('the list of step kinds', () => {
  test('every kind has examples, and every example a kind', () => {
    expect([...stepKinds.keys()].sort()).toEqual(Object.keys(examples).sort());
  });
});

for (const [name, kind] of stepKinds) describeStepKind(kind, examples[name] ?? { good: [], bad: [] });

describe('the contract itself', () => {
  const waitKind = stepKinds.get('wait');
  const httpKind = stepKinds.get('http');
  if (!waitKind || !httpKind) throw new Error('The kinds these tests spoil are gone');
  const { plan: _none, ...planless } = httpKind;
  const manifestOf = (change: Partial<StepKind['manifest']>): StepKind => ({
    ...waitKind,
    manifest: { ...waitKind.manifest, ...change },
  });
  let calls = 0;

  const planted: [string, StepKind, string][] = [
    ['a port that every step has', manifestOf({ ports: { out: true, extra: ['failed'] } }), 'closed vocabulary'],
    ['a function in the manifest', manifestOf({ initial: { f: () => 1 } }), 'closed vocabulary'],
    ['an icon that does not exist', manifestOf({ icon: 'no-such-icon' }), 'plain words'],
    ['a line with an unknown field', manifestOf({ line: '{seconds}' }), 'plain words'],
    ['jargon', manifestOf({ summary: 'Parses the payload.' }), 'plain words'],
    [
      'a setting nobody can draw',
      manifestOf({ config: { type: 'object', properties: { a: {} } } }),
      'drawn and explained',
    ],
    ['a fresh step that does not fit', manifestOf({ initial: { durationMs: -1 } }), 'fits its own form'],
    ['settings nobody checks', { ...waitKind, validate: () => undefined }, 'bad settings'],
    [
      'a result that is not JSON',
      { ...waitKind, execute: async () => ({ ok: true, output: () => 1 }) },
      'execute to JSON',
    ],
    [
      'an exit that is not there',
      { ...waitKind, execute: async () => ({ ok: true, output: 1, ports: ['x'] }) },
      'execute to JSON',
    ],
    [
      'a config that is changed',
      {
        ...waitKind,
        execute: async (config) => {
          config['durationMs'] = 0;
          return { ok: true, output: null };
        },
      },
      'execute to JSON',
    ],
    ['no plan', planless, 'plan is pure'],
    ['a plan that differs', { ...httpKind, plan: () => ({ target: 'x', request: (calls += 1) }) }, 'plan is pure'],
    ['a step that never stops', { ...waitKind, execute: () => new Promise(() => undefined) }, 'ends soon'],
  ];

  test.each(planted)('catches %s', async (_name, kind, clause) => {
    const found = contractOf(kind, examples[kind.manifest.kind] ?? { good: [], bad: [] }).find(({ name }) =>
      name.includes(clause),
    );
    if (!found) throw new Error(`there is no clause "${clause}"`);
    await expect((async () => found.check())()).rejects.toThrow();
  });
});
