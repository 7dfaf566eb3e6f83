// Heartbeats and awake time through the real engine and a real database file: what one life said, the next one knows.

import { mkdtempSync, rmSync } from 'node:fs';
import { createHash, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAwakeClock, type AwakeClock } from '../../main/runtime/awake.ts';
import { createDispatcher } from '../../main/runtime/dispatcher.ts';
import { createEngine, type Engine } from '../../main/runtime/engine.ts';
import type { Outcome, StepContext, StepKind } from '../../main/steps/kind.ts';
import { transformStep } from '../../main/steps/transform/execute.ts';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import type { Store } from '../../main/store/port.ts';
import { openStore } from '../../main/store/store.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import { documentOf, step } from '../harness/graph.ts';

let dataDir: string;
beforeEach(() => void (dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-awake-'))));
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const random = {
  id: randomUUID,
  draw: Math.random,
  digest: (text: string) => createHash('sha256').update(text).digest('hex'),
};

interface LifeOptions {
  execute(ctx: StepContext): Promise<Outcome>;
  awake?: AwakeClock;
}

/** One life of a host on the data folder of the test. */
async function live({ execute, awake }: LifeOptions): Promise<{ engine: Engine; store: Store; end(): Promise<void> }> {
  const kind: StepKind = {
    manifest: transformStep.manifest,
    validate: () => undefined,
    execute: (_config, ctx) => execute(ctx),
  };
  const kinds = new Map([['test', kind]]);
  const store = await openStore({ dataDir, driver: betterSqlite3, clock: Date.now, fold: foldRun });
  const dispatcher = createDispatcher({
    kinds,
    http: () => Promise.reject(new Error('It reaches nothing')),
    clock: Date.now,
    log: () => undefined,
    ...(awake ? { awakeMs: awake.ms } : {}),
  });
  const engine = createEngine({
    store,
    dispatcher,
    kinds,
    clock: Date.now,
    random,
    ...(awake ? { awake } : {}),
  });
  await engine.start();
  return {
    engine,
    store,
    end: async () => {
      await engine.stop();
      await store.close();
    },
  };
}

const start = (engine: Engine, retry: object) =>
  engine.startRun({
    document: documentOf({ a: step({ retry }) }),
    version: 'v1',
    input: null,
    env: {},
    by: 'person:ada',
    commandId: 'start-of-this-test',
  });

test('what a silent attempt said last is given to the next one', async () => {
  const given: unknown[] = [];
  const { engine, end } = await live({
    async execute(ctx) {
      given.push(ctx.lastHeartbeat);
      if (ctx.attempt === 2) return { ok: true, output: ctx.lastHeartbeat };
      ctx.heartbeat({ page: 3 });
      return new Promise(() => undefined);
    },
  });
  const retry = { retriers: [{ errors: ['timeout:heartbeat'], intervalMs: 0, maxRetries: 1 }], heartbeatTimeoutMs: 50 };
  const { runId } = await start(engine, retry);
  const state = await engine.settled(runId, 60_000);
  expect(state).toMatchObject({ word: 'complete', output: { page: 3 } });
  expect(state.steps['a']?.attempts[0]?.error).toMatchObject({ class: 'timeout', code: 'heartbeat' });
  expect(given).toEqual([undefined, { page: 3 }]);
  await end();
});

test('a heartbeat that was recorded is there for the life after a crash', async () => {
  const first = await live({
    execute(ctx) {
      ctx.heartbeat({ page: 7 });
      return new Promise(() => undefined);
    },
  });
  const { runId } = await start(first.engine, {});
  await new Promise<void>((resolve) => {
    first.engine.onEvents((_runId, events) => {
      if (events.some((event) => event.type === 'heartbeat_recorded')) resolve();
    });
  });
  // The attempt is still running: for the journal this is the same as a crash.
  await first.end();

  const second = await live({ execute: async (ctx) => ({ ok: true, output: ctx.lastHeartbeat }) });
  const state = await second.engine.settled(runId, 60_000);
  expect(state).toMatchObject({ word: 'complete', output: { page: 7 }, repeated: 1 });
  await second.end();
});

test('the awake time of a folder counts on in the next life, without the time nobody ran', async () => {
  let monotonicMs = 0;
  const clockOf = () =>
    createAwakeClock({ clock: Date.now, monotonic: () => monotonicMs, every: () => () => undefined });
  const execute = async (): Promise<Outcome> => {
    monotonicMs += 1_400;
    return { ok: true, output: 1 };
  };
  const first = await live({ awake: clockOf(), execute });
  const { runId } = await start(first.engine, {});
  await first.engine.settled(runId, 60_000);
  await first.end();
  monotonicMs += 500_000;
  const second = await live({ awake: clockOf(), execute });
  expect(await second.store.setting('awake')).toMatchObject({ totalMs: 1_400 });
  const again = await second.engine.startRun({
    document: documentOf({ a: step() }),
    version: 'v1',
    input: null,
    env: {},
    by: 'person:ada',
    commandId: 'second-start-of-this-test',
  });
  const view = await second.engine.read(again.runId);
  await second.engine.settled(again.runId, 60_000);
  expect(view?.events.find((event) => event.type === 'attempt_started')).toMatchObject({ awakeMs: 1_400 });
  await second.end();
});
