/** `runs signal` from a terminal: a parked run goes on, and a wrong call is refused with a sentence. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resultOf, setUpDesk } from './terminal.ts';
import type { Desk } from './terminal.ts';

let desk: Desk;
beforeEach(() => {
  desk = setUpDesk();
});
afterEach(() => desk.clear());

const waiting = {
  formatVersion: 1,
  id: 'wf_waits',
  name: 'Waits',
  owner: 'role:lead',
  steps: {
    hear: { kind: 'wait', config: { signal: 'papers', timeoutMs: 3_600_000 } },
    late: { kind: 'transform', config: { value: 'late' } },
  },
  edges: [{ id: 'e', from: { step: 'hear', port: 'timeout' }, to: { step: 'late' } }],
};

test('a run parks until its signal is sent, once', async () => {
  const parked = resultOf(await desk.run('run', desk.write('waits.holdfast.json', waiting), '--json'));
  expect(parked).toMatchObject({ state: 'waiting', reason: 'signal', steps: { hear: 'waiting' } });
  const runId = String(parked['run']);

  const refused = await desk.run('runs', 'signal', runId, 'papers', '--as', 'ada', '--value', '{');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('--value is not JSON');
  expect((await desk.run('runs', 'signal', runId, 'papers')).err).toContain('--as');

  const other = resultOf(await desk.run('runs', 'signal', runId, 'other', '--as', 'ada', '--json'));
  expect(other).toMatchObject({ signal: 'other', state: 'waiting' });
  const args = ['runs', 'signal', runId, 'papers', '--as', 'ada', '--value', '{"pages":3}', '--id', 'd1', '--json'];
  expect(resultOf(await desk.run(...args))).toMatchObject({
    run: runId,
    state: 'complete',
    output: { pages: 3 },
    steps: { hear: 'confirmed', late: 'skipped' },
  });
  const late = await desk.run(...args);
  expect([late.code, late.err]).toEqual([
    2,
    expect.stringContaining('The run has already ended (complete), so it takes no signals'),
  ]);
});
