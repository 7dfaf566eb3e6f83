/** What is evaluated before a decision: configs with values, planned requests, the stored request of a repeat, checks. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok } from '../../test/harness/core.ts';
import { graphOf, step, type StepInput } from '../../test/harness/graph.ts';
import type { Graph } from '../../shared/workflow/graph.ts';
import type { RunState } from '../../shared/run/state.ts';
import { stepKinds } from '../steps/index.ts';
import { checkOutput, prepareAttempt, scopeOf } from './prepare.ts';

const post = (config: object, patch: Partial<StepInput> = {}): StepInput => ({
  kind: 'http',
  effect: 'idempotent',
  config: { method: 'POST', url: 'sandbox://payments/refunds', ...config },
  ...patch,
});
const owner = 'role:lead';

/** The state of a run in which `a` ended with this output, and `pay` is about to begin. */
function stateAfter(graph: Graph, output: unknown, input: unknown = { id: 7 }): RunState {
  const core = coreDriver(graph, {
    // `pay` waits behind a refusal, so that the state is the one before its first attempt.
    prepare: (node) => (node.id === 'a' ? { config: {} } : { class: 'refused', message: 'Not yet' }),
  });
  core.start(input);
  core.finish('a', ok(output));
  return core.state();
}

const prepare = (graph: Graph, state: RunState, key = 'pay') =>
  prepareAttempt(state, key, { graph, kinds: stepKinds, digest: (text) => `digest of ${text.length}` });

test('A compensation reads the request, the response and the output of the change that it undoes', async () => {
  const body = { was: '{{ request.for }}', id: '{{ response.id }}', of: '{{ output }}' };
  const { kind, config } = post({ body });
  const graph = graphOf({
    pay: post({}, { gates: { after: { owner } }, compensate: { kind, effect: 'idempotent', config: config ?? {} } }),
  });
  let asked = 0;
  const core = coreDriver(graph, {
    script: { pay: [ok('first', { response: { id: 1 } }), ok('second', { response: { id: 2 } })] },
    // Nothing is undone yet: what is asked for here is the config of its first attempt.
    prepare: (node) =>
      node.id === 'pay'
        ? { config: {}, plan: { target: 'POST test://pay', request: { for: 'order 7', nth: (asked += 1) } } }
        : { class: 'refused', message: 'Not yet' },
  });
  core.start();
  core.drive();
  core.decide('pay', 'send_back', { reason: 'Wrong amount' });
  core.drive();
  core.decide('pay', 'approve');
  core.turn({ type: 'rollback_run', by: owner });
  const state = core.state();
  const [first, second] = Object.values(state.effects);
  if (!first || !second) throw new Error('There are two changes');
  expect(await prepare(graph, state, 'pay!undo')).toMatchObject({
    prepared: { config: { body: { was: 'order 7', id: 2, of: 'second' } } },
  });
  const effects = { [first.key]: first, [second.key]: { ...second, status: 'rolled_back' as const } };
  expect(await prepare(graph, { ...state, effects }, 'pay!undo')).toMatchObject({
    prepared: { config: { body: { was: 'order 7', id: 1, of: 'first' } } },
  });
});

