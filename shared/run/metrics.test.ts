/** Each number of recovery quality means exactly one thing: small histories, one definition at a time. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, startedAt } from '../../test/harness/core.ts';
import { effectStep, graphOf, step } from '../../test/harness/graph.ts';
import type { KeptEffect, RunEvent, RunEventBody } from './events.ts';
import { foldRun } from './evolve.ts';
import { noMetrics, type RunMetrics } from './metrics.ts';

const again = { retriers: [{ errors: ['*'], intervalMs: 1_000, backoffRate: 1, maxRetries: 3 }] };

/** Folds these bodies after a start, one second apart. */
function metricsOf(...bodies: RunEventBody[]): RunMetrics {
  const start: RunEventBody = {
    type: 'run_started',
    workflowId: 'wf',
    workflowName: 'Refund',
    version: 'v1',
    owner: 'role:lead',
    input: null,
    env: {},
    by: 'person:ada',
  };
  const events = [start, ...bodies].map((body, index): RunEvent => ({
    ...body,
    runId: 'run',
    seq: index + 1,
    at: startedAt + index * 1_000,
  }));
  const state = foldRun(events);
  if (!state) throw new Error('Nothing was folded');
  return state.metrics;
}

const only = (...lengths: number[]) => ({
  count: lengths.length,
  totalMs: lengths.reduce((sum, one) => sum + one, 0),
  longestMs: Math.max(...lengths),
  lengths: Object.fromEntries(lengths.map((one) => [String(one), lengths.filter((other) => other === one).length])),
});

test('a run that goes well has nothing to tell', () => {
  const core = coreDriver(graphOf({ a: step(), pay: effectStep('once') }, [['a', 'pay']]));
  core.start();
  core.drive();
  expect(core.state().metrics).toEqual({ ...noMetrics, attempts: 2 });
});

