/**
 * Hostile input to the real contract: whatever a page or a program on the wire sends to any endpoint, the answer is a
 * value or a typed error that is not `internal`, and the application is still there afterwards.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cases } from '../harness/size.ts';
import { createApp, nodeTimers } from '../../main/app.ts';
import type { App } from '../../main/app.ts';
import { contract } from '../../shared/api/contract.ts';
import { memoryWire } from '../../shared/api/wire.ts';
import type { Wire } from '../../shared/api/wire.ts';

let dataDir: string;
let app: App;
let wire: Wire;
const bugs: string[] = [];
const waiting = new Map<number, (answer: { kind: string; error?: { code: string; message: string } }) => void>();

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-hostile-'));
  app = await createApp({
    dataDir,
    host: 'terminal',
    log: (level, message, data) => level === 'error' && bugs.push(`${message} ${JSON.stringify(data)}`),
  });
  await app.start();
  await prepare();
  const [near, far] = memoryWire();
  app.serve(far, 'command');
  wire = near;
  wire.onMessage((message) => {
    const answer = message as { id: number; kind: string; error?: { code: string; message: string } };
    waiting.get(answer.id)?.(answer);
  });
});

async function prepare(): Promise<void> {
  const signal = new AbortController().signal;
  const { id } = await app.handlers['workflows.create']({ commandId: 'prepare-1', sampleId: 'refund' }, signal);
  const { runId } = await app.handlers['runs.start']({ commandId: 'prepare-2', workflowId: id }, signal);
  const state = await app.engine.settled(runId, 0);
  known.push(runId, ...Object.keys(state.tasks));
}

afterAll(async () => {
  await app.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

let lastId = 0;
function send(
  kind: 'call' | 'watch',
  name: string,
  input: unknown,
): Promise<{ kind: string; error?: { code: string; message: string } }> {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    const timer = nodeTimers.set(
      () => reject(new Error(`${name} gave no answer to ${JSON.stringify(input)?.slice(0, 500)}`)),
      1_000,
    );
    waiting.set(id, (answer) => {
      nodeTimers.clear(timer);
      waiting.delete(id);
      if (kind === 'watch') wire.send({ kind: 'cancel', id });
      resolve(answer);
    });
    wire.send({ kind, id, name, input });
  });
}

const names = Object.keys(contract) as (keyof typeof contract)[];
/** Writes a file wherever it is told to, which is what it is for. */
const tested = names.filter((name) => name !== 'app.doctor');

/** A workflow, its run and its open question, so that some messages reach something that is there. */
const known: string[] = ['wf_refund'];
const word = fc.oneof(
  fc.nat(2).map((index) => known[index] ?? 'wf_refund'),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'refund',
    '../../etc/passwd',
    '\u0000',
    'wf_refund',
    "'; DROP TABLE run; --",
    'x'.repeat(300),
  ),
  fc.string(),
  fc.uuid(),
);
const graph = fc.record(
  {
    formatVersion: fc.constantFrom<unknown>(1, 2, '1', null),
    id: word,
    name: word,
    steps: fc.oneof(
      fc.dictionary(
        word,
        fc.oneof(
          fc.jsonValue(),
          fc.record({
            kind: fc.constantFrom('http', 'transform', 'wait', 'llm', 'nothing'),
            config: fc.dictionary(word, fc.jsonValue()),
          }),
        ),
      ),
      fc.jsonValue(),
    ),
    edges: fc.oneof(
      fc.array(fc.record({ id: word, from: fc.record({ step: word, port: word }), to: fc.record({ step: word }) }), {
        maxLength: 3,
      }),
      fc.jsonValue(),
    ),
    inputs: fc.jsonValue(),
  },
  { requiredKeys: ['formatVersion', 'id', 'name', 'steps'] },
);
const anything = fc.oneof(word, fc.jsonValue(), fc.integer(), fc.constant(null), graph);

/** Right names of fields more often than not, so that values get past the first check. */
function inputFor(name: keyof typeof contract): fc.Arbitrary<unknown> {
  const { shape } = contract[name].input as unknown as { shape: Record<string, unknown> };
  const fields = Object.keys(shape).map((field): [string, fc.Arbitrary<unknown>] => {
    if (field === 'commandId') return [field, fc.uuid()];
    if (field === 'document') return [field, fc.oneof(graph, fc.jsonValue())];
    if (field === 'limit' || field === 'parkAfterMs' || field === 'revision' || field === 'port')
      return [field, fc.oneof(fc.nat(1_000), fc.jsonValue())];
    return [field, fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: anything })];
  });
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record(Object.fromEntries(fields), {
        requiredKeys: Object.keys(shape).filter((field) => field === 'commandId'),
      }),
    },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
}

test('every endpoint survives what it is sent', async () => {
  const message = fc.constantFrom(...tested).chain((name) => inputFor(name).map((input) => ({ name, input })));
  await fc.assert(
    fc.asyncProperty(message, async ({ name, input }) => {
      const answer = await send(contract[name].mode === 'watch' ? 'watch' : 'call', name, input);
      if (answer.kind !== 'error') return;
      expect(answer.error?.code, `${name} ${answer.error?.message}`).not.toBe('internal');
      expect(answer.error?.message).toMatch(/\S/);
    }),
    { numRuns: cases(1_000) },
  );
  expect(bugs).toEqual([]);
  expect((await send('call', 'app.info', {})).kind).toBe('result');
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}, 600_000);
