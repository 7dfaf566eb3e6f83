/** Forks through the contract, the real engine and a real file: once, through a restart, and never unseen. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDeskApp, refusalOf, who, type DeskApp } from '../harness/desk-app.ts';

let desk: DeskApp;
beforeEach(async () => {
  desk = await openDeskApp();
});
afterEach(() => desk.close());

const order = 'sandbox://crm/orders/ord_1041';
const set = (status: string) => ({
  kind: 'http',
  config: { method: 'PATCH', url: order, body: { status } },
  effect: 'idempotent',
  checkpoint: true,
});

/** Plans, does, waits for a person, tells. */
const workflow = {
  formatVersion: 1,
  id: 'wf_order',
  name: 'Order',
  owner: 'role:lead',
  inputs: { type: 'object', properties: { n: { type: 'number', default: 1 } } },
  steps: {
    plan: { kind: 'transform', config: { value: '{{ input.n }}' }, checkpoint: true },
    ask: {
      kind: 'transform',
      config: { value: '{{ $steps.plan.output + 1 }}' },
      gates: { after: { owner: 'role:lead', when: 'always' } },
    },
    set: set('refunded'),
    tell: { kind: 'transform', config: { value: '{{ $steps.ask.output }}' } },
  },
  edges: [
    { id: 'e1', from: { step: 'plan', port: 'out' }, to: { step: 'ask' } },
    { id: 'e2', from: { step: 'ask', port: 'out' }, to: { step: 'set' } },
    { id: 'e3', from: { step: 'set', port: 'out' }, to: { step: 'tell' } },
  ],
};

async function approve(runId: string): Promise<void> {
  const item = (await desk.openItems()).find((one) => one.runId === runId);
  await desk.client.call('inbox.decide', {
    ...who(),
    taskId: item?.taskId ?? '',
    answer: 'approve',
    ...(item?.digest === undefined ? {} : { digest: item.digest }),
  });
}

async function finished(input?: unknown): Promise<string> {
  const runId = await desk.start(workflow, input);
  await desk.settled(runId);
  await approve(runId);
  expect(await desk.settled(runId)).toMatchObject({ word: 'complete' });
  return runId;
}

test('goes on where it was after a restart, once per command, with the input and version of its origin', async () => {
  const runId = await finished({ n: 4 });
  const original = await desk.events(runId);
  const plan = await desk.client.call('runs.forkPlan', { runId, step: 'plan' });
  expect(plan).toMatchObject({ copied: ['plan'], again: [{ step: 'set', status: 'confirmed' }] });
  const accepts = plan.again.map(({ effectKey }) => effectKey);
  const asked = { ...who(), runId, step: 'plan', reason: 'Once more', accepts };
  const { runId: fresh } = await desk.client.call('runs.fork', asked);
  expect(await desk.settled(fresh)).toMatchObject({ word: 'waiting', reason: 'review' });
  await desk.restart();
  expect(await desk.client.call('runs.fork', asked)).toEqual({ runId: fresh });
  await approve(fresh);
  const state = await desk.settled(fresh);
  expect(state).toMatchObject({
    word: 'complete',
    output: 5,
    input: { n: 4 },
    version: plan.version,
    forkOf: { runId, step: 'plan', reason: 'Once more', startedBy: ['person:ada'] },
    startedBy: 'person:grace',
  });
  expect(state.steps['plan']).toMatchObject({ attempts: [], output: 4, copied: { runId, step: 'plan' } });
  const begun = (await desk.events(fresh)).filter((event) => event.type === 'attempt_started');
  expect(begun.map((event) => event.step)).toEqual(['ask', 'set', 'tell']);
  expect(await desk.events(runId)).toEqual(original);
  const runs = await desk.app.store.runs({});
  expect(runs).toHaveLength(2);
  const findings = await desk.client.call('app.doctor', { commandId: 'doctor-after-fork' });
  expect(findings.filter((finding) => !finding.ok)).toEqual([]);
});

test('is refused while an effect that may happen again was not accepted, and starts nothing', async () => {
  const runId = await finished();
  const refusal = await refusalOf(desk.client.call('runs.fork', { ...who(), runId, step: 'plan' }));
  expect(refusal).toMatchObject({ code: 'refused', where: '/accepts' });
  expect(refusal.message).toContain(`PATCH ${order} (set)`);
  const none = await refusalOf(desk.client.call('runs.fork', { ...who(), runId: 'run_none', step: 'plan' }));
  expect(none.code).toBe('not_found');
  const read = await refusalOf(desk.client.call('runs.fork', { ...who(), runId, step: 'tell', accepts: [] }));
  expect(read.message).toBe('“tell” is no checkpoint, so no run can be forked from it.');
  expect(await desk.app.store.runs({})).toHaveLength(1);
});

test('goes on in the draft when asked to, with an input of its own, and only where all of it is allowed', async () => {
  const runId = await finished();
  const save = async (steps: object): Promise<void> => {
    const draft = await desk.client.call('workflows.get', { id: 'wf_order' });
    const document = { ...draft.document, steps: { ...workflow.steps, ...steps } };
    await desk.client.call('workflows.save', {
      commandId: who().commandId,
      id: 'wf_order',
      revision: draft.revision,
      document,
    });
  };
  const asked = { runId, step: 'plan', draft: true };
  await save({
    tell: { kind: 'transform', config: { value: 'new' } },
    set: { kind: 'transform', config: { value: 1 } },
  });
  const plan = await desk.client.call('runs.forkPlan', asked);
  const pinned = await desk.client.call('runs.forkPlan', { runId, step: 'plan' });
  expect(plan.version).not.toBe(pinned.version);
  const accepts = plan.again.map(({ effectKey }) => effectKey);
  const { runId: fresh } = await desk.client.call('runs.fork', { ...who(), ...asked, accepts, input: { n: 9 } });
  await desk.settled(fresh);
  await approve(fresh);
  expect(await desk.settled(fresh)).toMatchObject({ output: 'new', input: { n: 9 }, version: plan.version });

  await save({ set: { ...set('x'), config: { method: 'PATCH', url: 'https://example.com/', body: {} } } });
  const refused = await refusalOf(desk.client.call('runs.fork', { ...who(), ...asked, accepts }));
  expect(refused).toMatchObject({ code: 'refused', where: '/consent' });
  await save({ tell: { kind: 'transform', config: { value: '{{ oops( }}' } } });
  expect(await refusalOf(desk.client.call('runs.fork', { ...who(), ...asked }))).toMatchObject({ code: 'refused' });
  await desk.client.call('workflows.delete', { commandId: who().commandId, id: 'wf_order' });
  expect(await refusalOf(desk.client.call('runs.forkPlan', asked))).toMatchObject({
    code: 'not_found',
    where: '/draft',
  });
});
