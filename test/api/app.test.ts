/** The application behind the contract, without a host: what a page relies on, over a wire in memory. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApp, nodeTimers } from '../../main/app.ts';
import type { App } from '../../main/app.ts';
import { ApiError } from '../../shared/api/contract.ts';
import type { Client, InboxItem, RunSummary, RunUpdate } from '../../shared/api/contract.ts';
import { connect, memoryWire } from '../../shared/api/wire.ts';
import { evolve } from '../../shared/run/evolve.ts';
import type { RunState } from '../../shared/run/state.ts';
import { StoreError } from '../../main/store/port.ts';

let dataDir: string;
let app: App;
let client: Client;

async function open(): Promise<void> {
  app = await createApp({ dataDir, host: 'terminal' });
  await app.start();
  const [near, far] = memoryWire();
  app.serve(far, 'command');
  client = connect({ wire: near, timers: nodeTimers });
}

beforeEach(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-app-'));
  await open();
});

afterEach(async () => {
  await app.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const commandId = (): string => randomUUID();

function valueWhere<T>(
  watch: (onValue: (value: T) => void, onError: (error: ApiError) => void) => () => void,
  holds: (value: T) => boolean,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The watch did not show it within 15 s.')), 15_000);
    let stop: () => void = () => {};
    stop = watch((value) => {
      if (!holds(value)) return;
      clearTimeout(timer);
      stop();
      resolve(value);
    }, reject);
  });
}

async function refusal(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApiError) return error;
  throw new Error(`Expected a refusal, got ${String(error)}`);
}

const openTask = (): Promise<InboxItem[]> =>
  valueWhere<InboxItem[]>(
    (value, error) => client.watch('inbox.list', {}, value, error),
    (items) => items.length > 0,
  );

describe('the first minute', () => {
  test('a sample becomes a workflow, runs, asks, is approved and completes, and the page can follow all of it', async () => {
    const samples = await client.call('samples.list', {});
    expect(samples[0]?.id).toBe('refund');
    const draft = await client.call('workflows.create', { commandId: commandId(), sampleId: 'refund' });
    const { runId } = await client.call('runs.start', {
      commandId: commandId(),
      workflowId: draft.id,
      by: 'person:ada',
    });

    let folded: RunState | undefined;
    let isSnapshotFirst: boolean | undefined;
    const complete = valueWhere<RunUpdate>(
      (value, error) => client.watch('runs.watch', { runId }, value, error),
      (update) => {
        isSnapshotFirst ??= update.type === 'snapshot';
        if (update.type === 'snapshot') folded = update.state;
        else for (const event of update.events) folded = evolve(folded, event);
        return folded?.word === 'complete';
      },
    );

    const [item] = await openTask();
    const card = await client.call('inbox.get', { taskId: item?.taskId ?? '' });
    expect(card.next.map((effect) => [effect.step, effect.target])).toContainEqual([
      'pay',
      'POST sandbox://payments/refunds',
    ]);
    expect(card.next.map((effect) => effect.target)).toContain('PATCH sandbox://crm/orders/ord_1042');
    expect(card.next.find((effect) => effect.step === 'pay')).toMatchObject({
      effect: 'Safe to repeat',
      undo: 'Reverse the refund',
    });
    expect(card.history.map((line) => line.text)[0]).toBe('Started by person:ada');
    await client.call('inbox.decide', {
      commandId: commandId(),
      taskId: card.taskId,
      answer: 'approve',
      by: 'person:ada',
      ...(card.digest ? { digest: card.digest } : {}),
    });
    await complete;
    expect(isSnapshotFirst).toBe(true);

    const stored = await app.engine.read(runId);
    expect(folded).toEqual(stored?.state);
    const runs = await valueWhere<RunSummary[]>(
      (value, error) => client.watch('runs.list', {}, value, error),
      (list) => list[0]?.word === 'complete',
    );
    expect(runs[0]).toMatchObject({ runId, workflowId: draft.id, openTasks: 0 });
    const payments = (await client.call('sandbox.entries', {})).filter((entry) => entry.system === 'payments');
    expect(payments.map((entry) => entry.action)).toEqual(['refund.created']);
    const again = await refusal(
      client.call('inbox.decide', { commandId: commandId(), taskId: card.taskId, answer: 'approve', by: 'person:ada' }),
    );
    expect(['conflict', 'refused']).toContain(again.code);
  });
});

describe('commands', () => {
  test('the same command twice happens once', async () => {
    const id = commandId();
    const [first, second] = await Promise.all([
      client.call('workflows.create', { commandId: id, sampleId: 'refund' }),
      client.call('workflows.create', { commandId: id, sampleId: 'refund' }),
    ]);
    expect(second).toEqual(first);
    const start = commandId();
    const one = await client.call('runs.start', { commandId: start, workflowId: first.id });
    expect(await client.call('runs.start', { commandId: start, workflowId: first.id })).toEqual(one);
    const keyed = { workflowId: first.id, key: 'order-7' };
    const a = await client.call('runs.start', { commandId: commandId(), ...keyed });
    expect(await client.call('runs.start', { commandId: commandId(), ...keyed })).toEqual(a);
    expect(a.runId).not.toBe(one.runId);
  });

  test('a second copy of a sample gets its own id and name', async () => {
    const first = await client.call('workflows.create', { commandId: commandId(), sampleId: 'refund' });
    const second = await client.call('workflows.create', { commandId: commandId(), sampleId: 'refund' });
    expect(second.id).not.toBe(first.id);
    expect(second.document.name).toBe(`${first.document.name} (2)`);
  });

  test('saving over a change made elsewhere is a conflict and keeps what is stored', async () => {
    const draft = await client.call('workflows.create', { commandId: commandId(), sampleId: 'refund' });
    const change = (name: string) => ({
      commandId: commandId(),
      id: draft.id,
      revision: draft.revision,
      document: { ...draft.document, name },
    });
    await client.call('workflows.save', change('First'));
    expect((await refusal(client.call('workflows.save', change('Second')))).code).toBe('conflict');
    expect((await client.call('workflows.get', { id: draft.id })).document.name).toBe('First');
  });

  test('a document with a problem is kept as a draft but never run', async () => {
    const draft = await client.call('workflows.create', { commandId: commandId(), sampleId: 'refund' });
    const [edge] = draft.document.edges;
    const document = {
      ...draft.document,
      edges: [{ ...edge, to: { step: 'nowhere' } }, ...draft.document.edges.slice(1)],
    };
    await client.call('workflows.save', { commandId: commandId(), id: draft.id, revision: draft.revision, document });
    const refused = await refusal(client.call('runs.start', { commandId: commandId(), workflowId: draft.id }));
    expect(refused.code).toBe('refused');
    expect(refused.where).toMatch(/^\/edges\/0/);
    expect(await client.call('workflows.check', { document })).not.toHaveLength(0);
  });

  test('what leaves the Sandbox does not start before somebody allowed exactly that', async () => {
    const draft = await client.call('workflows.create', { commandId: commandId(), sampleId: 'refund' });
    const { id } = draft;
    const start = () => client.call('runs.start', { commandId: commandId(), workflowId: id, by: 'person:ada' });
    const payAt = async (revision: number, url: string): Promise<number> => {
      const pay = { ...draft.document.steps['pay'], config: { method: 'POST', url } };
      const document = { ...draft.document, steps: { ...draft.document.steps, pay } };
      return (await client.call('workflows.save', { commandId: commandId(), id, revision, document })).revision;
    };
    expect(await client.call('workflows.touches', { id })).toMatchObject({ touches: [], allowed: true });

    const revision = await payAt(draft.revision, 'https://pay.example.com/refunds');
    const refused = await refusal(start());
    expect([refused.code, refused.where]).toEqual(['refused', '/consent']);
    expect(refused.message).toContain('POST https://pay.example.com/refunds');
    const { touches, digest, allowed } = await client.call('workflows.touches', { id });
    expect(touches).toMatchObject([{ step: 'pay', what: 'POST https://pay.example.com/refunds' }]);
    expect(allowed).toBe(false);
    const allow = (shown: string) =>
      client.call('workflows.allow', { commandId: commandId(), id, digest: shown, by: 'person:ada' });
    expect((await refusal(allow('something else'))).code).toBe('conflict');
    await allow(digest);
    expect((await client.call('workflows.touches', { id })).allowed).toBe(true);
    await start();

    await payAt(revision, 'https://other.example.com/refunds');
    expect((await refusal(start())).where).toBe('/consent');
    expect((await refusal(allow(digest))).code).toBe('conflict');
  });

  test('input that does not fit is refused with its place', async () => {
    const draft = await client.call('workflows.create', { commandId: commandId(), sampleId: 'refund' });
    const refused = await refusal(
      client.call('runs.start', { commandId: commandId(), workflowId: draft.id, input: { orderId: 5 } }),
    );
    expect([refused.code, refused.where]).toEqual(['bad_input', '/input/orderId']);
  });

  test('what is not there is said to be not there', async () => {
    const nothing = 'nothing-here';
    const calls = [
      client.call('workflows.get', { id: nothing }),
      client.call('workflows.delete', { commandId: commandId(), id: nothing }),
      client.call('workflows.create', { commandId: commandId(), sampleId: '../../package' }),
      client.call('runs.start', { commandId: commandId(), workflowId: nothing }),
      client.call('runs.cancel', { commandId: commandId(), runId: nothing, by: 'person:ada' }),
      client.call('inbox.get', { taskId: nothing }),
      new Promise((_resolve, reject) => client.watch('runs.watch', { runId: nothing }, () => {}, reject)),
      new Promise((_resolve, reject) =>
        client.watch('runs.settled', { runId: nothing, parkAfterMs: 0 }, () => {}, reject),
      ),
    ];
    for (const answer of await Promise.all(calls.map(refusal))) expect(answer.code).toBe('not_found');
  });

  test('settings are kept over a restart', async () => {
    await client.call('settings.set', { commandId: commandId(), actingAs: 'role:finance-lead', colorScheme: 'dark' });
    await app.stop();
    await open();
    expect(await client.call('settings.get', {})).toMatchObject({ actingAs: 'role:finance-lead', colorScheme: 'dark' });
  });
});

test('a page cannot write files, give consent to addresses or run what is not drawn', async () => {
  const [near, far] = memoryWire();
  app.serve(far, 'page');
  const page = connect({ wire: near, timers: nodeTimers });
  const calls = [
    page.call('app.doctor', { commandId: commandId(), backup: path.join(dataDir, 'stolen.db') }),
    page.call('hosts.allow', { commandId: commandId(), host: '127.0.0.1', port: 1, by: 'page' }),
    page.call('runs.startDocument', { commandId: commandId(), document: {} }),
  ];
  for (const answer of await Promise.all(calls.map(refusal))) expect(answer.code).toBe('not_found');
  expect((await page.call('app.info', {})).host).toBe('terminal');
});

test('a second owner of the data folder is refused, and the folder is free after the first one stopped', async () => {
  const error = await createApp({ dataDir, host: 'loopback' }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StoreError);
  expect((error as StoreError).reason).toBe('in_use');
  expect((error as StoreError).message).toContain(`process ${process.pid}`);
  await app.stop();
  await open();
});
