// Workflows inside workflows through the application and real database files: found, started once, told to stop and to
// turn back, across lives, and taken along by an export.

import { mkdtempSync, rmSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApp, type App } from '../../main/app.ts';
import { sandboxActions } from '../cli/terminal.ts';

let dataDir: string;
let app: App;
beforeEach(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-children-'));
  await begin();
});
afterEach(async () => {
  await app.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function begin(): Promise<void> {
  app = await createApp({ dataDir, host: 'terminal' });
  await app.start();
}
async function restart(): Promise<void> {
  await app.stop();
  await begin();
}

const never = new AbortController().signal;
const refund = {
  kind: 'http',
  config: { method: 'POST', url: 'sandbox://payments/refunds', body: { order: 'ord_1001', amount: 500 } },
  effect: 'idempotent',
  checkpoint: true,
  compensate: {
    kind: 'http',
    config: { method: 'POST', url: 'sandbox://payments/refunds/{{ output.id }}/reverse' },
    effect: 'idempotent',
  },
};
const inside = (id: string, more: object = {}) => ({
  kind: 'workflow',
  config: { ref: { id }, ...more },
  checkpoint: true,
});
const workflow = (id: string, steps: Record<string, object>, edges: [string, string][] = [], more: object = {}) => ({
  formatVersion: 1,
  id,
  name: id,
  owner: 'role:lead',
  steps,
  edges: edges.map(([from, to], index) => {
    const [step, port = 'out'] = from.split(':');
    return { id: `e${index}`, from: { step, port }, to: { step: to } };
  }),
  ...more,
});
const paying = workflow('wf_pay', { pay: refund });
const hearing = workflow('wf_hear', { pay: refund, hear: { kind: 'wait', config: { signal: 'go' } } }, [
  ['pay', 'hear'],
]);

const store = (document: object) => app.handlers['workflows.create']({ commandId: randomUUID(), document }, never);
const start = async (document: object): Promise<string> => {
  const started = await app.handlers['runs.startDocument']({ commandId: randomUUID(), document }, never);
  return String(started?.runId);
};
const settled = (runId: string) => app.engine.settled(runId, 60_000);
const childOf = async (runId: string): Promise<string> => {
  const view = await app.engine.read(runId);
  const event = view?.events.find((one) => one.type === 'child_started');
  return event?.type === 'child_started' ? event.childId : '';
};
const send = async (runId: string) =>
  app.handlers['runs.signal']({ commandId: randomUUID(), runId, name: 'go', data: 7, by: 'person:ada' }, never);
const actions = (): string[] => sandboxActions(dataDir);

test('the child is a run of its own, with a link; its output, cost and tokens are those of the step', async () => {
  await store(
    workflow('wf_ask', { ask: { kind: 'llm', config: { connection: 'demo', prompt: '{{ input.question }}' } } }),
  );
  const runId = await start(
    workflow(
      'wf_top',
      {
        sub: inside('wf_ask', { input: { question: '{{ "Is it " & input.what & "?" }}' } }),
        say: { kind: 'transform', config: { value: '{{ $steps.sub.output }}' } },
      },
      [['sub', 'say']],
      {
        inputs: { type: 'object', properties: { what: { type: 'string', default: 'late' } } },
      },
    ),
  );
  const state = await settled(runId);
  const child = await settled(await childOf(runId));
  expect(child).toMatchObject({ word: 'complete', parent: { runId, step: 'sub' }, input: { question: 'Is it late?' } });
  expect(state).toMatchObject({
    word: 'complete',
    output: child.output,
    usage: child.usage,
    costMicros: child.costMicros,
  });
  expect(child.usage.inputTokens).toBeGreaterThan(0);
  const runs = await app.store.runs({});
  expect(runs.find((run) => run.runId === child.runId)).toMatchObject({ parent: { runId, step: 'sub' } });
});

describe('a child that waits', () => {
  test('parks its parent, and both go on in the next life; what the child did it did once', async () => {
    await store(hearing);
    const runId = await start(workflow('wf_top', { sub: inside('wf_hear') }));
    expect(await settled(runId)).toMatchObject({
      word: 'waiting',
      reason: 'child',
      steps: { sub: { word: 'waiting' } },
    });
    const child = await childOf(runId);
    await restart();
    expect(await settled(runId)).toMatchObject({ word: 'waiting', reason: 'child' });
    await send(child);
    expect(await settled(runId)).toMatchObject({ word: 'complete', output: 7, repeated: 0 });
    expect(await childOf(runId)).toBe(child);
    expect(await app.store.runs({})).toHaveLength(2);
    expect(actions()).toEqual(['refund.created']);
  });

  test('is cancelled with its parent; what it did stays and is in plain sight', async () => {
    await store(hearing);
    const runId = await start(workflow('wf_top', { sub: inside('wf_hear') }));
    await settled(runId);
    await app.engine.cancelRun({ commandId: randomUUID(), runId, by: 'person:ada' });
    expect(await settled(await childOf(runId))).toMatchObject({ word: 'failed', reason: 'cancelled', openEffects: 1 });
    expect(await settled(runId)).toMatchObject({ word: 'failed', reason: 'cancelled', openEffects: 1 });
  });

  test('is cancelled and rolled back with its parent, also when the host stops in between', async () => {
    await store(hearing);
    const runId = await start(workflow('wf_top', { sub: inside('wf_hear') }));
    await settled(runId);
    await app.engine.rollbackRun({ commandId: randomUUID(), runId, by: 'person:ada' });
    await restart();
    expect(await settled(runId)).toMatchObject({ word: 'rolled_back' });
    expect(await settled(await childOf(runId))).toMatchObject({ word: 'rolled_back' });
    expect(actions()).toEqual(['refund.created', 'refund.reversed']);
  });
});

test('a run is rolled back with the workflows inside it, in the reverse order, two levels deep', async () => {
  await store(paying);
  await store(workflow('wf_middle', { inner: inside('wf_pay'), own: refund }, [['inner', 'own']]));
  const runId = await start(workflow('wf_top', { sub: inside('wf_middle'), own: refund }, [['sub', 'own']]));
  expect(await settled(runId)).toMatchObject({ word: 'complete' });
  expect(await app.engine.planRollback(runId)).toMatchObject({
    undo: [{ step: 'own' }, { step: 'sub', target: 'workflow wf_middle' }],
    stays: [],
  });
  await app.engine.rollbackRun({ commandId: randomUUID(), runId, by: 'person:ada' });
  expect(await settled(runId)).toMatchObject({ word: 'rolled_back', openEffects: 0 });
  expect((await app.store.runs({})).map((run) => run.word)).toEqual(['rolled_back', 'rolled_back', 'rolled_back']);
  expect(actions()).toEqual([...Array(3).fill('refund.created'), ...Array(3).fill('refund.reversed')]);
});

describe('a child that fails', () => {
  const failing = workflow('wf_fail', { a: { kind: 'transform', config: { value: '{{ $error("no") }}' } } }, [], {
    settings: { onFailure: 'fail' },
  });

  test('fails its step with its class and reason: a retry is another run, then the path from `failed` is taken', async () => {
    await store(failing);
    const retry = { retriers: [{ errors: ['invalid_output'], intervalMs: 0, maxRetries: 1 }] };
    const runId = await start(
      workflow(
        'wf_top',
        { sub: { ...inside('wf_fail'), retry }, other: { kind: 'transform', config: { value: 'other' } } },
        [['sub:failed', 'other']],
      ),
    );
    const state = await settled(runId);
    expect(state).toMatchObject({ word: 'complete', output: 'other' });
    expect(state.steps['sub']).toMatchObject({
      status: 'failed',
      error: { class: 'invalid_output', code: 'invalid_output' },
    });
    const children = (await app.store.runs({})).filter((run) => run.parent?.runId === runId);
    expect(children).toHaveLength(2);
  });

  test('and left something in other systems is not tried again: a person is asked, and a rollback undoes it', async () => {
    await store(
      workflow(
        'wf_half',
        { pay: refund, a: { kind: 'transform', config: { value: '{{ $error("no") }}' } } },
        [['pay', 'a']],
        { settings: { onFailure: 'fail' } },
      ),
    );
    const retry = { retriers: [{ errors: ['invalid_output'], intervalMs: 0, maxRetries: 3 }] };
    const runId = await start(workflow('wf_top', { sub: { ...inside('wf_half'), retry } }));
    expect(await settled(runId)).toMatchObject({ word: 'escalated' });
    expect(actions()).toEqual(['refund.created']);
    await app.engine.rollbackRun({ commandId: randomUUID(), runId, by: 'person:ada' });
    expect(await settled(runId)).toMatchObject({ word: 'rolled_back' });
    expect(actions()).toEqual(['refund.created', 'refund.reversed']);
  });
});

describe('which version runs', () => {
  test('the one that is stored when the run starts, whatever is saved later', async () => {
    await store(workflow('wf_one', { w: { kind: 'wait', config: { signal: 'go' } } }));
    await store(workflow('wf_late', { a: { kind: 'transform', config: { value: 'old' } } }));
    const runId = await start(
      workflow('wf_top', { one: inside('wf_one'), late: inside('wf_late') }, [['one', 'late']]),
    );
    await settled(runId);
    const draft = await app.store.draft('wf_late');
    const changed = workflow('wf_late', { a: { kind: 'transform', config: { value: 'new' } } });
    await app.handlers['workflows.save'](
      { commandId: randomUUID(), id: 'wf_late', revision: draft?.revision ?? 0, document: changed },
      never,
    );
    await send(await childOf(runId));
    expect(await settled(runId)).toMatchObject({ word: 'complete', output: 'old' });
  });

  test('an export takes along what it refers to, and its import runs in a folder that has nothing else', async () => {
    await store(workflow('wf_leaf', { a: { kind: 'transform', config: { value: 'leaf' } } }));
    await store(workflow('wf_middle', { inner: inside('wf_leaf') }));
    await store(workflow('wf_top', { sub: inside('wf_middle') }));
    const exported = await app.handlers['workflows.export']({ id: 'wf_top' }, never);
    const document = JSON.parse(String(exported?.text)) as { definitions: object };
    expect(Object.keys(document.definitions)).toEqual(['wf_middle', 'wf_leaf']);
    await app.stop();
    rmSync(dataDir, { recursive: true, force: true });
    await begin();
    await store(document);
    expect((await app.handlers['workflows.export']({ id: 'wf_top' }, never))?.text).toBe(exported?.text);
    expect(await settled(await start(document))).toMatchObject({ word: 'complete', output: 'leaf' });
  });

  test.each([
    ['itself', { sub: inside('wf_top') }, 'Workflows must not run each other in a circle: wf_top → wf_top.'],
    [
      'one that refers back',
      { sub: inside('wf_back') },
      'Workflows must not run each other in a circle: wf_top → wf_back → wf_top.',
    ],
    ['one that is not there', { sub: inside('wf_gone') }, 'There is no workflow with the id wf_gone here.'],
    [
      'a version that is not there',
      { sub: inside('wf_pay', { ref: { id: 'wf_pay', digest: 'a'.repeat(64) } }) },
      'There is no workflow with the id wf_pay in the version aaaaaaaaaaaa here.',
    ],
    ['one with errors', { sub: inside('wf_broken') }, 'In the workflow wf_broken'],
  ])('a reference to %s is refused at the start', async (_what, steps, message) => {
    await store(paying);
    await store(workflow('wf_back', { again: inside('wf_top') }));
    await store(workflow('wf_broken', { w: { kind: 'wait', config: {} } }));
    await expect(start(workflow('wf_top', steps))).rejects.toThrow(message);
    expect(await app.store.runs({})).toEqual([]);
  });

  test('more than twenty inside each other are refused', async () => {
    for (let level = 1; level <= 22; level += 1)
      await store(
        workflow(
          `wf_${level}`,
          level === 22 ? { a: { kind: 'transform', config: { value: 1 } } } : { sub: inside(`wf_${level + 1}`) },
        ),
      );
    await expect(start(workflow('wf_0', { sub: inside('wf_1') }))).rejects.toThrow(
      'Workflows are inside each other more than 20 deep.',
    );
  });
});
