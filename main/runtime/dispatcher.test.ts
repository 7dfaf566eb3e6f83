// The dispatcher with step kinds that behave badly in every way one can: it must always give an outcome, in time, and never
// claim that nothing was sent when something may have been.

import { describe, expect, test } from 'vitest';
import type { HttpResponse, Outcome, StepContext, StepKind } from '../steps/kind.ts';
import { StepFailure } from '../steps/kind.ts';
import { transformStep } from '../steps/transform/execute.ts';
import type { DispatcherOptions, Task } from './dispatcher.ts';
import { createDispatcher } from './dispatcher.ts';

function kindOf(execute: (config: Record<string, unknown>, ctx: StepContext) => Promise<Outcome>): StepKind {
  return { manifest: transformStep.manifest, validate: () => undefined, execute };
}

type Execute = Parameters<typeof kindOf>[0];

function run(
  execute: Execute,
  task: Partial<Task> = {},
  options: Partial<DispatcherOptions> = {},
  signal = new AbortController().signal,
): Promise<Outcome> {
  const dispatcher = createDispatcher({
    kinds: new Map([['x', kindOf(execute)]]),
    http: async () => answer,
    clock: () => 1_000,
    log: () => undefined,
    graceMs: 40,
    ...options,
  });
  return dispatcher.execute({ ...baseTask, ...task }, signal);
}

const answer: HttpResponse = { status: 200, headers: {}, body: null };
const baseTask: Task = {
  runId: 'run_1',
  stepKey: 's',
  kind: 'x',
  config: {},
  attempt: 1,
  effect: { class: 'once', generation: 0 },
};
const never = (): Promise<never> => new Promise(() => undefined);

describe('what a step throws', () => {
  test('a StepFailure is its error', async () => {
    const outcome = await run(async () => {
      throw new StepFailure({ class: 'refused', code: '404', message: 'No such order.' }, true);
    });
    expect(outcome).toEqual({
      ok: false,
      sent: true,
      error: { class: 'refused', code: '404', message: 'No such order.' },
    });
  });

  test('anything else is class code, one sentence, no stack', async () => {
    const outcome = await run(async () => {
      throw new TypeError('x is not a function\n    at secret.ts:1');
    });
    expect(outcome).toMatchObject({
      ok: false,
      error: { class: 'code', code: 'TypeError', message: 'x is not a function.' },
    });
    expect(await run(() => Promise.reject('text'))).toMatchObject({
      ok: false,
      error: { class: 'code', code: 'thrown' },
    });
    const throwsAtOnce = () => {
      throw new Error('at once');
    };
    expect(await run(throwsAtOnce)).toMatchObject({ ok: false, error: { class: 'code', message: 'at once.' } });
  });

  test('an unknown kind and a config that cannot run are outcomes, and nothing was sent', async () => {
    expect(await run(never, { kind: 'y' })).toMatchObject({ ok: false, sent: false, error: { code: 'unknown_kind' } });
    const refusing: StepKind = { ...kindOf(never), validate: () => ({ message: 'Address: empty.', pointer: '/url' }) };
    expect(await run(never, {}, { kinds: new Map([['x', refusing]]) })).toEqual({
      ok: false,
      sent: false,
      error: { class: 'invalid_output', code: 'config', message: 'Address: empty. (/url)' },
    });
  });
});

describe('what a step gives', () => {
  test('a result that is not JSON is refused, an absent one is null', async () => {
    expect(await run(async () => ({ ok: true, output: { f: () => 1 } }))).toMatchObject({
      ok: false,
      error: { class: 'invalid_output', code: 'not_json' },
    });
    expect(await run(async () => ({ ok: true, output: 10n, costMicros: 5 }))).toMatchObject({
      ok: false,
      costMicros: 5,
    });
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    expect(await run(async () => ({ ok: true, output: cyclic }))).toMatchObject({
      ok: false,
      error: { code: 'not_json' },
    });
    expect(
      await run(async () => ({ ok: true, output: undefined, ports: ['a'], details: { at: new Date(0) } })),
    ).toEqual({
      ok: true,
      output: null,
      ports: ['a'],
      details: { at: '1970-01-01T00:00:00.000Z' },
    });
    expect(await run(async () => ({ suspend: true, dueAt: 5, output: null }))).toEqual({
      suspend: true,
      dueAt: 5,
      output: null,
    });
    expect(await run(async () => ({ suspend: true, dueAt: Number.NaN, output: null }))).toMatchObject({ ok: false });
  });

  test('the context carries who, when and the key', async () => {
    const outcome = await run(
      async (_config, ctx) => ({ ok: true, output: [ctx.runId, ctx.step, ctx.attempt, ctx.now(), ctx.effect.key] }),
      { effect: { class: 'idempotent', key: 'k1', generation: 2 }, attempt: 3 },
    );
    expect(outcome).toMatchObject({ ok: true, output: ['run_1', 's', 3, 1_000, 'k1'] });
  });
});