describe('Recovery time', () => {
  test('goes from the first failure of a step to its confirmation, waits included', () => {
    const core = coreDriver(graphOf({ a: step({ retry: again }) }), {
      script: { a: [failure('timeout'), failure('timeout'), { ...ok(), tookMs: 500 }] },
    });
    core.start();
    core.advance(7_000);
    core.drive();
    expect(core.state().metrics).toEqual({
      ...noMetrics,
      attempts: 3,
      failures: 2,
      retries: 2,
      recovery: only(2_500),
    });
  });

  test('is told apart for every step, and counts each that came back', () => {
    const core = coreDriver(graphOf({ a: step({ retry: again }), b: step({ retry: again }) }, [['a', 'b']]), {
      script: { a: [failure('timeout'), ok()], b: [failure('unavailable'), { ...ok(), tookMs: 4_000 }] },
    });
    core.start();
    core.drive();
    expect(core.state().metrics.recovery).toEqual(only(1_000, 5_000));
  });

  test('of a crash begins when the restarted host notices it; what is done again is counted', () => {
    const core = coreDriver(graphOf({ pay: effectStep('idempotent') }));
    core.start();
    core.crash();
    core.finish('pay', { ...ok(), tookMs: 300 });
    expect(core.state().metrics).toEqual({
      ...noMetrics,
      attempts: 2,
      crashes: 1,
      repeatedSteps: 1,
      effectsAnnouncedAgain: 1,
      recovery: only(300),
    });
  });

  test('is none while the step is not confirmed, also when it ended and its fallback went on', () => {
    const core = coreDriver(graphOf({ a: step(), b: step() }, [['a:failed', 'b']]));
    core.start();
    core.finish('a', failure('timeout'));
    core.drive();
    expect(core.state()).toMatchObject({ word: 'complete', metrics: { failures: 1, recovery: { count: 0 } } });
    expect(core.state().metrics.unrecoveredSince).toEqual({ a: startedAt });
  });

  test('comes when a person has the failed step put back and it is confirmed', () => {
    const error = { class: 'timeout' as const, message: 'No' };
    const metrics = metricsOf(
      { type: 'attempt_started', step: 'a', attempt: 1, config: {} },
      { type: 'attempt_failed', step: 'a', attempt: 1, error },
      { type: 'step_failed', step: 'a', error, ports: [] },
      { type: 'run_failed', reason: 'timeout', openEffects: 0 },
      { type: 'steps_reset', steps: ['a'], because: 'retry', by: 'person:ada' },
      { type: 'attempt_started', step: 'a', attempt: 2, config: {} },
      { type: 'step_confirmed', step: 'a', ports: ['out'] },
    );
    expect(metrics).toEqual({ ...noMetrics, attempts: 2, failures: 1, recovery: only(5_000) });
  });

  test('of thousands of failed steps is measured for a hundred at a time; the others are counted', () => {
    const ids = Array.from({ length: 103 }, (_, index) => `s${index}`);
    const fail = (id: string, attempt: number): RunEventBody[] => [
      { type: 'attempt_started', step: id, attempt, config: {} },
      { type: 'attempt_failed', step: id, attempt, error: { class: 'timeout', message: 'No' } },
    ];
    const metrics = metricsOf(
      ...ids.flatMap((id) => fail(id, 1)),
      ...fail('s101', 2),
      ...fail('s1', 2),
      { type: 'step_confirmed', step: 's102', ports: ['out'] },
      { type: 'step_confirmed', step: 's5', ports: ['out'] },
    );
    expect(Object.keys(metrics.unrecoveredSince)).toHaveLength(99);
    expect(metrics).toMatchObject({ failures: 105, unrecoveredMore: 3, recovery: { count: 1 } });
    // A journal that begins in the middle of a step.
    const [, bare] = fail('late', 1);
    if (!bare) throw new Error('There are two events');
    expect(metricsOf(...ids.flatMap((id) => fail(id, 1)), bare).unrecoveredMore).toBe(4);
  });

  test('knows no failure of a step that was let go, rejected, or confirmed at once', () => {
    const core = coreDriver(graphOf({ a: step() }));
    core.start();
    core.cancel();
    expect(core.state().metrics).toMatchObject({ failures: 0, unrecoveredSince: {} });
    const rejected = coreDriver(graphOf({ a: step({ gates: { after: { owner: 'role:x' } } }) }));
    rejected.start();
    rejected.finish('a', ok());
    rejected.decide('a', 'reject', { reason: 'No' });
    expect(rejected.state().metrics).toMatchObject({ failures: 0, unrecoveredSince: {}, repairs: 0 });
  });
});

