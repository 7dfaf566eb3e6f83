/** Pause, resume, try again, give a result: through the contract, the real engine and a real file, with restarts. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDeskApp, refusalOf, who, type DeskApp } from '../harness/desk-app.ts';

let desk: DeskApp;
beforeEach(async () => {
  desk = await openDeskApp();
});
afterEach(() => desk.close());

const order = 'sandbox://crm/orders/ord_1041';

/** Fails until somebody sets the order to `refunded`. */
const waitsForOrder = {
  formatVersion: 1,
  id: 'wf_order',
  name: 'Order',
  owner: 'role:lead',
  steps: {
    note: { kind: 'transform', config: { value: 'kept' }, checkpoint: true },
    read: { kind: 'http', config: { method: 'GET', url: order }, doneWhen: "{{ output.status = 'refunded' }}" },
    tell: { kind: 'transform', config: { value: '{{ $steps.note.output }}' } },
  },
  edges: [
    { id: 'e1', from: { step: 'note', port: 'out' }, to: { step: 'read' } },
    { id: 'e2', from: { step: 'read', port: 'out' }, to: { step: 'tell' } },
  ],
  settings: { onFailure: 'fail' },
};

const setRefunded = {
  formatVersion: 1,
  id: 'wf_set',
  name: 'Set',
  owner: 'role:lead',
  steps: {
    set: {
      kind: 'http',
      config: { method: 'PATCH', url: order, body: { status: 'refunded' } },
      effect: 'idempotent',
      checkpoint: true,
    },
  },
  edges: [],
};

test('a failed run is tried again from its step, also after a restart, and repeats nothing that succeeded', async () => {
  const runId = await desk.start(waitsForOrder);
  expect(await desk.settled(runId)).toMatchObject({ word: 'failed', reason: 'invalid_output' });
  await desk.settled(await desk.start(setRefunded));
  await desk.restart();
  await desk.client.call('runs.retry', { ...who(), runId, step: 'read', reason: 'The order is right now' });
  expect(await desk.settled(runId)).toMatchObject({ word: 'complete', output: 'kept' });
  const events = await desk.events(runId);
  expect(events.filter((event) => event.type === 'attempt_started').map((event) => event.step)).toEqual([
    'note',
    'read',
    'read',
    'tell',
  ]);
  expect(events.find((event) => event.type === 'run_reopened')).toMatchObject({
    step: 'read',
    by: 'person:grace',
    reason: 'The order is right now',
  });
  const findings = await desk.client.call('app.doctor', { commandId: 'doctor-after-retry' });
  expect(findings.filter((finding) => !finding.ok)).toEqual([]);
});

test('a paused run stays paused over a restart, and goes on when it is resumed', async () => {
  const held = structuredClone(waitsForOrder) as typeof waitsForOrder & { steps: Record<string, unknown> };
  held.steps['read'] = { kind: 'wait', config: { durationMs: 1_000 } } as never;
  const runId = await desk.start(held);
  await desk.client.call('runs.pause', { ...who(), runId, reason: 'Lunch' });
  expect(await desk.settled(runId)).toMatchObject({ word: 'waiting', reason: 'paused' });
  await desk.restart();
  expect(await desk.settled(runId)).toMatchObject({ word: 'waiting', paused: { by: 'person:grace', reason: 'Lunch' } });
  await desk.client.call('runs.resume', { ...who(), runId });
  expect(await desk.app.engine.settled(runId, 60_000)).toMatchObject({ word: 'complete', output: 'kept' });
  expect(await refusalOf(desk.client.call('runs.resume', { ...who(), runId }))).toMatchObject({ code: 'conflict' });
});

test('the result of a failed step is given instead, by whom and why', async () => {
  const runId = await desk.start(waitsForOrder);
  await desk.settled(runId);
  const given = { body: { status: 'refunded' } };
  await desk.client.call('runs.skip', { ...who(), runId, step: 'read', output: given, reason: 'Seen in the shop' });
  await desk.restart();
  const state = await desk.settled(runId);
  expect(state).toMatchObject({ word: 'complete' });
  expect(state.steps['read']).toMatchObject({
    output: given,
    supplied: { by: 'person:grace', reason: 'Seen in the shop' },
  });
});

test('a given result must have the shape and the paths that the step has', async () => {
  const document = {
    ...waitsForOrder,
    id: 'wf_shapes',
    steps: {
      hold: { kind: 'wait', config: { durationMs: 3_600_000 } },
      way: {
        kind: 'branch',
        config: { rules: [{ port: 'big', when: '{{ input.n > 1 }}' }] },
      },
      tell: { kind: 'transform', config: { value: 1 } },
    },
    edges: [
      { id: 'e1', from: { step: 'hold', port: 'out' }, to: { step: 'way' } },
      { id: 'e2', from: { step: 'way', port: 'big' }, to: { step: 'tell' } },
    ],
  };
  const runId = await desk.start(document);
  const skip = (step: string, ports?: string[]) =>
    desk.client.call('runs.skip', { ...who(), runId, step, output: 1, ...(ports ? { ports } : {}) });
  expect((await refusalOf(skip('way'))).message).toBe(
    'Say along which path of way the run goes on; possible: big, otherwise',
  );
  expect((await refusalOf(skip('way', ['small']))).message).toBe(
    'Step way has no path "small"; possible: big, otherwise',
  );
  expect(await refusalOf(skip('nowhere'))).toMatchObject({ code: 'not_found' });
  await skip('way', ['big']);
  await skip('hold');
  const state = await desk.settled(runId);
  expect(state).toMatchObject({ word: 'complete' });
  expect(state.steps['tell']?.status).toBe('confirmed');
});

test('an escalation is answered with a result', async () => {
  const runId = await desk.start({ ...waitsForOrder, settings: { onFailure: 'pause' } });
  await desk.settled(runId);
  await desk.restart();
  const [item] = await desk.openItems();
  const taskId = item?.taskId ?? '';
  const answer = { ...who(), taskId, answer: 'skip' as const };
  expect((await refusalOf(desk.client.call('inbox.decide', answer))).message).toContain('Give the result');
  await desk.client.call('inbox.decide', { ...answer, commandId: who().commandId, value: { fine: true } });
  const state = await desk.settled(runId);
  expect(state.word).toBe('complete');
  expect(state.tasks[taskId]?.decision).toMatchObject({ answer: 'skip', by: 'person:grace' });
});
