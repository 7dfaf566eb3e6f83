/** `runs fork` on the sample: what would happen a second time is said first, and the run that is forked stays as it is. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linesOf, refund, resultOf, sandboxActions, setUpDesk, type Desk } from './terminal.ts';

let desk: Desk;
beforeEach(() => {
  desk = setUpDesk();
});
afterEach(() => desk.clear());

/** The clear case: it is paid without asking anybody. */
const clear = ['--input', '{"orderId":"ord_1043"}', '--json'];

test('a fork from the decision says that the payment would happen again, and does it only with --yes', async () => {
  const origin = resultOf(await desk.run('run', refund, ...clear));
  expect(origin).toMatchObject({ state: 'complete' });
  const run = String(origin['run']);
  const eventsBefore = (await desk.run('runs', 'events', run, '--json')).out;
  const did = sandboxActions(desk.dataDir);

  const plan = resultOf(await desk.run('runs', 'fork', run, 'decide', '--plan', '--json'));
  expect(plan).toMatchObject({ run, step: 'decide', copied: ['read', 'decide'] });
  expect(plan['again']).toMatchObject([
    { step: 'pay', target: 'POST sandbox://payments/refunds', status: 'confirmed', at: expect.any(Number) },
    { step: 'update', status: 'confirmed' },
    { step: 'tell', status: 'confirmed' },
  ]);
  const said = (await desk.run('runs', 'fork', run, 'decide', '--plan')).out;
  expect(said).toMatch(/POST sandbox:\/\/payments\/refunds \(pay\), confirmed \d{4}-\d\d-\d\d/);
  expect(said).toContain(`belongs to run ${run}: rolling the fork back does not undo it`);

  const refused = await desk.run('runs', 'fork', run, 'decide', '--as', 'ada');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('POST sandbox://payments/refunds (pay)');
  expect(refused.err).toContain('Add --yes');
  expect(sandboxActions(desk.dataDir)).toEqual(did);

  const args = ['runs', 'fork', run, 'decide', '--yes', '--as', 'ada', '--reason', 'Paid to the wrong card', '--json'];
  const forked = resultOf(await desk.run(...args));
  expect(forked).toMatchObject({ state: 'complete', forkOf: { run, step: 'decide' }, steps: { decide: 'confirmed' } });
  const fresh = String(forked['run']);
  expect(fresh).not.toBe(run);
  expect(sandboxActions(desk.dataDir).length).toBeGreaterThan(did.length);

  const events = linesOf((await desk.run('runs', 'events', fresh, '--json')).out);
  expect(events.slice(0, 3)).toMatchObject([
    { type: 'run_started', by: 'person:ada', forkOf: { runId: run, step: 'decide', reason: 'Paid to the wrong card' } },
    { type: 'step_copied', step: 'read', from: { runId: run, step: 'read' } },
    { type: 'step_copied', step: 'decide', from: { runId: run, step: 'decide' } },
  ]);
  const begun = events.filter((event) => event['type'] === 'attempt_started').map((event) => event['step']);
  expect(begun).toEqual(['payable', 'pay', 'update', 'tell']);
  expect((await desk.run('runs', 'show', fresh)).out).toContain(
    `Forked from run ${run} after decide; copied from there: read, decide.`,
  );
  expect((await desk.run('runs', 'events', run, '--json')).out).toBe(eventsBefore);

  const back = resultOf(await desk.run('runs', 'rollback', fresh, '--json'));
  expect(back['steps']).toMatchObject({ pay: 'rolled_back' });
  const first = linesOf((await desk.run('ledger', run, '--json')).out);
  expect(first.map((effect) => effect['status'])).toEqual(['confirmed', 'confirmed', 'confirmed']);
}, 120_000);

test('a fork goes on in another graph, and is refused with a sentence where that cannot be', async () => {
  const { run } = resultOf(await desk.run('run', refund, ...clear)) as { run: string };
  const graph = JSON.parse(readFileSync(refund, 'utf8')) as {
    id: string;
    steps: Record<string, { kind: string; config: unknown }>;
    edges: { from: { step: string }; to: { step: string } }[];
  };
  const short = structuredClone(graph);
  for (const id of ['pay', 'update', 'tell', 'decline', 'payable']) delete short.steps[id];
  short.steps['sum'] = { kind: 'transform', config: { value: '{{ $steps.decide.output.amount }}' } };
  short.edges = [
    ...graph.edges.slice(0, 1),
    { id: 'e9', from: { step: 'decide', port: 'out' }, to: { step: 'sum' } } as never,
  ];
  const file = desk.write('short.holdfast.json', short);
  const forked = resultOf(await desk.run('runs', 'fork', run, 'decide', '--file', file, '--json'));
  expect(forked).toMatchObject({ state: 'complete', output: expect.any(Number) });

  const other = structuredClone(short);
  other.steps['read'] = { kind: 'transform', config: { value: 1 } };
  const misfit = await desk.run('runs', 'fork', run, 'decide', '--file', desk.write('o.holdfast.json', other));
  expect([misfit.code, misfit.err]).toEqual([2, expect.stringContaining('same id and kind: “Read the order” (read)')]);
  const wild = structuredClone(short);
  wild.steps['sum'] = { kind: 'http', config: { method: 'GET', url: 'https://example.com/' } };
  const untrusted = await desk.run('runs', 'fork', run, 'decide', '--file', desk.write('w.holdfast.json', wild));
  expect([untrusted.code, untrusted.err]).toEqual([2, expect.stringContaining('Add --trust')]);
  const both = await desk.run('runs', 'fork', run, 'decide', '--file', file, '--draft');
  expect([both.code, both.err]).toEqual([2, expect.stringContaining('--file or --draft')]);
  const inner = await desk.run('runs', 'fork', run, 'payable', '--plan');
  expect([inner.code, inner.err]).toEqual([2, expect.stringContaining('is no checkpoint')]);
  expect((await desk.run('runs', 'fork', 'run_none', 'decide')).code).toBe(2);
}, 120_000);