describe('time', () => {
  test('a step that ignores its abort is abandoned, as possibly sent', async () => {
    const outcome = await run(never, { attemptTimeoutMs: 20 });
    expect(outcome).toMatchObject({
      ok: false,
      sent: true,
      error: { class: 'timeout', message: expect.stringContaining('20 ms') },
    });
    expect(await run(never, { attemptTimeoutMs: 20, effect: { class: 'read', generation: 0 } })).toMatchObject({
      sent: false,
    });
  });

  test('a step that minds its abort says whether anything left', async () => {
    const http: DispatcherOptions['http'] = (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new StepFailure({ class: 'timeout', message: 'Slow.' }, false)));
      });
    const call: Execute = async (_config, ctx) => ({
      ok: true,
      output: (await ctx.http({ method: 'POST', url: 'x' })).body,
    });
    expect(await run(call, { attemptTimeoutMs: 20 }, { http })).toMatchObject({
      sent: false,
      error: { class: 'timeout' },
    });
  });

  test('a result that arrives while tidying up counts', async () => {
    const late: Execute = (_config, ctx) =>
      new Promise((resolve) => {
        ctx.signal.addEventListener('abort', () => setTimeout(() => resolve({ ok: true, output: 'late' }), 5));
      });
    expect(await run(late, { attemptTimeoutMs: 10 })).toMatchObject({ ok: true, output: 'late' });
  });

  test('cancelling ends the attempt, also before it began', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 10);
    expect(await run(never, {}, {}, abort.signal)).toMatchObject({ ok: false, error: { class: 'cancelled' } });
    let began = false;
    const step: Execute = async () => {
      began = true;
      return { ok: true, output: 1 };
    };
    expect(await run(step, {}, {}, abort.signal)).toMatchObject({ sent: false, error: { class: 'cancelled' } });
    expect(began).toBe(false);
  });

  test('a time limit longer than a timer can hold does not fire at once', async () => {
    const step: Execute = () => new Promise((resolve) => setTimeout(() => resolve({ ok: true, output: 1 }), 20));
    expect(await run(step, { attemptTimeoutMs: 3_000_000_000 })).toMatchObject({ ok: true });
  });
});

describe('whether anything was sent', () => {
  const refusedConnection = new StepFailure(
    { class: 'not_sent', code: 'ECONNREFUSED', message: 'Not reached.' },
    false,
  );

  test('a step cannot claim not_sent after a call that left', async () => {
    const step: Execute = async (_config, ctx) => {
      await ctx.http({ method: 'POST', url: 'x' });
      throw refusedConnection;
    };
    expect(await run(step)).toMatchObject({ sent: true, error: { class: 'unavailable', code: 'ECONNREFUSED' } });
  });

  test('not_sent stands when no call left', async () => {
    const step: Execute = async (_config, ctx) => ({
      ok: true,
      output: (await ctx.http({ method: 'POST', url: 'x' })).body,
    });
    const http = () => Promise.reject(refusedConnection);
    expect(await run(step, {}, { http })).toMatchObject({ sent: false, error: { class: 'not_sent' } });
  });

  test('a fault after a call counts as sent, a fault of a calculation does not', async () => {
    const step: Execute = async (_config, ctx) => {
      await ctx.http({ method: 'POST', url: 'x' });
      throw new Error('after');
    };
    expect(await run(step)).toMatchObject({ sent: true, error: { class: 'code' } });
    const fault: Execute = () => Promise.reject(new Error('sum'));
    expect(await run(fault, { effect: { class: 'pure', generation: 0 } })).toMatchObject({ sent: false });
  });
});

describe('places', () => {
  test('no more than the limit run, in the order they came, and a cancelled one gives up its turn', async () => {
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const step: Execute = async (config) => {
      order.push(Number(config['n']));
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return { ok: true, output: null };
    };
    const dispatcher = createDispatcher({
      kinds: new Map([['x', kindOf(step)]]),
      http: async () => answer,
      clock: () => 0,
      log: () => undefined,
      maxRunning: 3,
    });
    const aborts = Array.from({ length: 12 }, () => new AbortController());
    const all = aborts.map((abort, n) => dispatcher.execute({ ...baseTask, config: { n } }, abort.signal));
    expect(dispatcher.load()).toEqual({ running: 3, queued: 9, places: 3 });
    aborts[5]?.abort();
    const outcomes = await Promise.all(all);
    expect(most).toBe(3);
    expect(order).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]);
    expect(outcomes[5]).toMatchObject({ ok: false, sent: false, error: { class: 'cancelled' } });
    expect(dispatcher.load()).toMatchObject({ running: 0, queued: 0 });
  });
});
