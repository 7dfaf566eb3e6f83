/** Rollback: what was changed is undone in reverse order, one at a time, through crashes, failures and doubt. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core, type CoreOptions } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type DocumentInput, type StepInput } from '../../../test/harness/graph.ts';
import { planRollback } from './rollback.ts';

const undo: NonNullable<StepInput['compensate']> = {
  kind: 'test',
  config: {},
  effect: 'idempotent',
  label: 'Take back',
};

const steps: Record<string, StepInput> = {
  read: step({ effect: 'read' }),
  pay: effectStep('idempotent', { label: 'Pay', compensate: undo }),
  note: effectStep('idempotent', { label: 'Note', compensate: { ...undo, label: undefined } }),
  mail: effectStep('once'),
};
const edges = [
  ['read', 'pay'],
  ['pay', 'note'],
  ['note', 'mail'],
] as const;
const graph = graphOf(steps, edges);
const undoable = graphOf(
  { read: steps['read'] ?? step(), pay: steps['pay'] ?? step(), note: steps['note'] ?? step() },
  edges.slice(0, 2),
);
const by = 'person:ada';

function completed(of = undoable, options: CoreOptions = {}): Core {
  const core = coreDriver(of, options);
  core.start();
  core.drive();
  expect(core.state().word).toBe('complete');
  return core;
}

const rollBack = (core: Core) => core.turn({ type: 'rollback_run', by, reason: 'Wrong customer' });
const openTask = (core: Core) => {
  const [task] = core.openTasks();
  if (!task) throw new Error('Nobody was asked');
  return task;
};

describe('A rollback', () => {
  test('undoes the changes of a complete run, the last one first, each naming what it undoes', () => {
    const core = completed();
    rollBack(core);
    expect(core.state()).toMatchObject({
      word: 'started',
      reason: 'rollback',
      rollback: { by, reason: 'Wrong customer' },
    });
    core.drive();
    expect(core.calls.slice(3).map((call) => call.step)).toEqual(['note!undo', 'pay!undo']);
    const effects = Object.values(core.state().effects);
    const paid = effects.find((effect) => effect.step === 'pay');
    expect(paid?.status).toBe('rolled_back');
    expect(effects.find((effect) => effect.undoes === paid?.key)).toMatchObject({
      step: 'pay!undo',
      status: 'confirmed',
    });
    expect(core.state()).toMatchObject({ word: 'rolled_back', end: 'rolled_back', openEffects: 0 });
    expect(core.step('pay')).toMatchObject({ status: 'rolled_back', word: 'rolled_back' });
  });

  test('is planned before it is done: what, in which order, and what stays', () => {
    const core = completed(graph);
    expect(planRollback(core.state(), graph)).toEqual({
      undo: [
        { effectKey: expect.any(String), step: 'note', target: 'POST test://note', undo: 'Undo Note' },
        { effectKey: expect.any(String), step: 'pay', target: 'POST test://pay', undo: 'Take back' },
      ],
      stays: [
        {
          effectKey: expect.any(String),
          step: 'mail',
          target: 'POST test://mail',
          why: 'The workflow does not say how to undo it',
        },
      ],
    });
    rollBack(core);
    core.drive();
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'rollback_incomplete', openEffects: 1 });
  });

  test('of a run in progress settles what is running first, and starts nothing new', () => {
    const core = coreDriver(undoable);
    core.start();
    core.finish('read', ok());
    core.finish('pay', ok());
    rollBack(core);
    expect(core.running()).toEqual(['note']);
    core.finish('note', ok());
    core.drive();
    expect(core.state().word).toBe('rolled_back');
    expect(core.calls.map((call) => call.step)).toEqual(['read', 'pay', 'note', 'note!undo', 'pay!undo']);
  });

  test('of a run that waits for a review closes the review', () => {
    const waiting = graphOf({ pay: steps['pay'] ?? step(), ask: step({ gates: { after: { owner: 'role:lead' } } }) }, [
      ['pay', 'ask'],
    ]);
    const core = coreDriver(waiting);
    core.start();
    core.drive();
    rollBack(core);
    core.drive();
    expect(core.openTasks()).toEqual([]);
    expect(core.step('ask')).toMatchObject({ status: 'failed' });
    expect(core.state().word).toBe('rolled_back');
  });

  test('goes on after a crash with the same key, and marks what it repeats', () => {
    const core = completed();
    rollBack(core);
    core.crash();
    core.drive();
    expect(core.calls.filter((call) => call.step === 'note!undo').map((call) => call.key)).toHaveLength(2);
    expect(new Set(core.calls.filter((call) => call.step === 'note!undo').map((call) => call.key)).size).toBe(1);
    expect(core.state()).toMatchObject({ word: 'rolled_back', repeated: 1 });
  });

  test('retries a compensation and waits meanwhile; budgets of going forward do not count', () => {
    const retry = { retriers: [{ errors: ['unavailable'], intervalMs: 100, maxRetries: 1 }] };
    const pay = effectStep('idempotent', { compensate: { ...undo, retry } });
    const strict = graphOf({ pay }, [], { settings: { budget: { retries: 0, attempts: 1 } } });
    const core = completed(strict);
    rollBack(core);
    core.finish('pay!undo', failure('unavailable'));
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'rollback' });
    core.drive();
    expect(core.state().word).toBe('rolled_back');
  });

  test('escalates a compensation that fails; the rest waits, and can be tried again', () => {
    const core = completed(undoable, { script: { 'note!undo': [failure('refused')] } });
    rollBack(core);
    core.drive();
    expect(core.state()).toMatchObject({ word: 'escalated', reason: 'rollback_failed' });
    expect(openTask(core)).toMatchObject({ step: 'note!undo', allow: ['retry', 'give_up'] });
    expect(core.calls.some((call) => call.step === 'pay!undo')).toBe(false);
    core.turn({ type: 'decide_task', taskId: openTask(core).taskId, answer: 'retry', by });
    core.drive();
    expect(core.state().word).toBe('rolled_back');
  });

  test('goes on with the rest when one compensation is given up, and may be asked for again', () => {
    const core = completed(undoable, { script: { 'note!undo': [failure('refused')] } });
    rollBack(core);
    core.drive();
    core.turn({ type: 'decide_task', taskId: openTask(core).taskId, answer: 'give_up', by });
    core.drive();
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'rollback_incomplete', openEffects: 1 });
    expect(core.step('pay').status).toBe('rolled_back');
    rollBack(core);
    core.drive();
    expect(core.state()).toMatchObject({ word: 'rolled_back', openEffects: 0 });
  });

  test('asks first about an effect in doubt, and undoes it only when it happened', () => {
    for (const [answer, calls] of [
      ['happened', ['note!undo', 'pay!undo']],
      ['not_happened', ['pay!undo']],
    ] as const) {
      const doubtful = graphOf({ pay: steps['pay'] ?? step(), note: effectStep('once', { compensate: undo }) }, [
        ['pay', 'note'],
      ]);
      const core = coreDriver(doubtful, { script: { note: [failure('timeout')] } });
      core.start();
      core.drive();
      core.turn({ type: 'cancel_run', by });
      expect(core.state()).toMatchObject({ word: 'failed', openEffects: 2 });
      expect(planRollback(core.state(), doubtful).stays).toMatchObject([{ step: 'note' }]);
      rollBack(core);
      core.drive();
      expect(openTask(core)).toMatchObject({ kind: 'in_doubt', step: 'note' });
      expect(core.calls.some((call) => call.step.endsWith('!undo'))).toBe(false);
      core.turn({ type: 'decide_task', taskId: openTask(core).taskId, answer, by });
      core.drive();
      expect(core.calls.slice(2).map((call) => call.step)).toEqual(calls);
      expect(core.state().word).toBe('rolled_back');
    }
  });

  test('undoes a change that turns out to have happened after its step was undone already', () => {
    const reviewed = graphOf({
      pay: effectStep('once', { compensate: undo, gates: { after: { owner: 'role:lead' } } }),
    });
    const core = coreDriver(reviewed, { script: { pay: [ok(), failure('timeout')] } });
    const say = (answer: 'send_back' | 'give_up' | 'happened') =>
      core.turn({ type: 'decide_task', taskId: openTask(core).taskId, answer, by, reason: 'Look again' });
    core.start();
    core.drive();
    say('send_back');
    core.drive();
    core.turn({ type: 'cancel_run', by });
    rollBack(core);
    say('give_up');
    core.drive();
    expect(core.state()).toMatchObject({ reason: 'rollback_incomplete', openEffects: 1 });
    rollBack(core);
    say('happened');
    core.drive();
    expect(core.state()).toMatchObject({ word: 'rolled_back', openEffects: 0 });
    const undone = core.calls.filter((call) => call.step === 'pay!undo').map((call) => call.key);
    expect(new Set(undone).size).toBe(2);
  });

  test('asks about a compensation in doubt too', () => {
    const once = graphOf({ pay: effectStep('idempotent', { compensate: { ...undo, effect: 'once' } }) });
    const core = completed(once, { script: { 'pay!undo': [failure('timeout')] } });
    rollBack(core);
    core.drive();
    expect(openTask(core)).toMatchObject({ kind: 'in_doubt', step: 'pay!undo' });
    core.turn({ type: 'decide_task', taskId: openTask(core).taskId, answer: 'happened', by });
    expect(core.state().word).toBe('rolled_back');
  });

  test('undoes every change of a step that was sent back, each with a key of its own', () => {
    const reviewed = effectStep('idempotent', { compensate: undo, gates: { after: { owner: 'role:lead' } } });
    const core = coreDriver(graphOf({ pay: reviewed }), { script: { pay: [ok('first'), ok('second')] } });
    core.start();
    core.drive();
    core.decide('pay', 'send_back', { reason: 'Wrong amount' });
    core.drive();
    core.decide('pay', 'approve');
    const paid = Object.values(core.state().effects);
    expect(paid).toMatchObject([
      { status: 'confirmed', output: 'first' },
      { status: 'confirmed', generation: 2 },
    ]);
    const plan = planRollback(core.state(), graphOf({ pay: reviewed }));
    expect(plan.undo.map((one) => one.effectKey)).toEqual([paid[1]?.key, paid[0]?.key]);
    rollBack(core);
    core.finish('pay!undo', ok());
    expect(core.step('pay').status).toBe('confirmed');
    core.crash();
    core.drive();
    const undone = Object.values(core.state().effects).slice(2);
    expect(undone.map((one) => one.undoes)).toEqual([paid[1]?.key, paid[0]?.key]);
    expect(new Set(undone.map((one) => one.key)).size).toBe(2);
    expect(core.step('pay').status).toBe('rolled_back');
    expect(core.state()).toMatchObject({ word: 'rolled_back', openEffects: 0 });
  });

  test('keeps to the change it was announced for while an earlier question is still open', () => {
    const doubtful = effectStep('once', {
      compensate: { ...undo, effect: 'once' },
      gates: { after: { owner: 'role:lead' } },
    });
    const core = coreDriver(graphOf({ pay: doubtful }), { script: { 'pay!undo': [failure('timeout')] } });
    core.start();
    core.drive();
    core.decide('pay', 'send_back', { reason: 'Wrong amount' });
    core.finish('pay', failure('timeout'));
    core.decide('pay', 'give_up');
    rollBack(core);
    core.decide('pay', 'give_up');
    core.drive();
    core.decide('pay!undo', 'give_up');
    rollBack(core);
    // Both questions are asked again: whether the second payment happened, and whether the first was undone.
    core.decide('pay', 'happened');
    core.decide('pay!undo', 'happened');
    const [first, second] = Object.values(core.state().effects).filter((one) => one.step === 'pay');
    expect([first?.status, second?.status]).toEqual(['rolled_back', 'confirmed']);
    core.drive();
    expect(core.state()).toMatchObject({ word: 'rolled_back', openEffects: 0 });
  });

  test('says in its plan what is still under way', () => {
    const core = coreDriver(undoable);
    core.start();
    core.finish('read', ok());
    expect(planRollback(core.state(), undoable)).toMatchObject({
      undo: [],
      stays: [{ step: 'pay', why: 'It is still under way; how it ends is settled first' }],
    });
  });

  test('hands a failed compensation to whom the rule of its step names', () => {
    const escalation = [{ on: 'rollback_failed' as const, owner: 'role:cashier' }];
    const core = completed(graphOf({ pay: effectStep('idempotent', { compensate: undo, escalation }) }), {
      script: { 'pay!undo': [failure('refused')] },
    });
    rollBack(core);
    core.drive();
    expect(openTask(core)).toMatchObject({ step: 'pay!undo', on: 'rollback_failed', owner: 'role:cashier' });
  });

  test('is refused when it is already done, going on, or the run is being cancelled', () => {
    const done = completed();
    rollBack(done);
    expect(rollBack(done)).toMatchObject({ code: 'conflict', message: 'The run is already being rolled back' });
    expect(done.turn({ type: 'cancel_run', by })).toMatchObject({ message: 'The run is being rolled back' });
    done.drive();
    expect(rollBack(done)).toMatchObject({ code: 'conflict', message: 'The run was already rolled back' });
    const cancelling = coreDriver(undoable);
    cancelling.start();
    cancelling.finish('read', ok());
    cancelling.turn({ type: 'cancel_run', by });
    expect(rollBack(cancelling)).toMatchObject({ code: 'conflict' });
  });

  test('begins nothing out of turn', () => {
    const core = completed();
    rollBack(core);
    const begin = (key: string) => core.turn({ type: 'begin_attempt', step: key, prepared: { config: {} } });
    expect(begin('pay!undo')).toMatchObject({ code: 'conflict' });
    expect(begin('pay')).toMatchObject({ code: 'conflict' });
  });
});

describe('A failure that rolls back', () => {
  const failing = (extra: DocumentInput, patch: Partial<StepInput> = {}) => {
    const of = graphOf({ pay: steps['pay'] ?? step(), check: step(patch) }, [['pay', 'check']], extra);
    const core = coreDriver(of, { script: { check: [failure('refused')] } });
    core.start();
    core.drive();
    return core;
  };

  test('by the choice of the workflow', () => {
    const core = failing({ settings: { onFailure: 'rollback' } });
    expect(core.state()).toMatchObject({ word: 'rolled_back', rollback: { by: 'system', reason: 'refused' } });
  });

  test('by the rule of the step', () => {
    const escalation = [{ on: 'retries_exhausted' as const, owner: 'role:ops', then: 'rollback' as const }];
    expect(failing({}, { escalation }).state().word).toBe('rolled_back');
  });

  test('asks first about a sibling that waits to be repeated', () => {
    const escalation = [{ on: 'retries_exhausted' as const, owner: 'role:ops', then: 'rollback' as const }];
    const retry = { retriers: [{ errors: ['timeout'], intervalMs: 60_000, maxRetries: 1 }] };
    const core = coreDriver(
      graphOf({ pay: effectStep('idempotent', { compensate: undo, retry }), check: step({ escalation }) }),
    );
    core.start();
    core.finish('pay', failure('timeout'));
    core.finish('check', failure('refused'));
    expect(openTask(core)).toMatchObject({ kind: 'in_doubt', step: 'pay' });
    core.decide('pay', 'happened');
    core.drive();
    expect(core.state()).toMatchObject({ word: 'rolled_back', openEffects: 0 });
  });

  test('with nothing to undo is rolled back at once', () => {
    const core = coreDriver(graphOf({ check: step() }, [], { settings: { onFailure: 'rollback' } }), {
      script: { check: [failure('refused')] },
    });
    core.start();
    core.drive();
    expect(core.state().word).toBe('rolled_back');
  });
});
