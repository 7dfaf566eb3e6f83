/** A map over real calls on the command line: killed between its items, resumed, each item done once and in order. */
import type { ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linesOf, resultOf, setUpDesk } from './terminal.ts';
import type { Desk } from './terminal.ts';

let desk: Desk;
let server: Server;
/** Killed while its second call is on the wire. */
let victim: ChildProcess | undefined;
const keys: string[] = [];

beforeEach(async () => {
  desk = setUpDesk();
  keys.length = 0;
  server = createServer((request, response) => {
    keys.push(`${request.url ?? ''} ${String(request.headers['idempotency-key'])}`);
    if (keys.length === 2 && victim) return void victim.kill('SIGKILL');
    const refuses = request.url === '/pay/bad';
    response.statusCode = refuses ? 422 : 200;
    response.setHeader('content-type', 'application/json').end(`{"paid":"${request.url}"}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  desk.clear();
});

const flow = (port: number, orders: string[]) => ({
  formatVersion: 1,
  id: 'wf_orders',
  name: 'Orders',
  owner: 'role:ops',
  steps: {
    each: {
      kind: 'map',
      config: {
        items: '{{ input.orders }}',
        tolerate: { count: 1 },
        result: '{{ $index & " " & $steps.check.output.of & " " & $steps.check.output.round }}',
      },
    },
    pay: {
      kind: 'http',
      parent: 'each',
      effect: 'idempotent',
      checkpoint: true,
      config: { method: 'POST', url: `http://127.0.0.1:${port}/pay/{{ $item }}` },
    },
    look: { kind: 'transform', parent: 'each', config: { value: { of: '{{ $item }}', round: '{{ $visit }}' } } },
    check: { kind: 'transform', parent: 'each', config: { value: '{{ $steps.look.output }}' } },
    again: {
      kind: 'branch',
      parent: 'each',
      config: { rules: [{ port: 'back', when: '{{ $item = "b" and $visit < 3 }}' }] },
    },
  },
  edges: [
    { id: 'e1', from: { step: 'pay', port: 'out' }, to: { step: 'look' } },
    { id: 'e2', from: { step: 'look', port: 'out' }, to: { step: 'again' } },
    { id: 'e3', from: { step: 'again', port: 'back' }, to: { step: 'look' }, loop: { maxIterations: 5 } },
    { id: 'e4', from: { step: 'again', port: 'otherwise' }, to: { step: 'check' } },
  ],
  inputs: { type: 'object', properties: { orders: { type: 'array', default: orders } } },
});

test('goes on with the item it was killed in; results keep the order of the items, loops their rounds', async () => {
  const { port } = server.address() as AddressInfo;
  const file = desk.write('orders.holdfast.json', flow(port, ['a', 'b', 'bad', 'c']));
  const { child, finished } = desk.begin('run', file, '--trust', '--allow-host', `127.0.0.1:${port}`);
  victim = child;
  expect((await finished).code).toBeNull();
  victim = undefined;
  const [done] = linesOf((await desk.run('resume', '--json')).out);
  expect(done).toMatchObject({ state: 'complete', output: ['0 a 1', '1 b 3', null, '3 c 1'] });
  // The call that was on the wire is repeated under its own key, and nothing else is.
  expect(keys.map((line) => line.split(' ')[0])).toEqual(['/pay/a', '/pay/b', '/pay/b', '/pay/bad', '/pay/c']);
  expect(new Set(keys).size).toBe(4);

  const run = String(done?.['run']);
  const shown = resultOf(await desk.run('runs', 'show', run, '--json'));
  expect(shown['steps']).toMatchObject({
    each: 'confirmed',
    'each[0]/pay': 'confirmed',
    'each[1]/look': 'confirmed',
    'each[1]/look#3': 'confirmed',
    'each[2]/pay': 'failed',
    'each[2]/look': 'skipped',
  });
  expect(shown['steps']).not.toHaveProperty('pay');
  const events = (await desk.run('runs', 'events', run)).out;
  expect(events).toContain('map_opened');
  expect(events).toMatch(/loop_taken\s+each\[1\]\/again/);
  expect((await desk.run('runs', 'show', run)).out).toContain('each[1]/look#3: confirmed');
});

test('over something that is no list is refused before it runs, and asked about when only the run can know', async () => {
  const { port } = server.address() as AddressInfo;
  const document = flow(port, []);
  document.steps.each.config.items = 'orders';
  const literal = await desk.run('check', desk.write('literal.holdfast.json', document));
  expect(literal.out).toContain('/steps/each/config/items');
  expect(literal.code).toBe(2);

  document.steps.each.config.items = '{{ null }}';
  const file = desk.write('null.holdfast.json', document);
  const parked = resultOf(await desk.run('run', file, '--trust', '--allow-host', `127.0.0.1:${port}`, '--json'));
  expect(parked).toMatchObject({ state: 'escalated', reason: 'invalid_output' });
  const [task] = linesOf((await desk.run('inbox', 'list', '--json')).out);
  expect(String(task?.['message'])).toContain('What the map goes over ("items") is null, which is no list.');
});
