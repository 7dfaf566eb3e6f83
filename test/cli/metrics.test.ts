/** Recovery quality on the command line, of runs that were really killed, and what is said to bad input. */
import type { ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linesOf, refund, resultOf, setUpDesk } from './terminal.ts';
import type { Desk } from './terminal.ts';

let desk: Desk;
let server: Server;
/** Killed while its call is on the wire. */
let victim: ChildProcess | undefined;
const calls: string[] = [];

beforeEach(async () => {
  desk = setUpDesk();
  calls.length = 0;
  server = createServer((request, response) => {
    calls.push(request.url ?? '');
    if (calls.filter((url) => url === request.url).length === 1) return void victim?.kill('SIGKILL');
    response.setHeader('content-type', 'application/json').end('{"id":"p1"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  desk.clear();
});

/** A command that the server kills at its first call. */
async function dies(...args: string[]): Promise<void> {
  const { child, finished } = desk.begin(...args);
  victim = child;
  expect((await finished).code).toBeNull();
  victim = undefined;
}

test('two crashes: one step done again under its key, one effect in doubt, one answer', async () => {
  const { port } = server.address() as AddressInfo;
  const call = (path: string, effect: string) => ({
    kind: 'http',
    effect,
    checkpoint: true,
    config: { method: 'POST', url: `http://127.0.0.1:${port}/${path}` },
  });
  const file = desk.write('killed.holdfast.json', {
    formatVersion: 1,
    id: 'wf_killed',
    name: 'Killed',
    owner: 'role:ops',
    steps: { pay: call('pay', 'idempotent'), tell: call('tell', 'once') },
    edges: [{ id: 'e1', from: { step: 'pay', port: 'out' }, to: { step: 'tell' } }],
  });
  await dies('run', file, '--trust', '--allow-host', `127.0.0.1:${port}`);
  await dies('resume');
  const [parked] = linesOf((await desk.run('resume', '--json')).out);
  expect(parked).toMatchObject({ state: 'escalated', reason: 'in_doubt' });
  expect(calls).toEqual(['/pay', '/pay', '/tell']);
  const run = String(parked?.['run']);

  const asked = resultOf(await desk.run('metrics', 'wf_killed', '--json'));
  expect(asked).toMatchObject({
    all: { runs: { total: 1, ended: 0 }, rollback: { rate: null }, doubt: { count: 0, open: 1 }, people: { open: 1 } },
  });
  const [task] = linesOf((await desk.run('inbox', 'list', '--json')).out);
  await desk.run('inbox', 'decide', String(task?.['taskId']), '--approve', '--as', 'ada');

  const expected = {
    crashes: 2,
    failures: 0,
    repeatedSteps: 1,
    recovery: { count: 2, unrecovered: 0 },
    repeatedEffects: { announcedAgain: 1, repeated: 0 },
    rollback: { runs: 0, rate: 0 },
    humanRepair: { runs: 1, answers: 1, rate: 1 },
    doubt: { count: 1, open: 0 },
  };
  const report = resultOf(await desk.run('metrics', '--json'));
  expect(Object.keys(report)).toEqual(['from', 'to', 'all', 'workflows']);
  expect(report).toMatchObject({
    all: expected,
    workflows: [{ workflowId: 'wf_killed', workflowName: 'Killed', ...expected }],
  });
  expect(resultOf(await desk.run('metrics', '--run', run, '--json'))).toMatchObject({
    run,
    workflow: 'wf_killed',
    state: 'complete',
    crashes: 2,
    repeatedSteps: 1,
    effectsAnnouncedAgain: 1,
    effectsRepeated: 0,
    repairs: 1,
    recovery: { count: 2 },
    doubt: { count: 1 },
    unrecoveredSince: {},
    inDoubtSince: {},
  });

  const text = (await desk.run('metrics', 'wf_killed')).out;
  expect(text).toMatch(/^Killed \(wf_killed\), runs from .* UTC$/m);
  expect(text).toMatch(/^ {2}Recovery +2 times; median .*, longest .*; 0 steps not recovered$/m);
  expect(text).toMatch(/^ {2}Human repair +1 run \(100 % of the ended\), 1 answer$/m);
  expect((await desk.run('metrics', '--run', run)).out).toMatch(/^ {2}Work +3 attempts, 0 failed, 2 lost in crashes/m);
  const table = (await desk.run('metrics', '--since', '1h')).out;
  expect(table).toMatch(/^wf_killed +1 +1 /m);
  expect(table).toMatch(/^all +1 +1 /m);
});

test('a period may hold nothing, a workflow may never have run', async () => {
  expect((await desk.run('metrics')).out).toBe('There are no runs in this period.\n');
  await desk.run('import', refund);
  const [unused] = resultOf(await desk.run('metrics', 'wf_refund', '--json'))['workflows'] as unknown[];
  expect(unused).toMatchObject({ workflowName: 'Refund request', runs: { total: 0 }, humanRepair: { rate: null } });
  await desk.run('run', refund);
  const before = resultOf(await desk.run('metrics', '--until', '2026-01-01', '--json'));
  expect(before).toMatchObject({ from: null, to: Date.UTC(2026, 0, 1), all: { runs: { total: 0 } }, workflows: [] });
});

test.each([
  [['nowhere'], 'There is no workflow with the id nowhere.'],
  [['--run', 'nowhere'], 'There is no run with the id nowhere.'],
  [['--since', 'soon'], 'It must be a time such as'],
  [['--since', '1h', '--until', '2h'], 'The period must begin before it ends.'],
  [['wf_x', '--run', 'run_1'], '--run shows one run'],
])('metrics %j is one sentence and 2', async (args, sentence) => {
  const finished = await desk.run('metrics', ...args);
  expect([finished.code, finished.out]).toEqual([2, '']);
  expect(finished.err).toContain(sentence);
  expect(finished.err.trim().split('\n').length).toBeLessThanOrEqual(2);
});