describe('A step about to begin', () => {
  test('gets its config with the values of the input and of earlier steps, types kept', async () => {
    const body = { order: '{{ input.id }}', sum: '{{ $steps.a.output.sum }}', text: 'Order {{ input.id }}' };
    const graph = graphOf({ a: step(), pay: post({ body }) }, [['a', 'pay']]);
    expect(await prepare(graph, stateAfter(graph, { sum: 12.5 }))).toEqual({
      type: 'begin_attempt',
      step: 'pay',
      prepared: {
        config: {
          method: 'POST',
          url: 'sandbox://payments/refunds',
          body: { order: 7, sum: 12.5, text: 'Order 7' },
        },
        plan: {
          target: 'POST sandbox://payments/refunds',
          request: expect.objectContaining({ body: { order: 7, sum: 12.5, text: 'Order 7' } }),
        },
        dependency: 'sandbox://payments',
      },
    });
  });

  test('plans no request when it only reads', async () => {
    const graph = graphOf({ a: step(), pay: post({ method: 'GET' }, { effect: 'read' }) }, [['a', 'pay']]);
    const command = await prepare(graph, stateAfter(graph, null));
    expect(command.type === 'begin_attempt' && command.prepared).not.toHaveProperty('plan');
  });

  test('is refused when a value is missing, with the class invalid_output and the place', async () => {
    const graph = graphOf({ a: step(), pay: post({ body: { sum: '{{ $steps.a.output.total }}' } }) }, [['a', 'pay']]);
    const command = await prepare(graph, stateAfter(graph, { sum: 1 }));
    expect(command).toMatchObject({ type: 'refuse_attempt', step: 'pay', error: { class: 'invalid_output' } });
    expect(command.type === 'refuse_attempt' && command.error.message).toContain('$steps.a.output.total');
  });

  test('is refused when the filled config cannot be executed', async () => {
    const graph = graphOf({ a: step(), pay: post({ method: '{{ $steps.a.output }}' }) }, [['a', 'pay']]);
    expect(await prepare(graph, stateAfter(graph, 'STEAL'))).toMatchObject({
      type: 'refuse_attempt',
      error: { class: 'invalid_output', code: 'config' },
    });
  });

  test('is refused when this version has no such kind, or no such step', async () => {
    const graph = graphOf({ a: step(), pay: step({ kind: 'fax' }) }, [['a', 'pay']]);
    const state = stateAfter(graph, null);
    for (const [key, name] of [
      ['pay', 'fax'],
      ['gone', 'gone'],
    ] as const) {
      expect(await prepare(graph, state, key)).toEqual({
        type: 'refuse_attempt',
        step: key,
        error: { class: 'code', code: 'unknown_kind', message: `This version of Holdfast has no step kind "${name}"` },
      });
    }
  });

  test('brings the values of its gate: what cannot be evaluated has no value, and the gate then asks', async () => {
    const conditions = [
      { expression: 'request.body.sum > 100' },
      { confidenceBelow: 0.5 },
      { expression: '$nonsense(' },
    ];
    const gates = { before: { owner, when: { any: conditions }, confidence: '$steps.a.output.confidence' } };
    const graph = graphOf({ a: step(), pay: post({ body: { sum: 150 } }, { gates }) }, [['a', 'pay']]);
    const command = await prepare(graph, stateAfter(graph, { confidence: 0.7 }));
    expect(command.type === 'begin_attempt' && command.prepared.gate).toEqual({
      confidence: 0.7,
      expressions: [true, undefined, undefined],
    });
  });

  test('evaluates nothing for a gate that always asks', async () => {
    const graph = graphOf({ a: step(), pay: post({}, { gates: { before: { owner } } }) }, [['a', 'pay']]);
    const command = await prepare(graph, stateAfter(graph, null));
    expect(command.type === 'begin_attempt' && command.prepared.gate).toEqual({
      confidence: undefined,
      expressions: [],
    });
  });
});

