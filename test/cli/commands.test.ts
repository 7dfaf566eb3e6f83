/** The commands from end to end: what they print, what they answer to scripts, and that they work beside each other. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linesOf, refund, resultOf, sandboxActions, setUpDesk } from './terminal.ts';
import type { Desk } from './terminal.ts';

let desk: Desk;
beforeEach(() => {
  desk = setUpDesk();
});
afterEach(() => desk.clear());

async function openTask(): Promise<string> {
  const [task] = linesOf((await desk.run('inbox', 'list', '--json')).out);
  return String(task?.['taskId']);
}

const plain = {
  formatVersion: 1,
  id: 'wf_plain',
  name: 'Plain',
  inputs: { type: 'object', properties: { text: { type: 'string', default: 'hello' } } },
  steps: { shout: { kind: 'transform', config: { value: '{{ $uppercase(input.text) }}' } } },
  edges: [],
};

test('a sample parks, is approved and completes, and every command shows it', async () => {
  const run = await desk.run('run', refund, '--json');
  expect([run.code, run.err]).toEqual([0, '']);
  const parked = resultOf(run);
  expect(Object.keys(parked)).toEqual(['run', 'state', 'reason', 'output', 'costMicros', 'steps']);
  expect(parked).toMatchObject({
    state: 'waiting',
    reason: 'review',
    output: null,
    steps: { read: 'confirmed', pay: 'pending' },
  });

  const task = await openTask();
  const shown = await desk.run('inbox', 'show', task);
  expect(shown.out).toContain('POST sandbox://payments/refunds');
  expect(shown.out).toContain('--send-back');
  const decided = await desk.run('inbox', 'decide', task, '--approve', '--as', 'ada', '--json');
  expect(decided.code).toBe(0);
  expect(resultOf(decided)).toMatchObject({ task, answer: 'approve', run: parked['run'], state: 'complete' });
  expect((await desk.run('inbox', 'decide', task, '--approve', '--as', 'ada')).code).toBe(2);

  const runId = String(parked['run']);
  expect(resultOf(await desk.run('runs', 'show', runId, '--json'))).toMatchObject({
    run: runId,
    state: 'complete',
    workflow: 'wf_refund',
    reads: [{ step: 'read', url: 'sandbox://crm/orders/ord_1042', etag: '"1"' }],
  });
  expect(linesOf((await desk.run('runs', 'list', '--json')).out)).toMatchObject([{ runId, word: 'complete' }]);
  const events = linesOf((await desk.run('runs', 'events', runId, '--json')).out);
  expect(events.map((event) => event['seq'])).toEqual(events.map((_event, index) => index + 1));
  expect(events.at(-1)).toMatchObject({ type: 'run_completed' });
  const ledger = linesOf((await desk.run('ledger', runId, '--json')).out);
  expect(ledger.map((row) => [row['step'], row['status']])).toContainEqual(['pay', 'confirmed']);
  expect(sandboxActions(desk.dataDir).filter((action) => action === 'refund.created')).toHaveLength(1);
  const doctor = await desk.run('doctor', '--rebuild', '--backup', 'copy.db', '--json');
  expect(doctor.code).toBe(0);
  expect(linesOf(doctor.out).every((finding) => finding['ok'] === true)).toBe(true);
  expect(existsSync(path.join(desk.folder, 'copy.db'))).toBe(true);
});

test('input, environment, key and following', async () => {
  const file = desk.write('plain.holdfast.json', plain);
  expect(resultOf(await desk.run('run', file, '--json'))).toMatchObject({ state: 'complete', output: 'HELLO' });
  const fromFile = desk.write('input.json', { text: 'from a file' });
  expect(resultOf(await desk.run('run', file, '--input', `@${fromFile}`, '--json'))).toMatchObject({
    output: 'FROM A FILE',
  });
  const first = resultOf(await desk.run('run', file, '--key', 'k1', '--input', '{"text":"one"}', '--json'));
  const second = resultOf(await desk.run('run', file, '--key', 'k1', '--input', '{"text":"two"}', '--json'));
  expect(second).toEqual(first);
  const withEnv = {
    ...plain,
    id: 'wf_env',
    steps: { shout: { kind: 'transform', config: { value: '{{ $env.PLACE }}' } } },
  };
  const envFile = desk.write('env.holdfast.json', withEnv);
  expect(resultOf(await desk.run('run', envFile, '--env', 'PLACE=Oslo=N', '--json'))).toMatchObject({
    output: 'Oslo=N',
  });
  const followed = linesOf((await desk.run('run', file, '--follow', '--json')).out);
  expect(followed[0]).toMatchObject({ seq: 1, type: 'run_started' });
  expect(followed.at(-2)).toMatchObject({ type: 'run_completed' });
  expect(followed.at(-1)).toMatchObject({ state: 'complete' });
});

test('a rejected run fails, deciding still succeeded', async () => {
  await desk.run('run', refund);
  const decided = await desk.run(
    'inbox',
    'decide',
    await openTask(),
    '--reject',
    '--as',
    'role:finance-lead',
    '--reason',
    'No',
    '--json',
  );
  expect(decided.code).toBe(0);
  expect(sandboxActions(desk.dataDir)).not.toContain('refund.created');
  const runs = linesOf((await desk.run('runs', 'list', '--json')).out);
  expect(runs[0]).toMatchObject({ openTasks: 0 });
});

test('an edit must have the shape that the step promises', async () => {
  await desk.run('run', refund);
  const task = await openTask();
  const wrong = await desk.run('inbox', 'decide', task, '--edit', '5', '--as', 'role:finance-lead');
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('does not have the shape the step promises');
  const value = { decision: 'refund', amount: 1200, confidence: 1, reason: 'Half of it' };
  const edited = await desk.run('inbox', 'decide', task, '--edit', JSON.stringify(value), '--as', 'role:finance-lead');
  expect(edited.code).toBe(0);
  expect(sandboxActions(desk.dataDir)).toContain('refund.created');
});

test('a limit parks the run and asks whether it may go on', async () => {
  const limited = { ...plain, id: 'wf_limited', settings: { stopWhen: [{ expression: '{{ true }}' }] } };
  const { run, state, reason } = resultOf(await desk.run('run', desk.write('l.holdfast.json', limited), '--json'));
  expect([state, reason]).toEqual(['escalated', 'stop_condition']);
  const shown = await desk.run('inbox', 'show', await openTask());
  expect(shown.out).toContain('let the run go on past this limit');
  expect((await desk.run('inbox', 'decide', await openTask(), '--approve', '--as', 'ada')).code).toBe(0);
  expect(resultOf(await desk.run('runs', 'show', String(run), '--json'))).toMatchObject({ state: 'complete' });
});

test('cancel ends a parked run and is not a failure of the command', async () => {
  const { run } = resultOf(await desk.run('run', refund, '--json'));
  const cancelled = await desk.run('runs', 'cancel', String(run), '--as', 'ada', '--reason', 'Not needed', '--json');
  expect(cancelled.code).toBe(0);
  expect(resultOf(cancelled)).toMatchObject({ run, state: 'failed', reason: 'cancelled' });
  expect((await desk.run('inbox', 'list')).out).toBe('Nothing waits for a person.\n');
});

test('rollback says first what it would do, then undoes it, the last change first', async () => {
  const { run } = resultOf(await desk.run('run', refund, '--json'));
  await desk.run('inbox', 'decide', await openTask(), '--approve', '--as', 'role:finance-lead');
  const plan = resultOf(await desk.run('runs', 'rollback', String(run), '--plan', '--json'));
  const planned = plan['undo'] as { step: string }[];
  expect(planned.map(({ step }) => step)).toEqual(['tell', 'update', 'pay']);
  expect(plan['stays']).toEqual([]);
  expect(sandboxActions(desk.dataDir)).not.toContain('refund.reversed');
  const done = await desk.run('runs', 'rollback', String(run), '--as', 'ada', '--reason', 'Wrong customer', '--json');
  expect(done.code).toBe(0);
  expect(resultOf(done)).toMatchObject({ run, state: 'rolled_back', steps: { pay: 'rolled_back' } });
  const actions = sandboxActions(desk.dataDir);
  expect(actions.slice(3)).toEqual(['message.sent', 'order.updated', 'refund.reversed']);
  expect((await desk.run('doctor')).code).toBe(0);
  expect((await desk.run('runs', 'rollback', String(run))).code).toBe(2);
});

test('rollback to a checkpoint says what runs again, undoes what ran after it and goes on from there', async () => {
  const { run } = resultOf(await desk.run('run', refund, '--json'));
  await desk.run('inbox', 'decide', await openTask(), '--approve', '--as', 'role:finance-lead');
  const back = ['runs', 'rollback', String(run), '--to', 'pay'];
  const plan = resultOf(await desk.run(...back, '--plan', '--json'));
  expect((plan['undo'] as { step: string }[]).map(({ step }) => step)).toEqual(['tell', 'update']);
  expect(plan['again']).toEqual(['update', 'tell']);
  expect((await desk.run(...back, '--plan')).out).toContain('Would run again: update, tell.');
  const unsure = await desk.run(...back);
  expect([unsure.code, unsure.err]).toEqual([2, expect.stringContaining('--resume')]);
  expect((await desk.run('runs', 'rollback', String(run), '--resume')).code).toBe(2);
  const done = await desk.run(...back, '--resume', '--as', 'ada', '--json');
  expect(done.code).toBe(0);
  expect(resultOf(done)).toMatchObject({ run, state: 'complete', steps: { pay: 'confirmed', tell: 'confirmed' } });
  expect(sandboxActions(desk.dataDir)).not.toContain('refund.reversed');
  const nowhere = await desk.run('runs', 'rollback', String(run), '--to', 'nothing', '--plan');
  expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('does not exist')]);
  expect((await desk.run('doctor')).code).toBe(0);
});

test('export of an import is stable, and importing the same again changes nothing', async () => {
  const imported = await desk.run('import', refund, '--json');
  expect(resultOf(imported)).toMatchObject({ workflow: 'wf_refund', existing: false });
  expect(resultOf(await desk.run('import', refund, '--json'))).toMatchObject({ workflow: 'wf_refund', existing: true });
  expect((await desk.run('export', 'wf_refund', 'first.holdfast.json')).code).toBe(0);
  const first = readFileSync(path.join(desk.folder, 'first.holdfast.json'), 'utf8');
  const other = setUpDesk();
  try {
    await other.run('import', path.join(desk.folder, 'first.holdfast.json'));
    expect((await other.run('export', 'Refund request')).out).toBe(first);
  } finally {
    other.clear();
  }
});

test('what is outside the Sandbox needs consent, a private address needs it by name, and a failed run is 1', async () => {
  const server = createServer((_request, response) =>
    response.setHeader('content-type', 'application/json').end('{"ok":true}'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const graph = {
      ...plain,
      id: 'wf_out',
      steps: { call: { kind: 'http', label: 'Ask', config: { method: 'GET', url: `http://127.0.0.1:${port}/x` } } },
      settings: { onFailure: 'fail' },
    };
    const file = desk.write('out.holdfast.json', graph);
    const refused = await desk.run('run', file);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(`Ask (call): GET http://127.0.0.1:${port}/x`);
    expect(refused.err).toContain('--trust');
    expect(existsSync(desk.dataDir)).toBe(false);
    const blocked = await desk.run('run', file, '--trust', '--json');
    expect([blocked.code, resultOf(blocked)['state']]).toEqual([1, 'failed']);
    const allowed = await desk.run('run', file, '--trust', '--allow-host', `127.0.0.1:${port}`, '--json');
    expect([allowed.code, resultOf(allowed)['state']]).toEqual([0, 'complete']);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('commands work through a running host, a second host is refused, and it stops cleanly', async () => {
  const host = await desk.host();
  const { port } = new URL(host.url);
  const run = resultOf(await desk.run('run', refund, '--json'));
  expect(run).toMatchObject({ state: 'waiting', reason: 'review' });
  const second = await desk.run('serve');
  expect(second.code).toBe(3);
  expect(second.err).toContain(`process ${host.child.pid}`);
  const other = setUpDesk();
  try {
    const taken = await other.run('serve', '--port', port);
    expect([taken.code, taken.out]).toEqual([2, '']);
    expect(taken.err).toContain(`Port ${port} is in use`);
    expect((await other.run('runs', 'list')).code).toBe(0);
  } finally {
    other.clear();
  }
  host.child.kill('SIGTERM');
  expect(await host.finished).toMatchObject({ code: 0 });
  expect(linesOf((await desk.run('runs', 'list', '--json')).out)).toMatchObject([{ runId: run['run'] }]);
  // A page that was left open finds its host again: same port, same key.
  const again = await desk.host();
  expect(again.url).toBe(host.url);
  again.child.kill('SIGKILL');
  await again.finished;
  expect((await desk.host()).url).toBe(host.url);
});

test('a timer far away parks the run, a near one is driven, and resume takes up what is unfinished', async () => {
  const file = desk.write('wait.holdfast.json', {
    ...plain,
    id: 'wf_wait',
    steps: { rest: { kind: 'wait', config: { durationMs: 1_500 } }, ...plain.steps },
    edges: [{ id: 'e1', from: { step: 'rest', port: 'out' }, to: { step: 'shout' } }],
  });
  const parked = await desk.run('run', file, '--park-after', '200', '--json');
  expect([parked.code, resultOf(parked)]).toMatchObject([
    0,
    { state: 'waiting', reason: 'timer', steps: { shout: 'pending' } },
  ]);
  const interrupted = desk.begin('run', file);
  await new Promise((resolve) => setTimeout(resolve, 900));
  interrupted.child.kill('SIGINT');
  expect((await interrupted.finished).code).toBe(130);
  const resumed = await desk.run('resume', '--json');
  expect(resumed.code).toBe(0);
  expect(linesOf(resumed.out).map((run) => [run['state'], run['output']])).toEqual([
    ['complete', 'HELLO'],
    ['complete', 'HELLO'],
  ]);
  const nothing = await desk.run('resume', '--json');
  expect([nothing.code, nothing.out]).toEqual([0, '']);
});

test('several commands at once share the data folder', async () => {
  const file = desk.write('plain.holdfast.json', plain);
  const all = await Promise.all([1, 2, 3].map((n) => desk.run('run', file, '--input', `{"text":"n${n}"}`, '--json')));
  expect(all.map((one) => [one.code, resultOf(one)['output']])).toEqual([
    [0, 'N1'],
    [0, 'N2'],
    [0, 'N3'],
  ]);
  expect(linesOf((await desk.run('runs', 'list', '--json')).out)).toHaveLength(3);
});

test('killed at some moment after an approval, the run goes on and the payment happens once', async () => {
  for (const delayMs of [200, 320]) {
    const other = setUpDesk();
    try {
      await other.run('run', refund);
      const task = String(linesOf((await other.run('inbox', 'list', '--json')).out)[0]?.['taskId']);
      const deciding = other.begin('inbox', 'decide', task, '--approve', '--as', 'ada');
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      deciding.child.kill('SIGKILL');
      await deciding.finished;
      expect((await other.run('resume')).code).toBe(0);
      const [left] = linesOf((await other.run('inbox', 'list', '--json')).out);
      if (left) await other.run('inbox', 'decide', String(left['taskId']), '--approve', '--as', 'ada');
      const [run] = linesOf((await other.run('runs', 'list', '--json')).out);
      expect(run, `killed after ${delayMs} ms`).toMatchObject({ word: 'complete' });
      expect(sandboxActions(other.dataDir).filter((action) => action === 'refund.created')).toHaveLength(1);
    } finally {
      other.clear();
    }
  }
});

test('a backup is written once, and never said to be written when it was not', async () => {
  const copy = path.join(desk.folder, 'copy.db');
  const first = await desk.run('doctor', '--backup', copy);
  expect([first.code, first.err]).toEqual([0, '']);
  expect(first.out).toContain(copy);
  const before = readFileSync(copy);
  const second = await desk.run('doctor', '--backup', copy);
  expect([second.code, second.out]).toEqual([2, '']);
  expect(readFileSync(copy).equals(before)).toBe(true);
});

test.runIf(existsSync('/dev/full'))('a result that cannot be written is said, and the run is there', async () => {
  const cli = path.resolve(import.meta.dirname, '../../main/cli.ts');
  const ended = spawnSync(
    '/bin/sh',
    ['-c', 'exec "$0" "$@" >/dev/full', process.execPath, cli, 'run', desk.write('plain.holdfast.json', plain)],
    { env: { ...process.env, HOLDFAST_DATA: desk.dataDir, NODE_OPTIONS: '' }, encoding: 'utf8' },
  );
  expect([ended.status, ended.signal]).toEqual([1, null]);
  expect(ended.stderr).toContain('cannot be written (ENOSPC)');
  expect(linesOf((await desk.run('runs', 'list', '--json')).out)).toHaveLength(1);
});

const slow = {
  formatVersion: 1,
  id: 'wf_slow',
  name: 'Slow',
  steps: { rest: { kind: 'wait', config: { durationMs: 4_000 } } },
  edges: [],
};

/** Until the command's run stands in the list; asked through whoever holds the folder. */
async function untilWaiting(): Promise<void> {
  for (;;) {
    const [run] = linesOf((await desk.run('runs', 'list', '--json')).out);
    if (run?.['word'] === 'waiting') return;
  }
}

test('Ctrl+C stops a run, says how it goes on, and it goes on', async () => {
  const { child, finished } = desk.begin('run', desk.write('slow.holdfast.json', slow));
  await untilWaiting();
  child.kill('SIGINT');
  const { code, out, err } = await finished;
  expect([code, out]).toEqual([130, '']);
  expect(err).toBe('Stopped; whatever is unfinished goes on with holdfast resume.\n');
  const resumed = await desk.run('resume', '--json');
  expect(resultOf(resumed)).toMatchObject({ state: 'complete' });
});

test('the host dies while a command waits for its run: said, told apart from a failed run, and nothing is lost', async () => {
  const host = await desk.host();
  const { finished } = desk.begin('run', desk.write('slow.holdfast.json', slow));
  await untilWaiting();
  host.child.kill('SIGKILL');
  const { code, out, err } = await finished;
  expect([code, out]).toEqual([3, '']);
  expect(err).toContain('The connection to Holdfast was lost.');
  expect(err).toContain('goes on with holdfast resume');
  expect(resultOf(await desk.run('resume', '--json'))).toMatchObject({ state: 'complete' });
});
