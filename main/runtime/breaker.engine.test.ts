/**
 * The circuit breaker through the real engine, a real file and a real server that goes down and comes back: shared by
 * all runs, kept over a restart, one probe at a time, and nobody left waiting when it answers again.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineBench, type Bench } from '../../test/harness/engine.ts';
import { documentOf, step } from '../../test/harness/graph.ts';
import { httpStep } from '../steps/http/execute.ts';
import { createHttpClient } from './http/client.ts';

/** Says 503 while it is down; remembers how many calls were there at the same time. */
function server() {
  const here = { isUp: true, calls: 0, atOnce: 0, most: 0 };
  const listener = createServer((_request, response) => {
    here.calls += 1;
    here.atOnce += 1;
    here.most = Math.max(here.most, here.atOnce);
    setTimeout(() => {
      here.atOnce -= 1;
      response.writeHead(here.isUp ? 200 : 503, { 'content-type': 'application/json' });
      response.end('{"ok":true}');
    }, 10);
  });
  return { here, listener };
}

let bench: Bench;
let now = Date.UTC(2026, 10, 23);
const { here, listener } = server();
let origin: string;
const client = createHttpClient({
  resolveSandbox: () => undefined,
  isAllowedHost: () => true,
  clock: () => now,
});

beforeEach(async () => {
  Object.assign(here, { isUp: true, calls: 0, atOnce: 0, most: 0 });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  bench = await engineBench({ kinds: { http: httpStep }, http: client.request, clock: () => now, maxRunning: 4 });
});
afterEach(async () => {
  await bench.remove();
  listener.closeAllConnections();
  await new Promise((resolve) => listener.close(resolve));
});

const document = () =>
  documentOf({
    read: step({
      kind: 'http',
      effect: 'read',
      config: { method: 'GET', url: `${origin}/order` },
      retry: { retriers: [{ errors: ['*'], intervalMs: 0, maxRetries: 20 }] },
    }),
  });

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

const wordOf = async (runId: string): Promise<string | undefined> => {
  const view = await bench.engine.read(runId);
  return view && `${view.state.word} ${view.state.reason ?? ''}`.trim();
};

test('a server that is down is left alone by every run, also after a restart, until one of them finds it again', async () => {
  here.isUp = false;
  const first = await bench.start(document());
  await until(async () => (await wordOf(first)) === 'waiting dependency');
  expect(here.calls).toBe(5);
  const others = await Promise.all(Array.from({ length: 30 }, () => bench.start(document())));
  await until(async () => (await Promise.all(others.map(wordOf))).every((word) => word === 'waiting dependency'));
  expect(here.calls).toBe(5);
  expect(await bench.engine.dependencies()).toMatchObject([{ name: origin, word: 'open', waiting: 31, openings: 1 }]);

  await bench.end();
  await bench.begin();
  expect(await bench.engine.dependencies()).toMatchObject([{ name: origin, word: 'open', waiting: 31 }]);
  const late = await bench.start(document());
  await until(async () => (await wordOf(late)) === 'waiting dependency');
  expect(here.calls).toBe(5);

  // The time has come: one attempt finds out and finds nobody, so everybody waits twice as long.
  now += 30_000;
  await bench.end();
  await bench.begin();
  await until(async () => (await bench.engine.dependencies())[0]?.openings === 2);
  expect(here.calls).toBe(6);

  here.isUp = true;
  here.most = 0;
  now += 60_000;
  await bench.end();
  await bench.begin();
  const all = [first, late, ...others];
  await until(async () => (await Promise.all(all.map(wordOf))).every((word) => word === 'complete'));
  expect(here.calls).toBe(6 + all.length);
  // No more at once than there are places.
  expect(here.most).toBeLessThanOrEqual(4);
  expect(await bench.engine.dependencies()).toMatchObject([{ word: 'closed', waiting: 0, failures: 0 }]);
  const states = await Promise.all(all.map(async (runId) => (await bench.engine.read(runId))?.state));
  // The first used its retries while the breaker was closed; waiting has used none.
  expect(states.reduce((sum, state) => sum + (state?.retriesUsed ?? 0), 0)).toBeLessThanOrEqual(6);
  expect((await bench.store.doctor({})).filter((finding) => !finding.ok)).toEqual([]);
}, 60_000);

test('a person who says that it answers again is believed at once', async () => {
  await bench.store.saveSetting('breaker', { failures: 1, openMs: 3_600_000, longestOpenMs: 3_600_000 });
  await bench.end();
  await bench.begin();
  here.isUp = false;
  const runs = [await bench.start(document()), await bench.start(document())];
  await until(async () => (await Promise.all(runs.map(wordOf))).every((word) => word === 'waiting dependency'));
  here.isUp = true;
  await expect(bench.engine.resetDependency({ name: 'http://nobody', by: 'person:ada' })).rejects.toThrow(
    'No step has',
  );
  await bench.engine.resetDependency({ name: origin, by: 'person:ada' });
  await until(async () => (await Promise.all(runs.map(wordOf))).every((word) => word === 'complete'));
  expect(await bench.store.dependencies()).toMatchObject([{ closedBy: 'person:ada', failures: 0 }]);
}, 60_000);