describe('What was announced is what is sent', () => {
  test('an approved request runs as it was approved or edited, whatever the expressions say now', async () => {
    const graph = graphOf({ pay: post({ body: { sum: '{{ input.sum }}' } }, { gates: { before: { owner } } }) });
    const core = coreDriver(graph, { prepare: () => ({ config: { method: 'POST', url: 'sandbox://a/b', body: 1 } }) });
    core.start({ sum: 5 });
    const edited = { method: 'POST', url: 'sandbox://payments/refunds', body: { sum: 4 } };
    core.decide('pay', 'edit', { value: edited });
    const state = { ...core.state(), effects: {} };
    const command = await prepare(graph, state);
    expect(command.type === 'begin_attempt' && command.prepared).toMatchObject({ config: edited });
    expect(command.type === 'begin_attempt' && command.prepared).not.toHaveProperty('gate');
  });

  test('a repeat of an announced effect uses the config of its first attempt', async () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 1_000, maxRetries: 2 }] };
    const graph = graphOf({ pay: post({ body: { sum: '{{ input.sum }}' } }, { retry }) });
    const sent = { method: 'POST', url: 'sandbox://payments/refunds', body: { sum: 5 } };
    const core = coreDriver(graph, { prepare: () => ({ config: sent }) });
    core.start({ sum: 99 });
    core.finish('pay', failure('timeout'));
    const command = await prepare(graph, core.state());
    expect(command.type === 'begin_attempt' && command.prepared.config).toEqual(sent);
  });

  test('after a send back the expressions are evaluated again, with the comment', async () => {
    const gates = { after: { owner } };
    const graph = graphOf({ pay: post({ body: { note: '{{ $review.comment }}' } }, { gates }) });
    const core = coreDriver(graph, {
      prepare: (_node, state) =>
        state.steps['pay']?.review ? { class: 'refused', message: 'Not yet' } : { config: { first: true } },
    });
    core.start();
    core.finish('pay', ok());
    core.decide('pay', 'send_back', { reason: 'Too much' });
    const command = await prepare(graph, core.state());
    expect(command.type === 'begin_attempt' && command.prepared.config['body']).toEqual({ note: 'Too much' });
  });
});

describe('What an expression sees', () => {
  test('is the output of confirmed steps, the error of failed ones, and nothing of the others', () => {
    const graph = graphOf(
      { a: step(), bad: step(), plan: step(), later: step() },
      [
        ['bad:failed', 'plan'],
        ['plan', 'later'],
      ],
      { settings: { onFailure: 'fail' } },
    );
    const core = coreDriver(graph);
    core.start({ id: 1 });
    core.finish('a', ok('A'));
    core.finish('bad', failure('refused:404'));
    const scope = scopeOf(core.state(), 'later');
    expect(scope).toMatchObject({ input: { id: 1 }, env: {}, run: { id: 'run_test' } });
    expect(scope.steps).toEqual({
      a: { output: 'A' },
      bad: { error: { class: 'refused', code: '404', message: 'It was refused' } },
    });
    expect(scope).not.toHaveProperty('review');
  });
});

describe('An output about to be confirmed', () => {
  const check = (patch: Partial<StepInput>, output: unknown) => {
    const graph = graphOf({ a: step(patch) });
    const core = coreDriver(graph);
    core.start({ limit: 10 });
    return checkOutput(core.state(), 'a', output, graph);
  };

  test.each([
    ['output.sum <= input.limit', { sum: 10 }, true],
    ['output.sum <= input.limit', { sum: 11 }, false],
    ['output.sum', { sum: 1 }, false],
    ['output.nothing', {}, false],
    ['$broken(', {}, false],
    ['{{ output.ok }}', { ok: true }, true],
  ])('counts as done by %s for %j: %s', async (doneWhen, output, holds) => {
    expect(await check({ doneWhen }, output)).toEqual({ doneWhen: { holds, expression: doneWhen } });
  });

  test('brings the confidence that the gate asks for, by default output.confidence', async () => {
    const when = { any: [{ confidenceBelow: 0.8 }] };
    expect(await check({ gates: { after: { owner, when } } }, { confidence: 0.6 })).toEqual({
      gate: { confidence: 0.6, expressions: [undefined] },
    });
    expect(await check({ gates: { after: { owner, when, confidence: 'output.p' } } }, { p: 0.9 })).toMatchObject({
      gate: { confidence: 0.9 },
    });
    expect(await check({ gates: { after: { owner, when } } }, 'no confidence')).toMatchObject({
      gate: { confidence: undefined },
    });
  });

  test('has nothing to check in a plain step, or in one that is unknown', async () => {
    expect(await check({}, 1)).toEqual({});
    const graph = graphOf({ a: step() });
    const core = coreDriver(graph);
    core.start();
    expect(await checkOutput(core.state(), 'gone', 1, graph)).toEqual({});
  });
});
