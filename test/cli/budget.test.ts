/** A budget from the terminal: what is used and held, the question at the limit, and a person who raises it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linesOf, resultOf, setUpDesk, type Desk } from './terminal.ts';

let desk: Desk;
beforeEach(() => {
  desk = setUpDesk();
});
afterEach(() => desk.clear());

const ask = (about: string) => ({ kind: 'llm', config: { connection: 'demo', prompt: `What is ${about}?` } });
/** Two calls fit at a time, a third does not. */
const threeAtOnce = {
  formatVersion: 1,
  id: 'wf_dear',
  name: 'Dear',
  owner: 'role:controller',
  steps: { a: ask('a'), b: ask('b'), c: ask('c') },
  edges: [],
  settings: { budget: { costMicros: 6_000, perDayMicros: 100_000 } },
};

test('a limit is shown with what is used of it, and a person raises it by an amount of money', async () => {
  const { run, state, steps } = resultOf(await desk.run('run', desk.write('d.holdfast.json', threeAtOnce), '--json'));
  expect([state, steps]).toEqual(['escalated', { a: 'confirmed', b: 'confirmed', c: 'escalated' }]);
  const shown = resultOf(await desk.run('runs', 'show', String(run), '--json'));
  expect(shown['limits']).toMatchObject([
    { rule: '/settings/budget/costMicros', scope: 'run', limit: 6_000, reserved: 0, over: 0 },
    { rule: '/settings/budget/perDayMicros', scope: 'day', limit: 100_000, reserved: 0, over: 0 },
  ]);
  expect((await desk.run('runs', 'show', String(run))).out).toContain('The cost limit of the run: 0.0000 of 0.0060');

  const [item] = linesOf((await desk.run('inbox', 'list', '--json')).out);
  const task = String(item?.['taskId']);
  expect(item?.['message']).toContain('is held by other calls');
  expect((await desk.run('inbox', 'show', task)).out).toContain('--raise');
  const wrong = await desk.run('inbox', 'decide', task, '--raise', 'a lot', '--as', 'ada');
  expect([wrong.code, wrong.err]).toEqual([
    2,
    '--raise needs the new limit: an amount of money such as 1.50, not "a lot".\n',
  ]);
  const less = await desk.run('inbox', 'decide', task, '--raise', '0.005', '--as', 'ada');
  expect([less.code, less.err]).toEqual([2, 'The new limit must be a whole number (in micro-units) above $0.006.\n']);
  const raised = await desk.run('inbox', 'decide', task, '--raise', '0.01', '--as', 'ada', '--reason', 'Go', '--json');
  expect(resultOf(raised)).toMatchObject({ answer: 'raise', state: 'complete' });
  const events = linesOf((await desk.run('runs', 'events', String(run), '--json')).out);
  expect(events.find((event) => event['type'] === 'escalation_decided')).toMatchObject({
    answer: 'raise',
    value: 10_000,
    by: 'person:ada',
    reason: 'Go',
  });
});

test('systems that do not answer are listed, and a person says that one does again', async () => {
  expect((await desk.run('dependencies')).out).toBe('No system has failed to answer.\n');
  const unknown = await desk.run('dependencies', 'reset', 'http://nobody:80', '--as', 'ada');
  expect([unknown.code, unknown.err]).toEqual([2, 'No step has depended on http://nobody:80 and failed. (/name)\n']);
  const server = createServer((_request, response) => response.writeHead(503).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const retriers = [{ errors: ['*'], intervalMs: 0, maxRetries: 9 }];
  const read = { kind: 'http', config: { method: 'GET', url: `http://${host}/a` }, retry: { retriers } };
  const file = desk.write('r.holdfast.json', { ...threeAtOnce, id: 'wf_read', steps: { read }, settings: {} });
  try {
    const trusted = ['--trust', '--allow-host', host, '--park-after', '0', '--json'];
    const { run, state, reason } = resultOf(await desk.run('run', file, ...trusted));
    expect([state, reason]).toEqual(['waiting', 'dependency']);
    const [down] = linesOf((await desk.run('dependencies', '--json')).out);
    expect(down).toMatchObject({ name: `http://${host}`, word: 'open', waiting: 1, failures: 5, openings: 1 });
    expect((await desk.run('dependencies')).out).toContain(`http://${host}  open`);
    server.removeAllListeners('request').on('request', (_request, response) => response.end('{}'));
    const reset = await desk.run('dependencies', 'reset', `http://${host}`, '--as', 'ada', '--json');
    expect(resultOf(reset)).toMatchObject({ word: 'closed', closedBy: 'person:ada' });
    await desk.run('resume');
    expect(resultOf(await desk.run('runs', 'show', String(run), '--json'))).toMatchObject({ state: 'complete' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
