/** Reviews by several people that send back, and the rules with limits: the real application on a real file, with restarts. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDeskApp, refusalOf, who, type DeskApp } from '../harness/desk-app.ts';

let desk: DeskApp;
let now = Date.now();
beforeEach(async () => {
  desk = await openDeskApp(() => now);
});
afterEach(() => desk.close());

const order = 'sandbox://crm/orders/ord_1041';
const owner = 'role:lead';
const workflow = { formatVersion: 1, id: 'wf_rules', name: 'Rules', owner, edges: [] };
const edge = (from: string, to: string) => ({
  id: `${from}_${to}`,
  from: { step: from, port: 'out' },
  to: { step: to },
});

const patch = (status: string) => ({ method: 'PATCH', url: order, body: { status } });
/** Two people must agree to what is told; either of them may have it done again from `draft`. */
const reviewed = {
  ...workflow,
  steps: {
    draft: { kind: 'transform', config: { value: "{{ $exists($review) ? $review.comment : 'first' }}" } },
    mark: {
      kind: 'http',
      config: patch('refunded'),
      effect: 'idempotent',
      checkpoint: true,
      compensate: { kind: 'http', config: patch('paid'), effect: 'idempotent' },
    },
    tell: {
      kind: 'transform',
      config: { value: '{{ $steps.draft.output }}' },
      gates: { before: { owner, quorum: 2, sendBackTo: 'draft' } },
    },
  },
  edges: [edge('draft', 'mark'), edge('mark', 'tell')],
};

async function onlyItem() {
  const [item, ...others] = await desk.openItems();
  if (!item || others.length > 0) throw new Error('Expected one open item');
  return item;
}

test('one of two reviewers sends back: what ran since is undone and runs again, and both are asked anew', async () => {
  const pins: Record<string, string> = { 'person:grace': 'tulip-1', 'person:hedy': 'violet-2' };
  for (const [name, pin] of Object.entries(pins))
    await desk.client.call('people.setPin', { commandId: randomUUID(), who: name, pin });
  const decide = async (by: string, answer: 'approve' | 'send_back', digest?: string) => {
    const { taskId, digest: shown } = await desk.client.call('inbox.get', { taskId: (await onlyItem()).taskId });
    const seen = digest ?? shown;
    const said = {
      taskId,
      answer,
      by,
      pin: pins[by] ?? '',
      reason: 'Say it kindly',
      ...(seen ? { digest: seen } : {}),
    };
    return desk.client.call('inbox.decide', { commandId: randomUUID(), ...said });
  };
  const runId = await desk.start(reviewed);
  await desk.settled(runId);
  const first = await desk.client.call('inbox.get', { taskId: (await onlyItem()).taskId });
  expect(first).toMatchObject({ shown: { value: 'first' }, backTo: 'draft', quorum: 2 });
  await decide('person:grace', 'approve');
  await desk.restart();
  await decide('person:hedy', 'send_back');
  await desk.restart();
  const state = await desk.settled(runId);
  expect(Object.values(state.undoOrders ?? {})).toMatchObject([
    { because: 'send_back', by: 'person:hedy', steps: ['draft', 'mark', 'tell'], kept: [] },
  ]);
  const ledger = Object.values(state.effects).map(({ step, status }) => `${step} ${status}`);
  expect(ledger).toEqual(['mark rolled_back', 'mark!undo confirmed', 'mark confirmed']);

  const second = await desk.client.call('inbox.get', { taskId: (await onlyItem()).taskId });
  expect(second).toMatchObject({ shown: { value: 'Say it kindly' } });
  expect(second.approvals).toBeUndefined();
  expect(await refusalOf(decide('person:grace', 'approve', first.digest))).toMatchObject({ code: 'conflict' });
  await decide('person:grace', 'approve');
  await desk.restart();
  await decide('person:hedy', 'approve');
  expect(await desk.settled(runId)).toMatchObject({ word: 'complete', output: 'Say it kindly' });
  const findings = await desk.client.call('app.doctor', { commandId: 'doctor-after-send-back' });
  expect(findings.filter((finding) => !finding.ok)).toEqual([]);
});

test('a result that is not sure enough waits for its owner over a restart', async () => {
  const step = { kind: 'transform', config: { value: { confidence: 0.3 } } };
  const rule = { on: 'confidence_below', owner: 'role:expert', below: 0.5 };
  const runId = await desk.start({ ...workflow, steps: { guess: { ...step, escalation: [rule] } } });
  await desk.settled(runId);
  await desk.restart();
  const item = await onlyItem();
  expect(item).toMatchObject({ on: 'confidence_below', owner: 'role:expert' });
  await desk.client.call('inbox.decide', { ...who(), taskId: item.taskId, answer: 'approve' });
  expect(await desk.settled(runId)).toMatchObject({ word: 'complete', output: { confidence: 0.3 } });
});

test('a step that costs more than its rule allows ends the run, and turns it back', async () => {
  const rule = { on: 'cost_over', owner, micros: 1, then: 'rollback' };
  const ask = { kind: 'llm', config: { connection: 'demo', prompt: 'Why?' }, escalation: [rule] };
  const steps = { mark: reviewed.steps.mark, ask };
  const runId = await desk.start({ ...workflow, steps, edges: [edge('mark', 'ask')] });
  const state = await desk.settled(runId);
  expect(state).toMatchObject({ word: 'rolled_back', tasks: {} });
  expect(state.steps['ask']?.error).toMatchObject({ class: 'budget' });
});

test('a limit of the run that its rule answers asks nobody', async () => {
  const rule = { on: 'stop_condition', owner, then: 'fail' };
  const settings = { stopWhen: [{ costAboveMicros: 1 }], escalation: [rule] };
  const steps = { ask: { kind: 'llm', config: { connection: 'demo', prompt: 'Why?' } }, mark: reviewed.steps.mark };
  const runId = await desk.start({ ...workflow, steps, edges: [edge('ask', 'mark')], settings });
  const state = await desk.settled(runId);
  expect(state).toMatchObject({ word: 'failed', reason: 'budget', tasks: {}, effects: {} });
  expect(state.steps['mark']?.error?.code).toBe('stop_condition');
});

test('a review that lasts too long goes to whom its rule names, over a restart, and can still be decided', async () => {
  const rule = { on: 'waits_longer_than', owner: 'role:head', ms: 60_000 };
  const gates = { after: { owner } };
  const note = { kind: 'transform', config: { value: 'kept' }, gates, escalation: [rule] };
  const runId = await desk.start({ ...workflow, steps: { note } });
  await desk.settled(runId);
  now += 60_000;
  await desk.restart();
  await desk.settled(runId);
  const items = await desk.openItems();
  expect(items.map((item) => [item.kind, item.owner]).sort()).toEqual([
    ['escalation', 'role:head'],
    ['review', owner],
  ]);
  const review = items.find(({ kind }) => kind === 'review');
  await desk.client.call('inbox.decide', { ...who(), taskId: review?.taskId ?? '', answer: 'approve' });
  expect(await desk.settled(runId)).toMatchObject({ word: 'complete', output: 'kept' });
  expect(await desk.openItems()).toEqual([]);
});
