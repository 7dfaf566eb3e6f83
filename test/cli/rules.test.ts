/** Sending back and the rules with limits, from the terminal: what is shown, asked and said of them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linesOf, resultOf, setUpDesk, type Desk } from './terminal.ts';

let desk: Desk;
beforeEach(() => {
  desk = setUpDesk();
});
afterEach(() => desk.clear());

const owner = 'role:lead';
const workflow = { formatVersion: 1, id: 'wf_rules', name: 'Rules', owner, edges: [] };
const steps = {
  draft: {
    kind: 'transform',
    label: 'Draft',
    config: { value: "{{ $exists($review) ? $review.comment : 'first' }}" },
  },
  tell: {
    kind: 'transform',
    config: { value: '{{ $steps.draft.output }}' },
    gates: { before: { owner, quorum: 2, sendBackTo: 'draft' } },
  },
};
const edges = [{ id: 'e1', from: { step: 'draft', port: 'out' }, to: { step: 'tell' } }];

async function item() {
  const [first] = linesOf((await desk.run('inbox', 'list', '--json')).out);
  return first ?? {};
}

test('a reviewer sends back to an earlier step', async () => {
  for (const [name, pin] of [
    ['ada', 'tulip-1'],
    ['bob', 'violet-2'],
  ] as const)
    await desk.run('people', 'set-pin', name, '--pin', pin);
  const file = desk.write('reviewed.holdfast.json', { ...workflow, steps, edges });
  const { run } = resultOf(await desk.run('run', file, '--json'));
  const task = String((await item())['taskId']);
  const shown = (await desk.run('inbox', 'show', task)).out;
  expect(shown).toContain('go back to the step draft, with --reason as the comment; what ran since is undone first');
  const back = await desk.run(
    ...['inbox', 'decide', task, '--send-back', '--as', 'bob', '--pin', 'violet-2', '--reason', 'Kinder'],
    '--json',
  );
  expect(resultOf(back)).toMatchObject({ run, answer: 'send_back', verified: true, state: 'waiting' });
  const next = await item();
  expect(next['taskId']).not.toBe(task);
  const card = resultOf(await desk.run('inbox', 'show', String(next['taskId']), '--json'));
  expect(card).toMatchObject({ shown: { value: 'Kinder' }, quorum: 2 });
});

test('check says what would keep a review from sending back', async () => {
  const config = { method: 'POST', url: 'sandbox://payments/refunds', body: {} };
  const draft = { kind: 'http', label: 'Pay', config, effect: 'idempotent', checkpoint: true };
  const file = desk.write('pay.holdfast.json', { ...workflow, steps: { ...steps, draft }, edges });
  const found = await desk.run('check', file);
  expect(found.code).toBe(0);
  expect(found.out.replace(/\s+/g, ' ')).toContain('cannot send back to “Pay” once “Pay” has happened');
});

test('a limit whose rule fails the run is said with its reason, and asks nobody', async () => {
  const rule = { on: 'stop_condition', owner, then: 'fail' };
  const ask = { kind: 'llm', config: { connection: 'demo', prompt: 'Why?' } };
  const settings = { stopWhen: [{ costAboveMicros: 1 }], escalation: [rule] };
  const more = {
    ...workflow,
    steps: { draft: ask, tell: { kind: 'transform', config: { value: 1 } } },
    edges,
    settings,
  };
  const done = await desk.run('run', desk.write('dear.holdfast.json', more), '--json');
  expect(resultOf(done)).toMatchObject({ state: 'failed', reason: 'budget', steps: { tell: 'failed' } });
  expect((await desk.run('inbox', 'list')).out).toBe('Nothing waits for a person.\n');
});
