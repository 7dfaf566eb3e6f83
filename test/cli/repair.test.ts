/** Repairing a run from the terminal: every command says what became of the run, and refuses with a sentence. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linesOf, resultOf, setUpDesk, type Desk } from './terminal.ts';

let desk: Desk;
beforeEach(() => {
  desk = setUpDesk();
});
afterEach(() => desk.clear());

/** Fails until its order exists, and waits before that when it is asked to. */
const shop = {
  formatVersion: 1,
  id: 'wf_shop',
  name: 'Shop',
  owner: 'role:lead',
  steps: {
    hold: { kind: 'wait', config: { durationMs: '{{ input.ms }}' } },
    read: { kind: 'http', config: { method: 'GET', url: 'sandbox://crm/orders/none' } },
    tell: { kind: 'transform', config: { value: '{{ $steps.read.output }}' } },
  },
  edges: [
    { id: 'e1', from: { step: 'hold', port: 'out' }, to: { step: 'read' } },
    { id: 'e2', from: { step: 'read', port: 'out' }, to: { step: 'tell' } },
  ],
  settings: { onFailure: 'fail' },
};

test('a failed run is tried again, and goes on with a given result', async () => {
  const file = desk.write('shop.holdfast.json', shop);
  const failed = resultOf(await desk.run('run', file, '--input', '{"ms":0}', '--json'));
  const run = String(failed['run']);
  expect(failed).toMatchObject({ state: 'failed', reason: 'refused' });

  const again = await desk.run('runs', 'retry', run, 'read', '--as', 'ada', '--reason', 'Once more', '--json');
  expect(again.code).toBe(0);
  expect(resultOf(again)).toMatchObject({ run, state: 'failed', steps: { hold: 'confirmed', read: 'failed' } });
  const wrong = await desk.run('runs', 'retry', run, 'hold');
  expect([wrong.code, wrong.err]).toEqual([2, 'Step hold has not failed, so there is nothing to try again.\n']);

  const skipped = await desk.run('runs', 'skip', run, 'read', '--result', '{"id":"none"}', '--as', 'ada', '--json');
  expect(skipped.code).toBe(0);
  expect(resultOf(skipped)).toMatchObject({ state: 'complete', output: { id: 'none' } });
  const events = linesOf((await desk.run('runs', 'events', run, '--json')).out);
  expect(events.filter((event) => event['type'] === 'run_reopened')).toMatchObject([
    { step: 'read', by: 'person:ada', reason: 'Once more' },
    { step: 'read', by: 'person:ada' },
  ]);
  expect(events.find((event) => event['type'] === 'step_supplied')).toMatchObject({ step: 'read', by: 'person:ada' });
  const port = await desk.run('runs', 'skip', run, 'read', '--result', '1', '--port', 'left');
  expect([port.code, port.err]).toEqual([2, 'Step read has no path "left"; possible: out. (/ports)\n']);
  const bad = await desk.run('runs', 'skip', run, 'read', '--result', '{');
  expect(bad.code).toBe(2);
  expect(bad.err).toContain('--result is not JSON');
});

test('a paused run is left alone by the command that recovers runs, until it is resumed', async () => {
  const file = desk.write('shop.holdfast.json', shop);
  const parked = resultOf(await desk.run('run', file, '--input', '{"ms":3600000}', '--json'));
  const run = String(parked['run']);
  const paused = await desk.run('runs', 'pause', run, '--as', 'ada', '--reason', 'Lunch', '--json');
  expect(paused.code).toBe(0);
  expect(resultOf(paused)).toMatchObject({ state: 'waiting', reason: 'paused' });
  expect(resultOf(await desk.run('resume', run, '--json'))).toMatchObject({ state: 'waiting', reason: 'paused' });
  expect((await desk.run('runs', 'pause', run)).err).toBe('The run was already paused by person:ada.\n');
  const resumed = await desk.run('runs', 'resume', run, '--json');
  expect(resultOf(resumed)).toMatchObject({ state: 'waiting', reason: 'timer' });
  const help = await desk.run('runs', '--help');
  expect(help.out.replace(/\s+/g, ' ')).toContain('leaves paused ones paused');
});

test('an escalation is answered with a result from the terminal', async () => {
  const file = desk.write('shop.holdfast.json', { ...shop, settings: { onFailure: 'pause' } });
  const { run } = resultOf(await desk.run('run', file, '--input', '{"ms":0}', '--json'));
  const [task] = linesOf((await desk.run('inbox', 'list', '--json')).out);
  const taskId = String(task?.['taskId']);
  expect((await desk.run('inbox', 'show', taskId)).out).toContain('--skip');
  const decided = await desk.run('inbox', 'decide', taskId, '--skip', '{"id":"by hand"}', '--as', 'ada', '--json');
  expect(decided.code).toBe(0);
  expect(resultOf(decided)).toMatchObject({ run, answer: 'skip', state: 'complete' });
});
