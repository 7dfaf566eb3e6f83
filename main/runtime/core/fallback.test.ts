/** Fallback paths: what the failed step changed is undone before its path starts, or shown to a person first. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Reply } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type EdgeInput, type StepInput } from '../../../test/harness/graph.ts';

const undoable = (patch: Partial<StepInput> = {}): StepInput =>
  effectStep('idempotent', { compensate: { kind: 'test', config: {}, effect: 'idempotent' }, ...patch });
const partial = { ...failure('partial:207') } as Reply & { outcome: { ok: false } };
const partly: Reply = { outcome: { ...partial.outcome, response: { done: 1 } } };
const notDone: Reply = { ...ok(), checked: { doneWhen: { holds: false, expression: 'output.all' } } };

function played(pay: StepInput, replies: Reply[], edges: EdgeInput[] = [['pay:failed', 'other']], settings = {}) {
  const core = coreDriver(graphOf({ pay, other: step(), after: step() }, [...edges, ['pay', 'after']], { settings }), {
    script: { pay: replies },
  });
  core.start();
  core.drive();
  return core;
}

describe('a step that failed in part', () => {
  test('is undone before its fallback path starts', () => {
    const core = played(undoable(), [partly]);
    expect(core.calls.map((call) => call.step)).toEqual(['pay', 'pay!undo', 'other']);
    expect(core.state()).toMatchObject({ end: 'complete', steps: { pay: { status: 'failed', ports: ['failed'] } } });
    expect(Object.values(core.state().effects)[0]).toMatchObject({ status: 'rolled_back', response: { done: 1 } });
  });

  test('counts as an open change, and is never tried again by itself', () => {
    const retried = undoable({ retry: { retriers: [{ errors: ['*'], intervalMs: 0, maxRetries: 5 }] } });
    const core = played(retried, [partial], [], { onFailure: 'fail' });
    expect(core.calls.filter((call) => call.step === 'pay')).toHaveLength(1);
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'partial', openEffects: 1 });
    expect(Object.values(core.state().effects)[0]).toMatchObject({ status: 'partly_applied' });
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.drive();
    expect(core.state().end).toBe('rolled_back');
  });

  test('that cannot be undone is shown to a person, who may leave it and take the path', () => {
    const core = played(effectStep('idempotent'), [partial]);
    expect(core.calls).toHaveLength(1);
    expect(core.openTasks()).toMatchObject([
      { on: 'inconsistent_data', cause: 'partial', allow: ['accept', 'give_up'] },
    ]);
    expect(core.openTasks()[0]?.message).toContain('The workflow does not say how to undo it');
    core.decide('pay', 'accept');
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.step('other').status).toBe('confirmed');
  });

  test('a result that does not count as done is undone the same way', () => {
    const core = played(undoable({ doneWhen: 'output.all' }), [notDone]);
    expect(core.calls.map((call) => call.step)).toEqual(['pay', 'pay!undo', 'other']);
  });

  test('is partly undone by a person who gave the rest up; then the path starts all the same', () => {
    const core = coreDriver(graphOf({ pay: undoable(), other: step() }, [['pay:failed', 'other']]), {
      script: { pay: [partial], 'pay!undo': [failure('refused')] },
    });
    core.start();
    core.drive();
    expect(core.openTasks()).toMatchObject([{ on: 'rollback_failed' }]);
    core.decide('pay!undo', 'give_up');
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete' });
    expect(Object.values(core.state().undoOrders ?? {})).toMatchObject([
      { because: 'fallback', kept: [{ step: 'pay' }] },
    ]);
  });
});

describe('an escalation rule that takes the fallback path', () => {
  const rule = { on: 'retries_exhausted' as const, owner: 'role:ops', then: 'fallback' as const };
  const onlyTimeouts: EdgeInput = ['pay:failed', 'other', { onErrors: ['timeout'] }];

  test('takes it even when its edge names other errors', () => {
    const core = played(step({ escalation: [rule] }), [failure('code')], [onlyTimeouts]);
    expect(core.state().end).toBe('complete');
    expect(core.step('pay')).toMatchObject({ byRule: true });
    expect(core.step('other').status).toBe('confirmed');
  });

  test('does not say so when the edge names the error anyway', () => {
    const core = played(step({ escalation: [rule] }), [failure('timeout')], [onlyTimeouts]);
    expect(core.step('pay')).not.toHaveProperty('byRule');
  });

  test('goes to its owner when there is no path', () => {
    const core = played(step({ escalation: [rule] }), [failure('code')], []);
    expect(core.openTasks()).toMatchObject([{ owner: 'role:ops', allow: ['retry', 'give_up', 'skip'] }]);
  });

  test('takes it at a limit too', () => {
    const dear = { on: 'cost_over' as const, owner: 'role:ops', then: 'fallback' as const };
    const pay = step({ budget: { attempts: 0 }, escalation: [dear] });
    const core = played(pay, [], [onlyTimeouts]);
    expect(core.calls.map((call) => call.step)).toEqual(['other']);
    expect(core.step('pay').error).toMatchObject({ class: 'budget' });
  });
});

describe('a person who is asked about an effect in doubt', () => {
  const twice = { a: undoable(), b: effectStep('once') };

  test('may have the run rolled back; what nobody knows is asked again there', () => {
    const core = coreDriver(graphOf(twice, [['a', 'b']]), { script: { b: [failure('timeout')] } });
    core.start();
    core.drive();
    expect(core.openTasks()).toMatchObject([{ allow: ['happened', 'not_happened', 'rollback', 'give_up'] }]);
    core.decide('b', 'rollback', { reason: 'Wrong order' });
    expect(core.openTasks()).toMatchObject([{ step: 'b', allow: ['happened', 'not_happened', 'give_up'] }]);
    core.decide('b', 'not_happened');
    core.drive();
    expect(core.state()).toMatchObject({ end: 'rolled_back', rollback: { reason: 'Wrong order' } });
  });

  test('need not say why', () => {
    const core = coreDriver(graphOf(twice, [['a', 'b']]), { script: { b: [failure('timeout')] } });
    core.start();
    core.drive();
    core.decide('b', 'rollback');
    core.decide('b', 'give_up');
    core.drive();
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'rollback_incomplete', openEffects: 1 });
  });
});
