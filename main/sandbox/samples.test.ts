// Walks every sample against the real Sandbox systems and the real Demo model with the plainest possible interpreter, so
// that an expression, a path or a field that does not fit is found here and not by a person in their first minute.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import jsonata from 'jsonata';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { documentSchema } from '../../shared/workflow/document.ts';
import type { Step, WorkflowDocument } from '../../shared/workflow/document.ts';
import { completeDemo } from '../steps/llm/demo/model.ts';
import { startSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const folder = fileURLToPath(new URL('../../resources/samples/', import.meta.url));
let dir: string;
let sandbox: Sandbox;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-samples-'));
  sandbox = await startSandbox({ dir, clock: () => Date.UTC(2026, 4, 22) });
});
beforeEach(() => sandbox.reset());
afterAll(async () => {
  await sandbox.close();
  await rm(dir, { recursive: true, force: true });
});

async function load(name: string): Promise<WorkflowDocument> {
  return documentSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
}

type Scope = Record<string, unknown>;

async function evaluate(source: string, scope: Scope): Promise<unknown> {
  const variables = Object.fromEntries(Object.entries(scope).filter(([name]) => name.startsWith('$')));
  const bindings = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name.slice(1), value]));
  const value: unknown = await jsonata(source).evaluate(scope, bindings);
  return value;
}

async function render(value: unknown, scope: Scope): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => render(item, scope)));
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(async ([name, inner]) => [name, await render(inner, scope)] as const);
    return Object.fromEntries(await Promise.all(fields));
  }
  if (typeof value !== 'string') return value;
  // No sample has a `}}` inside a string of an expression, which is what makes this short rule enough here.
  const parts = value.split(/\{\{(.*?)\}\}(?!\})/gs);
  if (parts.length === 3 && parts[0] === '' && parts[2] === '') return required(parts[1] ?? '', scope);
  const rendered = parts.map(async (part, index) => {
    if (index % 2 === 0) return part;
    const result = await required(part, scope);
    return typeof result === 'string' ? result : JSON.stringify(result);
  });
  return (await Promise.all(rendered)).join('');
}

async function required(source: string, scope: Scope): Promise<unknown> {
  const value = await evaluate(source, scope);
  if (value === undefined) throw new Error(`{{${source}}} has no value`);
  return JSON.parse(JSON.stringify(value)) as unknown;
}

async function callSystem(config: Record<string, unknown>): Promise<unknown> {
  const [, system = '', path = ''] = /^sandbox:\/\/(\w+)(\/.*)$/.exec(String(config['url'])) ?? [];
  const response = await fetch(`${sandbox.resolve(system) ?? ''}${path}`, {
    method: String(config['method']),
    headers: config['body'] === undefined ? {} : { 'content-type': 'application/json' },
    ...(config['body'] === undefined ? {} : { body: JSON.stringify(config['body']) }),
  });
  const body = (await response.json()) as unknown;
  if (!response.ok) throw new Error(`${String(config['url'])} answered ${response.status} ${JSON.stringify(body)}`);
  return body;
}

interface Walk {
  outputs: Record<string, unknown>;
  /** Undoes everything, newest first, as a rollback would. */
  rollBack: () => Promise<void>;
}

async function walk(document: WorkflowDocument, input: Record<string, unknown> = {}): Promise<Walk> {
  const properties = (document.inputs?.['properties'] ?? {}) as Record<string, { default?: unknown }>;
  const defaults = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, schema.default]));
  const outputs: Record<string, { output: unknown }> = {};
  const scope: Scope = { input: { ...defaults, ...input }, $steps: outputs };
  const undo: (() => Promise<unknown>)[] = [];
  const targets = new Set(document.edges.map((edge) => edge.to.step));
  let ready = Object.keys(document.steps).filter((id) => !targets.has(id));
  while (ready.length > 0) {
    const next: string[] = [];
    for (const id of ready) {
      const step = document.steps[id];
      if (step === undefined) throw new Error(`There is no step ${id}`);
      const { output, port } = await perform(step, scope);
      outputs[id] = { output };
      if (step.doneWhen !== undefined && (await render(step.doneWhen, { ...scope, output })) !== true) {
        throw new Error(`${id} is not done`);
      }
      const { compensate } = step;
      if (compensate !== undefined) {
        undo.unshift(async () =>
          callSystem((await render(compensate.config, { output, input: scope['input'] })) as Record<string, unknown>),
        );
      }
      next.push(
        ...document.edges.filter((edge) => edge.from.step === id && edge.from.port === port).map((e) => e.to.step),
      );
    }
    ready = next;
  }
  return {
    outputs: Object.fromEntries(Object.entries(outputs).map(([id, { output }]) => [id, output])),
    rollBack: async () => {
      for (const one of undo) await one();
    },
  };
}

