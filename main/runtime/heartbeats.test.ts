// Heartbeats between a step and the journal: the dispatcher's watch over them and the coalescing before they are written.

import { expect, test } from 'vitest';
import type { Outcome, StepContext } from '../steps/kind.ts';
import { transformStep } from '../steps/transform/execute.ts';
import { createDispatcher, type Task } from './dispatcher.ts';
import { createHeartbeats } from './heartbeats.ts';
import type { Scheduler } from './scheduler.ts';

/** Time that goes on only when it is told to. */
function playedTime() {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  const scheduler: Scheduler = {
    set(run, delayMs) {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return timer;
    },
    clear: (timer) => void (timers = timers.filter((one) => one !== timer)),
    soon: (run) => void setImmediate(run),
  };
  return {
    scheduler,
    pending: () => timers.length,
    async pass(ms: number): Promise<void> {
      const until = now + ms;
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at);
        if (!next) break;
        now = next.at;
        scheduler.clear(next);
        next.run();
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = until;
    },
    now: () => now,
  };
}

function attempt(
  execute: (ctx: StepContext) => Promise<Outcome>,
  task: Partial<Task> = {},
  options: { awakeMs?: () => number; time?: ReturnType<typeof playedTime> } = {},
) {
  const time = options.time ?? playedTime();
  const beats: unknown[] = [];
  const dispatcher = createDispatcher({
    kinds: new Map([
      ['x', { manifest: transformStep.manifest, validate: () => undefined, execute: (_config, ctx) => execute(ctx) }],
    ]),
    http: async (_request, _signal, received) => {
      received?.(10);
      return { status: 200, headers: {}, body: null };
    },
    clock: time.now,
    log: () => undefined,
    graceMs: 40,
    scheduler: time.scheduler,
    ...(options.awakeMs ? { awakeMs: options.awakeMs } : {}),
  });
  const base: Task = {
    runId: 'r',
    stepKey: 's',
    kind: 'x',
    config: {},
    attempt: 1,
    effect: { class: 'read', generation: 1 },
  };
  const outcome = dispatcher.execute({ ...base, ...task }, new AbortController().signal, (payload) =>
    beats.push(payload),
  );
  return { time, beats, outcome };
}

const forever = (): Promise<never> => new Promise(() => undefined);

test('an attempt that gives no sign of life is ended, however long its own limit is', async () => {
  const { time, outcome } = attempt(forever, { heartbeatTimeoutMs: 1_000, attemptTimeoutMs: 60_000 });
  await new Promise((resolve) => setImmediate(resolve));
  await time.pass(1_100);
  expect(await outcome).toEqual({
    ok: false,
    sent: false,
    error: { class: 'timeout', code: 'heartbeat', message: 'The step gave no sign of life for 1000 ms.' },
  });
  expect(time.pending()).toBe(0);
});

test('every heartbeat gives it that time again, and the last one is its own', async () => {
  let beat: StepContext['heartbeat'] = () => undefined;
  const { time, beats, outcome } = attempt(
    (ctx) => {
      beat = ctx.heartbeat;
      return forever();
    },
    { heartbeatTimeoutMs: 1_000, attemptTimeoutMs: 5_000 },
  );
  await new Promise((resolve) => setImmediate(resolve));
  for (let page = 1; page <= 5; page += 1) {
    await time.pass(900);
    beat({ page });
  }
  beat();
  expect(beats).toEqual([{ page: 1 }, { page: 2 }, { page: 3 }, { page: 4 }, { page: 5 }, undefined]);
  await time.pass(1_000);
  expect(await outcome).toMatchObject({
    ok: false,
    error: { class: 'timeout', message: 'The step did not finish within 5000 ms.' },
  });
  beat({ page: 6 });
  expect(beats).toHaveLength(6);
});

test('neither limit counts what the machine slept', async () => {
  const time = playedTime();
  let asleepMs = 0;
  const { outcome } = attempt(
    forever,
    { heartbeatTimeoutMs: 4_000, attemptTimeoutMs: 6_000 },
    { time, awakeMs: () => time.now() - asleepMs },
  );
  let isOver = false;
  void outcome.then(() => (isOver = true));
  await new Promise((resolve) => setImmediate(resolve));
  await time.pass(1_000);
  asleepMs = 100_000;
  await time.pass(100_000);
  await time.pass(2_900);
  expect(isOver).toBe(false);
  await time.pass(200);
  expect(await outcome).toMatchObject({ ok: false, error: { class: 'timeout', code: 'heartbeat' } });
});

test('what comes over the network is a heartbeat, and the next attempt is given the last one', async () => {
  const { beats, outcome } = attempt(
    async (ctx) => {
      await ctx.http({ method: 'GET', url: 'https://a.example' }, (bytes) => ctx.heartbeat({ bytes }));
      return { ok: true, output: ctx.lastHeartbeat };
    },
    { lastHeartbeat: { page: 7 } },
  );
  expect(await outcome).toEqual({ ok: true, output: { page: 7 } });
  expect(beats).toEqual([{ bytes: 10 }]);
});

test.each([
  ['x'.repeat(8_000), 'The heartbeat has 8002 characters; at most 8000 are kept.'],
  [() => 1, 'The heartbeat is a function, not a value.'],
])('a heartbeat nobody could keep fails the attempt with a sentence', async (payload, message) => {
  const { beats, outcome } = attempt(async (ctx) => {
    ctx.heartbeat(payload);
    return { ok: true, output: 1 };
  });
  expect(await outcome).toMatchObject({ ok: false, error: { class: 'invalid_output', code: 'heartbeat', message } });
  expect(beats).toEqual([]);
});

test('many heartbeats become one record after a while, the latest one', async () => {
  const time = playedTime();
  const recorded: unknown[] = [];
  const heartbeats = createHeartbeats((step, payload) => recorded.push([step, payload]), time.scheduler);
  for (let page = 1; page <= 50; page += 1) heartbeats.beat('a', { page });
  heartbeats.beat('a', undefined);
  heartbeats.beat('b', 1);
  expect(recorded).toEqual([]);
  await time.pass(3_000);
  expect(recorded).toEqual([
    ['a', { page: 50 }],
    ['b', 1],
  ]);
  heartbeats.beat('a', { page: 51 });
  expect(heartbeats.end('a')).toEqual({ page: 51 });
  expect(heartbeats.end('a')).toBeUndefined();
  heartbeats.beat('b', 2);
  heartbeats.stop();
  expect(time.pending()).toBe(0);
  expect(recorded).toHaveLength(2);
});