describe('Effects', () => {
  test('announced again under their key are repeated safely', () => {
    const core = coreDriver(graphOf({ pay: effectStep('idempotent', { retry: again }) }), {
      script: { pay: [failure('timeout'), failure('unavailable'), ok()] },
    });
    core.start();
    core.drive();
    expect(core.state().metrics).toMatchObject({ effectsAnnouncedAgain: 2, effectsRepeated: 0 });
  });

  test('are really repeated when a sent back step changes the world once more', () => {
    const gates = { after: { owner: 'role:x' } };
    const core = coreDriver(graphOf({ pay: effectStep('once', { gates, compensate: { kind: 'test', config: {} } }) }));
    core.start();
    core.drive();
    for (const expected of [1, 2]) {
      core.decide('pay', 'send_back', { reason: 'Less' });
      core.drive();
      expect(core.state().metrics).toMatchObject({ effectsAnnouncedAgain: 0, effectsRepeated: expected });
    }
    // Undoing each of the three is no repetition.
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.drive();
    expect(core.state()).toMatchObject({ word: 'rolled_back', metrics: { effectsRepeated: 2, rolledBack: 1 } });
  });

  test('are not repeated when the earlier one did not happen, was undone, or is unknown', () => {
    const intend = (generation: number): RunEventBody => ({
      type: 'effect_intended',
      step: 'pay',
      attempt: 1,
      key: `k${generation}`,
      ordinal: 1,
      generation,
      class: 'once',
      target: 'POST x',
      requestDigest: 'd',
    });
    const error = { class: 'refused' as const, message: 'No' };
    const second: RunEventBody[] = [intend(2), { type: 'effect_confirmed', step: 'pay', key: 'k2' }];
    const after = (...first: RunEventBody[]) => metricsOf(intend(1), ...first, ...second).effectsRepeated;
    expect(after({ type: 'effect_confirmed', step: 'pay', key: 'k1' })).toBe(1);
    expect(after({ type: 'effect_failed', step: 'pay', key: 'k1', sent: true, error })).toBe(0);
    expect(after({ type: 'effect_in_doubt', step: 'pay', key: 'k1', message: '?' })).toBe(0);
    expect(
      after(
        { type: 'effect_confirmed', step: 'pay', key: 'k1' },
        { type: 'step_confirmed', step: 'pay!undo', ports: ['out'] },
      ),
    ).toBe(0);
    expect(metricsOf({ type: 'effect_confirmed', step: 'pay', key: 'nobody' }).effectsRepeated).toBe(0);
    const no: RunEventBody = { type: 'effect_settled', step: 'pay', key: 'k2', happened: false, by: 'person:ada' };
    const yes: RunEventBody[] = [intend(1), { type: 'effect_confirmed', step: 'pay', key: 'k1' }];
    expect(metricsOf(...yes, intend(2), no).effectsRepeated).toBe(0);
    expect(metricsOf(...yes, intend(2), { ...no, happened: true }).effectsRepeated).toBe(1);
  });
});

describe('Time in doubt', () => {
  test('goes to the answer of a person, who repaired the run by it', () => {
    const core = coreDriver(graphOf({ pay: effectStep('once') }));
    core.start();
    core.finish('pay', failure('timeout'));
    const [key = ''] = Object.keys(core.state().effects);
    expect(core.state().metrics.inDoubtSince).toEqual({ [key]: startedAt });
    core.advance(90_000);
    core.decide('pay', 'happened');
    expect(core.state().metrics).toEqual({
      ...noMetrics,
      attempts: 1,
      failures: 1,
      repairs: 1,
      recovery: only(90_000),
      doubt: only(90_000),
      escalations: only(90_000),
    });
  });

  test('stays open when the run ends without an answer, and is asked for once more by a rollback', () => {
    const core = coreDriver(graphOf({ pay: effectStep('once', { compensate: { kind: 'test', config: {} } }) }));
    core.start();
    core.finish('pay', failure('timeout'));
    core.cancel();
    const [key = ''] = Object.keys(core.state().effects);
    expect(core.state()).toMatchObject({ word: 'failed', metrics: { inDoubtSince: { [key]: startedAt } } });
    core.advance(5_000);
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    expect(core.state().metrics).toMatchObject({ inDoubtSince: { [key]: startedAt }, rollbacks: 1 });
    core.advance(1_000);
    core.decide('pay', 'not_happened');
    expect(core.state()).toMatchObject({ word: 'rolled_back', metrics: { inDoubtSince: {}, doubt: only(6_000) } });
  });

  test('of an effect nobody announced is none', () => {
    expect(metricsOf({ type: 'effect_in_doubt', step: 'a', key: 'constructor', message: '?' })).toEqual(noMetrics);
  });
});

