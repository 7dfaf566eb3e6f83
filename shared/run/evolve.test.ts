/** The fold: what every event means, that it never throws, and that it never changes a state it was given. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cases } from '../../test/harness/size.ts';
import { coreDriver, failure, ok } from '../../test/harness/core.ts';
import { deepFreeze } from '../../test/harness/fates.ts';
import { graphOf, step } from '../../test/harness/graph.ts';
import { errorClasses } from './errors.ts';
import { taskAnswers, type RunEvent, type RunEventBody, type RunEventType } from './events.ts';
import { initialState } from './changes.ts';
import { evolve, foldRun } from './evolve.ts';

const fold = (...bodies: (RunEventBody & { lazy?: boolean })[]) =>
  foldRun(bodies.map((body, index): RunEvent => ({ ...body, runId: 'run', seq: index + 1, at: 100 + index })));

const started: RunEventBody = {
  type: 'run_started',
  workflowId: 'wf',
  workflowName: 'Refund',
  version: 'v1',
  owner: 'role:lead',
  input: { id: 1 },
  env: { region: 'eu' },
  by: 'person:ada',
};
const begun: RunEventBody = { type: 'attempt_started', step: 'a', attempt: 1, config: { x: 1 } };
const intended: RunEventBody = {
  type: 'effect_intended',
  step: 'a',
  attempt: 1,
  key: 'k1',
  ordinal: 1,
  generation: 1,
  class: 'once',
  target: 'POST x',
  requestDigest: 'd',
};

describe('Folding', () => {
  test('nothing gives nothing', () => {
    expect(foldRun([])).toBeUndefined();
  });

  test('the start gives the run its identity', () => {
    expect(fold(started)).toMatchObject({
      runId: 'run',
      workflowId: 'wf',
      version: 'v1',
      input: { id: 1 },
      env: { region: 'eu' },
      startedAt: 100,
      word: 'started',
      lastSeq: 1,
      savedSeq: 1,
    });
    expect(fold(started)).not.toHaveProperty('key');
    expect(fold({ ...started, key: 'order-7' })?.key).toBe('order-7');
  });

  test('attempts add up cost and tokens, of the failed ones too', () => {
    const usage = { inputTokens: 10, outputTokens: 2 };
    const state = fold(
      started,
      begun,
      {
        type: 'attempt_failed',
        step: 'a',
        attempt: 1,
        error: { class: 'timeout', message: 'No' },
        costMicros: 5,
        usage,
      },
      { ...begun, attempt: 2 },
      {
        type: 'attempt_succeeded',
        step: 'a',
        attempt: 2,
        output: 1,
        ports: ['out'],
        usage,
        details: { model: 'demo' },
      },
    );
    expect(state).toMatchObject({ costMicros: 5, usage: { inputTokens: 20, outputTokens: 4 } });
    expect(state?.steps['a']?.attempts).toEqual([
      {
        attempt: 1,
        startedAt: 101,
        endedAt: 102,
        outcome: 'failed',
        error: { class: 'timeout', message: 'No' },
        costMicros: 5,
        usage,
      },
      {
        attempt: 2,
        startedAt: 103,
        endedAt: 104,
        outcome: 'succeeded',
        costMicros: 0,
        usage,
        details: { model: 'demo' },
      },
    ]);
    expect(state?.steps['a']).toMatchObject({ firstStartedAt: 101 });
  });

  test('a success leaves no error behind', () => {
    const core = coreDriver(
      graphOf({ a: step({ retry: { retriers: [{ errors: ['*'], intervalMs: 0, maxRetries: 1 }] } }) }),
      {
        script: { a: [failure('timeout'), ok()] },
      },
    );
    core.start();
    core.drive();
    expect(core.step('a')).not.toHaveProperty('error');
    expect(core.step('a').attempts[0]?.error?.class).toBe('timeout');
  });

  test('an effect is kept from intent to settlement, with what it undoes', () => {
    const state = fold(started, begun, { ...intended, undoes: 'k0', request: { sum: 5 } });
    expect(state?.effects['k1']).toMatchObject({ undoes: 'k0', request: { sum: 5 }, attempts: 1, intendedAt: 102 });
    expect(fold(started, begun, intended)?.effects['k1']?.request).toBeNull();
  });

  test('retries are counted by retrier, also when an earlier one was never used', () => {
    const state = fold(started, begun, { type: 'retry_scheduled', step: 'a', dueAt: 9, delayMs: 1, retrier: 2 });
    expect(state?.steps['a']?.retries).toEqual([0, 0, 1]);
    expect(state?.steps['a']?.dueAt).toBe(9);
  });

  test.each<RunEventBody>([
    { type: 'effect_confirmed', step: 'a', key: 'nobody' },
    { type: 'effect_failed', step: 'a', key: 'nobody', sent: true, error: { class: 'code', message: 'x' } },
    { type: 'effect_in_doubt', step: 'a', key: 'constructor', message: 'x' },
    { type: 'effect_settled', step: 'a', key: 'nobody', happened: true, by: 'x' },
  ])('an effect nobody announced changes nothing: $type', (body) => {
    expect(fold(started, body)).toEqual({ ...fold(started), lastSeq: 2, savedSeq: 2 });
  });

  test('a send back without a comment is a new generation all the same', () => {
    const state = fold(started, begun, { type: 'gate_decided', step: 'a', taskId: 'x', answer: 'send_back', by: 'y' });
    expect(state?.steps['a']).toMatchObject({ generation: 2, sendBacks: 1, review: { comment: '', by: 'y' } });
  });

  test('a compensation of a change that is not known undoes nothing', () => {
    const state = fold(started, begun, intended, { type: 'step_confirmed', step: 'a!undo', ports: ['out'] });
    expect(state?.steps['a']?.status).toBe('running');
    expect(state?.steps['a!undo']?.status).toBe('confirmed');
    expect(state?.effects['k1']?.status).toBe('intended');
  });

  test('a decision about an unknown item is not kept as an item', () => {
    expect(fold(started, { type: 'gate_decided', step: 'a', taskId: 'x', answer: 'approve', by: 'y' })?.tasks).toEqual(
      {},
    );
  });

  test('a kind of event from a later version moves only the sequence number', () => {
    const later = { type: 'from_the_future', runId: 'run', seq: 2, at: 101 } as unknown as RunEvent;
    const before = fold(started);
    expect(evolve(before, later)).toEqual({ ...before, lastSeq: 2, savedSeq: 2 });
  });
});

// ── Any events in any order ───────────────────────────────────────────────────────────────────────────────────────

const key = fc.constantFrom('a', 'b', 'c#2', 'constructor', 'a[0]/b', 'a[0]/b[1]/c', 'a[0]/b[1]/c!undo');
const taskId = fc.constantFrom('t1', 't2', 'toString');
const effectKey = fc.constantFrom('k1', 'k2', 'valueOf');
const error = fc.record({ class: fc.constantFrom(...errorClasses), message: fc.string() });
const by = fc.constantFrom('person:ada', 'system');
const orderId = fc.constantFrom('o1', 'toString');
const small = fc.nat(5);
/** As it comes out of a journal: JSON knows no negative zero. */
const value = fc.jsonValue({ maxDepth: 2 }).map((found): unknown => JSON.parse(JSON.stringify(found)));
const ports = fc.subarray(['out', 'failed', 'rejected']);
const optional = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(shape, { requiredKeys: [] });

