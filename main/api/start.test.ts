/** What a run starts with: defaults filled, wrong input refused with its place, a version that is the content's digest. */
import { describe, expect, test } from 'vitest';
import { ApiError } from '../../shared/api/contract.ts';
import { documentSchema } from '../../shared/workflow/document.ts';
import { compileGraph } from '../../shared/workflow/graph.ts';
import { manifests } from '../steps/index.ts';
import { nextEffects } from './inbox.ts';
import { runInput } from './inputs.ts';
import { createOnce } from './once.ts';
import { versionOf } from './children.ts';

function documentWith(inputs: Record<string, unknown> | undefined, more: Record<string, unknown> = {}) {
  return documentSchema.parse({
    formatVersion: 1,
    id: 'wf_a',
    name: 'A',
    steps: {},
    ...(inputs ? { inputs } : {}),
    ...more,
  });
}

const order = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    count: { type: 'integer', default: 1 },
    address: { type: 'object', properties: { country: { type: 'string', default: 'NO' } } },
  },
  required: ['id'],
};

describe('the input of a run', () => {
  test.each([
    [undefined, undefined, {}],
    [undefined, { any: 1 }, { any: 1 }],
    [order, { id: 'x' }, { id: 'x', count: 1 }],
    [order, { id: 'x', count: 3, address: {} }, { id: 'x', count: 3, address: { country: 'NO' } }],
    [order, { id: 'x', extra: true }, { id: 'x', count: 1, extra: true }],
    [{ ...order, default: { id: 'd' } }, undefined, { id: 'd', count: 1 }],
    [{ type: 'string' }, 'text', 'text'],
  ])('%j with %j', (schema, given, expected) => {
    expect(runInput(documentWith(schema), given)).toEqual(expected);
  });

  test.each([
    [order, undefined, '/input/id'],
    [order, { id: 5 }, '/input/id'],
    [order, { id: 'x', count: 1.5 }, '/input/count'],
    [order, { id: 'x', address: { country: 4 } }, '/input/address/country'],
    [order, 'text', '/input'],
    [{ ...order, additionalProperties: false }, { id: 'x', extra: 1 }, '/input/extra'],
  ])('%j refuses %j', (schema, given, where) => {
    const attempt = (): unknown => runInput(documentWith(schema), given);
    expect(attempt).toThrow(ApiError);
    try {
      attempt();
    } catch (error) {
      expect([(error as ApiError).code, (error as ApiError).where]).toEqual(['bad_input', where]);
      expect((error as ApiError).message).toMatch(/^The input does not fit "A": .+\.$/);
    }
  });

  test('a schema that cannot be used is the fault of the workflow', () => {
    const attempt = (): unknown =>
      runInput(documentWith({ type: 'object', properties: { a: { $ref: '#/nowhere' } } }), { a: 1 });
    expect(attempt).toThrow(/input schema of this workflow cannot be used/);
  });

  test('hostile names stay data', () => {
    const given: unknown = JSON.parse('{"id":"x","__proto__":{"polluted":1}}');
    runInput(documentWith(order), given);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

test('a version depends on the content alone, not on the order of keys', () => {
  const one = documentWith(undefined, { description: 'd', owner: 'role:a' });
  const other = documentSchema.parse(
    JSON.parse(
      JSON.stringify({ owner: 'role:a', steps: {}, description: 'd', name: 'A', id: 'wf_a', formatVersion: 1 }),
    ),
  );
  expect(versionOf(other)).toBe(versionOf(one));
  expect(versionOf({ ...one, layout: {} })).not.toBe(versionOf(one));
});

test('a command is done once, and may be tried again when it was refused', async () => {
  const once = createOnce();
  let done = 0;
  const act = (): Promise<number> => Promise.resolve((done += 1));
  expect(await Promise.all([once('a', act), once('a', act), once('b', act)])).toEqual([1, 1, 2]);
  await expect(once('c', () => Promise.reject(new ApiError('refused', 'No.')))).rejects.toThrow('No.');
  expect(await once('c', act)).toBe(3);
});

describe('what fires next', () => {
  const http = (method: string, more: Record<string, unknown> = {}) => ({
    kind: 'http',
    config: { method, url: 'sandbox://crm/x' },
    checkpoint: true,
    ...more,
  });
  const gate = { owner: 'role:a' };
  const edge = (from: string, to: string, port = 'out') => ({
    id: `${from}-${port}-${to}`,
    from: { step: from, port },
    to: { step: to },
  });
  const graph = compileGraph(
    documentWith(undefined, {
      steps: {
        propose: { kind: 'transform', config: { value: 1 }, gates: { after: gate } },
        pay: http('POST', { gates: { before: gate }, compensate: { kind: 'http', label: 'Take it back', config: {} } }),
        read: http('GET'),
        tell: http('POST'),
        asked: http('POST', { gates: { before: gate } }),
        far: http('POST'),
        sorry: http('POST'),
        choice: { kind: 'branch', config: {} },
        one: http('POST'),
      },
      edges: [
        edge('propose', 'read'),
        edge('read', 'tell'),
        edge('tell', 'asked'),
        edge('asked', 'far'),
        edge('tell', 'sorry', 'failed'),
        edge('pay', 'choice'),
        edge('choice', 'one', 'yes'),
      ],
    }),
    manifests,
  );
  const next = (step: string, side: 'before' | 'after') => nextEffects({ manifests }, graph, { step, gate: side });

  test('up to the next gate, without reads and without the paths of failures', () => {
    expect(next('propose', 'after').map((effect) => effect.step)).toEqual(['tell']);
  });

  test('a gate before a step asks about that step, with its undo, and a branch makes what follows uncertain', () => {
    expect(next('pay', 'before')).toEqual([
      { step: 'pay', label: 'pay', effect: 'Happens once', target: 'POST sandbox://crm/x', undo: 'Take it back' },
      { step: 'one', label: 'one', effect: 'Happens once', target: 'POST sandbox://crm/x', maybe: true },
    ]);
  });

  test('in a later visit of a loop the same step is meant', () => {
    expect(next('propose#2', 'after')).toEqual(next('propose', 'after'));
  });
});