describe('Rollback', () => {
  test('that leaves something is incomplete; the next one begins anew', () => {
    const steps = { pay: effectStep('once', { compensate: { kind: 'test', config: {}, effect: 'idempotent' } }) };
    const core = coreDriver(graphOf(steps), { script: { 'pay!undo': [failure('refused'), ok()] } });
    core.start();
    core.drive();
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.drive();
    core.decide('pay!undo', 'give_up');
    expect(core.state()).toMatchObject({ reason: 'rollback_incomplete' });
    expect(core.state().metrics).toMatchObject({ rollbacks: 1, rolledBack: 0, rollbacksIncomplete: 1, repairs: 1 });
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.drive();
    expect(core.state().metrics).toMatchObject({ rollbacks: 2, rolledBack: 1, rollbacksIncomplete: 1 });
  });

  test('to a checkpoint counts like one of the whole run, other undoing does not', () => {
    const order = (because: 'checkpoint' | 'fallback', kept: KeptEffect[]): RunEventBody[] => [
      { type: 'undo_ordered', id: 'o', steps: ['a'], because, by: 'person:ada', then: { type: 'reset' } },
      { type: 'undo_finished', id: 'o', kept },
    ];
    const left = { effectKey: 'k', step: 'a', target: 'POST x', why: 'Nobody said how' };
    expect(metricsOf(...order('checkpoint', []))).toMatchObject({
      rollbacks: 1,
      rolledBack: 1,
      rollbacksIncomplete: 0,
    });
    expect(metricsOf(...order('checkpoint', [left]))).toMatchObject({ rolledBack: 0, rollbacksIncomplete: 1 });
    expect(metricsOf(...order('fallback', []))).toEqual(noMetrics);
    expect(metricsOf({ type: 'undo_finished', id: 'nobody', kept: [] })).toEqual(noMetrics);
  });

  test('is not what a failing run without one does', () => {
    expect(metricsOf({ type: 'run_failed', reason: 'timeout', openEffects: 0 }).rollbacksIncomplete).toBe(0);
  });
});

describe('People', () => {
  test('who decide at a drawn gate repair nothing; their time is that of reviews', () => {
    const core = coreDriver(graphOf({ a: step({ gates: { after: { owner: 'role:x' } } }) }));
    core.start();
    core.finish('a', ok());
    core.advance(60_000);
    core.decide('a', 'approve');
    expect(core.state().metrics).toEqual({ ...noMetrics, attempts: 1, reviews: only(60_000) });
  });

  test('who answer an escalation repair the run', () => {
    const core = coreDriver(graphOf({ a: step() }, [], { settings: { onFailure: 'pause' } }), {
      script: { a: [failure('unavailable'), ok()] },
    });
    core.start();
    core.drive();
    core.advance(3_000);
    core.decide('a', 'retry');
    core.drive();
    expect(core.state().metrics).toEqual({
      ...noMetrics,
      attempts: 2,
      failures: 1,
      repairs: 1,
      recovery: only(3_000),
      escalations: only(3_000),
    });
  });

  test.each<RunEventBody>([
    { type: 'gate_decided', step: 'a', taskId: 'nobody', answer: 'approve', by: 'x' },
    { type: 'escalation_decided', step: 'a', taskId: 'constructor', answer: 'retry', by: 'x' },
  ])('an answer to nothing counts nothing: $type', (body) => {
    expect(metricsOf(body)).toEqual(noMetrics);
  });

  test('an answer counts once', () => {
    const open: RunEventBody = {
      type: 'escalation_opened',
      step: 'a',
      taskId: 't',
      on: 'cost_over',
      owner: 'role:x',
      message: '!',
      allow: ['retry'],
    };
    const answer: RunEventBody = { type: 'escalation_decided', step: 'a', taskId: 't', answer: 'retry', by: 'x' };
    expect(metricsOf(open, answer, answer)).toMatchObject({ repairs: 1, escalations: only(1_000) });
    const gate: RunEventBody = {
      type: 'gate_opened',
      step: 'a',
      taskId: 't',
      gate: 'after',
      owner: 'role:x',
      causes: [],
      allow: ['approve'],
      shown: 1,
      digest: 'd',
    };
    const approve: RunEventBody = { type: 'gate_decided', step: 'a', taskId: 't', answer: 'approve', by: 'x' };
    expect(metricsOf(gate, approve, approve).reviews).toEqual(only(1_000));
  });
});