const limit = fc
  .tuple(
    fc.record({
      rule: fc.constant('/settings/budget/costMicros'),
      scope: fc.constant('run'),
      measure: fc.constant('costMicros'),
      limit: small,
      used: small,
      reserved: small,
    }),
    optional({ period: fc.constant('2026-11') }),
  )
  .map(([must, may]) => ({ ...must, ...may }));

const bodies: { [K in RunEventType]: fc.Arbitrary<object> } = {
  run_started: fc.constantFrom(started, {
    ...started,
    forkOf: { runId: 'o', step: 'a', startedBy: [], rounds: { visits: { c: 2 } } },
  }),
  step_copied: fc
    .tuple(
      fc.record({ step: key, output: value, ports, from: fc.constant({ runId: 'other', step: 'a' }) }),
      optional({ error, byRule: fc.constant(true), decidedBy: fc.constant(['person:ada']) }),
    )
    .map(([must, may]) => ({ ...must, ...may })),
  attempt_started: fc
    .tuple(
      fc.record({ step: key, attempt: small, config: fc.constant({}), repeated: fc.boolean() }),
      optional({
        awakeMs: small,
        dependency: fc.constantFrom('x', 'y'),
        reserved: fc.record({ costMicros: small, tokens: small }),
      }),
    )
    .map(([must, may]) => ({ ...must, ...may })),
  heartbeat_recorded: fc.record({ step: key, attempt: small, payload: value }),
  attempt_succeeded: fc.record({ step: key, attempt: small, output: value, ports }),
  attempt_failed: fc
    .tuple(fc.record({ step: key, attempt: small, error }), optional({ costMicros: small }))
    .map(([must, may]) => ({ ...must, ...may })),
  attempt_abandoned: fc.record({ step: key, attempt: small }),
  map_opened: fc.record({
    step: key,
    attempt: small,
    config: fc.record({ items: fc.array(value, { maxLength: 3 }) }),
    concurrency: small,
    tolerated: small,
  }),
  item_ended: fc
    .tuple(
      fc.record({ step: key, index: small }),
      optional({ output: value, error, stops: fc.constant(true as const) }),
    )
    .map(([must, may]) => ({ ...must, ...may })),
  loop_taken: fc
    .tuple(
      fc.record({ step: key, edge: key, iteration: small, visits: fc.dictionary(key, small) }),
      optional({ exits: fc.array(key), restarts: fc.array(key), forgets: fc.array(key) }),
    )
    .map(([must, may]) => ({ ...must, ...may })),
  retry_scheduled: fc.record({ step: key, dueAt: small, delayMs: small, retrier: small }),
  timer_set: fc.record({ step: key, attempt: small, dueAt: small, output: value }),
  child_started: fc
    .tuple(
      fc.record({ step: key, attempt: small, childId: effectKey, version: by }),
      optional({ undo: fc.constant(true) }),
    )
    .map(([must, may]) => ({ ...must, ...may })),
  child_changed: fc
    .tuple(
      fc.record({ step: key, word: fc.constantFrom('started', 'waiting', 'escalated') }),
      optional({ reason: fc.constantFrom('timer', 'review') }),
    )
    .map(([must, may]) => ({ ...must, ...may })),
  signal_awaited: fc
    .tuple(fc.record({ step: key, attempt: small, name: fc.constantFrom('go', 'stop') }), optional({ dueAt: small }))
    .map(([must, may]) => ({ ...must, ...may })),
  signal_received: fc.record({ id: fc.constantFrom('i1', 'i2'), name: fc.constantFrom('go', 'stop'), data: value, by }),
  signal_used: fc.record({ step: key, id: fc.constantFrom('i1', 'i2') }),
  effect_intended: fc
    .tuple(fc.record({ step: key, key: effectKey, attempt: small, generation: small }), optional({ request: value }))
    .map(([must, may]) => ({ ...intended, ...must, ...may })),
  effect_confirmed: fc.record({ step: key, key: effectKey, response: value }),
  effect_failed: fc.record({ step: key, key: effectKey, sent: fc.boolean(), error }),
  effect_partly_applied: fc.record({ step: key, key: effectKey, error, response: value }),
  effect_in_doubt: fc.record({ step: key, key: effectKey, message: fc.string() }),
  effect_settled: fc.record({ step: key, key: effectKey, happened: fc.boolean(), by }),
  gate_opened: fc.record({
    step: key,
    taskId,
    gate: fc.constantFrom('before', 'after'),
    owner: by,
    causes: fc.constant([]),
    allow: fc.subarray([...taskAnswers]),
    shown: value,
    digest: fc.string(),
    awakeMs: small,
  }),
  gate_approved: fc.record({ step: key, taskId, by, verified: fc.boolean() }),
  gate_edited: fc
    .tuple(
      fc.record({ step: key, taskId, by, verified: fc.boolean(), value, digest: fc.string() }),
      optional({ reason: fc.string() }),
    )
    .map(([must, may]) => ({ ...must, ...may })),
  gate_decided: fc.record({
    step: key,
    taskId,
    answer: fc.constantFrom('approve', 'edit', 'reject', 'send_back'),
    by,
    value: fc.option(value, { nil: undefined }),
  }),
  escalation_opened: fc.record({
    step: key,
    taskId,
    on: fc.constantFrom('in_doubt', 'retries_exhausted'),
    owner: by,
    message: fc.string(),
    allow: fc.subarray([...taskAnswers]),
    pausesRun: fc.boolean(),
    isWait: fc.boolean(),
    limit,
  }),
  dependency_waited: fc.record({ step: key, dependency: fc.constantFrom('x', 'y'), until: small }),
  dependency_resumed: fc.record({ step: key, dependency: fc.constantFrom('x', 'y') }),
  budget_warning: fc.tuple(limit, fc.record({ step: key })).map(([must, may]) => ({ ...must, ...may })),
  wait_limited: fc.record({ step: key, dueAt: small, rule: fc.constant('/settings/escalation/0') }),
  task_escalated: fc
    .tuple(fc.record({ step: key, taskId, rung: small, owner: by }), optional({ dueAt: small }))
    .map(([must, may]) => ({ ...must, ...may })),
  escalation_decided: fc.record({
    step: key,
    taskId,
    answer: fc.constantFrom(...taskAnswers),
    by,
    value: fc.oneof(small, value),
  }),
  step_confirmed: fc.record({ step: key, ports }),
  step_skipped: fc.record({ step: key }),
  step_failed: fc.record({ step: key, error, ports }),
  cancel_requested: fc.record({ by }),
  run_paused: fc.record({ by }),
  run_resumed: fc.record({ by }),
  run_reopened: fc.record({ by, step: key }),
  step_supplied: fc.record({ step: key, by, verified: fc.boolean(), output: value, ports }),
  rollback_started: fc.record({ by }),
  undo_ordered: fc.record({
    id: orderId,
    steps: fc.uniqueArray(key, { maxLength: 3 }),
    because: fc.constant('checkpoint'),
    by,
    then: fc.constant({ type: 'reset' }),
  }),
  undo_finished: fc.record({ id: orderId, kept: fc.constant([]) }),
  steps_reset: fc
    .tuple(
      fc.record({ steps: fc.uniqueArray(key, { maxLength: 3 }), because: fc.constant('retry'), by }),
      optional({ review: fc.record({ step: key, comment: fc.string() }) }),
    )
    .map(([must, may]) => ({ ...must, ...may })),
  run_rolled_back: fc.constant({}),
  run_confirmed: fc.constant({}),
  run_completed: fc.record({ output: value }),
  run_failed: fc.record({ reason: fc.string(), openEffects: small }),
};

const anyEvent: fc.Arbitrary<RunEventBody & { lazy?: true }> = fc
  .constantFrom(...(Object.keys(bodies) as RunEventType[]))
  .chain((type) => fc.tuple(fc.constant(type), bodies[type], fc.boolean()))
  .map(([type, body, lazy]) => ({ ...body, type, ...(lazy ? { lazy: true } : {}) }) as RunEventBody & { lazy?: true });

const numRuns = cases(1_000);

test('any events in any order are folded without a throw, and no state is changed after it was given', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), (sequence) => {
      let state = deepFreeze(initialState('run', 0));
      for (const [index, body] of sequence.entries()) {
        const event = deepFreeze({ ...body, runId: 'run', seq: index + 1, at: index } as RunEvent);
        state = deepFreeze(evolve(state, event));
        expect(state.lastSeq).toBe(index + 1);
        expect(state.record.at(-1)?.word).toBe(state.word);
        expect(state.active).toBe(
          Object.values(state.steps).filter((one) => one.status === 'running' || one.status === 'child').length,
        );
        for (const one of Object.values(state.steps)) if (one.word) expect(one.record.at(-1)?.word).toBe(one.word);
      }
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    }),
    { numRuns },
  );
});
