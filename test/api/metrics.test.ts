/** Recovery quality of a history longer than a page: every run counts once, by its workflow and in its period. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createApp, nodeTimers } from '../../main/app.ts';
import type { App } from '../../main/app.ts';
import { connect, memoryWire } from '../../shared/api/wire.ts';
import type { Client } from '../../shared/api/contract.ts';
import { appendOf, eventsOf, started, START_MS, wholeRun } from '../store/history.ts';

let dataDir: string;
let app: App;
let client: Client;

beforeEach(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-metrics-'));
  app = await createApp({ dataDir, host: 'terminal' });
  const [near, far] = memoryWire();
  app.serve(far, 'page');
  client = connect({ wire: near, timers: nodeTimers });
});
afterEach(async () => {
  client.close();
  await app.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const RUNS = 401;

test('of more runs than a page holds, some of them started at the same moment', async () => {
  const runs = Array.from({ length: RUNS }, (_, index) => {
    // Three by three at one moment: a page may end in the middle of them.
    const shift = Math.floor(index / 3) * 1_000;
    return wholeRun(`run-${index}`).map((event) => ({ ...event, at: event.at + shift }));
  });
  await app.store.append(runs.map((events) => appendOf(events)));
  await app.store.append([appendOf(eventsOf('other', [started({ workflowId: 'other', workflowName: 'Other' })]))]);
  const report = await client.call('metrics.read', {});
  expect(report.from).toBe(START_MS);
  expect(report.all).toMatchObject({
    runs: { total: RUNS + 1, ended: RUNS, open: 1 },
    attempts: 3 * RUNS,
    crashes: RUNS,
    recovery: { count: RUNS, medianMs: 5_000, longestMs: 5_000 },
    doubt: { count: RUNS, totalMs: 3_000 * RUNS },
    humanRepair: { runs: RUNS, rate: 1 },
  });
  expect(report.workflows.map((one) => [one.workflowId, one.workflowName, one.runs.total])).toEqual([
    ['refund', 'Refund request', RUNS],
    ['other', 'Other', 1],
  ]);
  const period = { from: START_MS + 1_000, to: START_MS + 3_000 };
  const part = await client.call('metrics.read', { workflowId: 'refund', ...period });
  expect(part).toMatchObject({ ...period, all: { runs: { total: 6 } }, workflows: [{ runs: { total: 6 } }] });
});