async function perform(step: Step, scope: Scope): Promise<{ output: unknown; port: string }> {
  switch (step.kind) {
    case 'http':
      return { output: await callSystem((await render(step.config, scope)) as Record<string, unknown>), port: 'out' };
    case 'transform':
      return { output: await render(step.config['value'], scope), port: 'out' };
    case 'wait':
      return { output: null, port: 'out' };
    case 'llm': {
      const prompt = String(await render(step.config['prompt'], scope));
      const outputSchema = step.config['output'] as Record<string, unknown>;
      return { output: completeDemo({ prompt, outputSchema }).output, port: 'out' };
    }
    case 'branch': {
      for (const rule of step.config['rules'] as { port: string; when: string }[]) {
        if ((await render(rule.when, scope)) === true) return { output: null, port: rule.port };
      }
      return { output: null, port: 'otherwise' };
    }
    default:
      throw new Error(`No sample may use the kind ${step.kind}`);
  }
}

describe('every sample', async () => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));

  test.each(names)('%s is a valid document, laid out, that runs on its defaults', async (name) => {
    const document = await load(name);
    const ids = Object.keys(document.steps);
    expect(Object.keys(document.layout ?? {}).sort()).toEqual([...ids].sort());
    const places = Object.values(document.layout ?? {}).map(({ x, y }) => `${x},${y}`);
    expect(new Set(places).size).toBe(ids.length);
    for (const edge of document.edges) expect(ids).toEqual(expect.arrayContaining([edge.from.step, edge.to.step]));
    expect(Object.keys((await walk(document)).outputs).length).toBeGreaterThan(2);
  });

  test.each(names)('%s keeps what changes another system checkpointed and reversible', async (name) => {
    const changing = Object.values((await load(name)).steps).filter(
      (step) => step.kind === 'http' && step.config['method'] !== 'GET',
    );
    for (const step of changing) {
      expect(step).toMatchObject({ checkpoint: true, effect: expect.stringMatching(/^(idempotent|once)$/) });
      expect(step.compensate).toBeDefined();
    }
  });
});

describe('the refund sample', () => {
  const happened = (): string[] => sandbox.entries().map((entry) => `${entry.action} ${entry.resource}`);

  test('is unsure by default, so that it meets its gate, and pays the claim', async () => {
    const { outputs } = await walk(await load('refund.holdfast.json'));
    expect(outputs['decide']).toMatchObject({ amount: 4900, confidence: 0.62 });
    expect(happened()).toEqual(['refund.created rf_5001', 'order.updated ord_1042', 'message.sent msg_9001']);
    expect(sandbox.entries('mail')[0]?.request).toMatchObject({
      to: 'mara.lindqvist@example.com',
      body: expect.stringContaining('refunded 49.00 EUR for order ord_1042'),
    });
  });

  test('rolls back to where it began, with a correction to the customer', async () => {
    const { rollBack } = await walk(await load('refund.holdfast.json'));
    await rollBack();
    expect(happened().slice(3)).toEqual(['message.sent msg_9002', 'order.updated ord_1042', 'refund.reversed rf_5001']);
    const order = (await callSystem({ method: 'GET', url: 'sandbox://crm/orders/ord_1042' })) as Record<
      string,
      unknown
    >;
    expect([order['status'], order['refundId']]).toEqual(['delivered', null]);
  });

  test('is sure of a clear order, and declines an excluded one without paying', async () => {
    const document = await load('refund.holdfast.json');
    expect((await walk(document, { orderId: 'ord_1043' })).outputs['decide']).toMatchObject({ confidence: 0.94 });
    await sandbox.reset();
    expect(Object.keys((await walk(document, { orderId: 'ord_1044' })).outputs)).toContain('decline');
    expect(happened()).toEqual(['message.sent msg_9001']);
  });
});

test('the triage sample queries what does not match and releases what does', async () => {
  const document = await load('invoice-triage.holdfast.json');
  await walk(document);
  await walk(document, { invoiceId: 'inv_7001' });
  expect(sandbox.entries('mail').map((entry) => entry.request['to'])).toEqual([
    'billing@lumenwerk.example.com',
    'payments@holdfast.example.com',
  ]);
});

test('the follow-up sample says in one sentence where an order is', async () => {
  const document = await load('follow-up.holdfast.json');
  expect((await walk(document)).outputs['report']).toMatchObject({
    arrived: false,
    answer: 'Order ord_1046 of Café Nordlicht has not arrived; its status is shipped.',
  });
  expect((await walk(document, { orderId: 'ord_1048' })).outputs['report']).toMatchObject({
    arrived: true,
    answer: 'Order ord_1048 of Tomás Herrera arrived on 2026-05-16.',
  });
  expect(sandbox.entries()).toEqual([]);
});
