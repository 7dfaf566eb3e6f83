/** Undoing in the middle of a run: the rest goes on, nothing begins before it is undone, and every order ends. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type StepInput } from '../../../test/harness/graph.ts';
import type { StepKey, UndoThen } from '../../../shared/run/events.ts';
import { activeOrders } from '../../../shared/run/state.ts';
import { orderUndo, resetSteps } from './undo.ts';

const undoable = (patch: Partial<StepInput> = {}): StepInput =>
  effectStep('idempotent', { compensate: { kind: 'test', config: {}, effect: 'idempotent' }, ...patch });

/** pay → book → tell, with a step beside them that takes as long as it likes. */
const chain = graphOf({ pay: undoable(), book: undoable(), tell: step(), beside: step() }, [
  ['pay', 'book'],
  ['book', 'tell'],
]);

type Core = ReturnType<typeof coreDriver>;

function order(core: Core, steps: StepKey[], then: UndoThen = { type: 'reset' }): void {
  core.change((turn) => orderUndo(turn, { steps, because: 'checkpoint', by: 'person:ada', reason: 'Wrong sum', then }));
}

/** Until these steps are confirmed. */
function begun(graph = chain, ...keys: string[]): Core {
  const core = coreDriver(graph);
  core.start();
  for (const key of keys) core.finish(key, ok({ of: key }));
  return core;
}

describe('an undo order', () => {
  test('undoes in the reverse order of confirmation while the rest of the run goes on, then puts the steps back', () => {
    const core = begun(chain, 'pay', 'book');
    order(core, ['pay', 'book', 'tell']);
    expect(core.running().sort()).toEqual(['beside', 'book!undo']);
    core.finish('beside', ok());
    core.finish('book!undo', ok());
    expect(core.running()).toEqual(['pay!undo']);
    core.finish('pay!undo', ok());
    expect(core.types().slice(-5)).toEqual([
      'step_confirmed',
      'undo_finished',
      'steps_reset',
      'attempt_started',
      'effect_intended',
    ]);
    expect(core.state().undoOrders).toMatchObject({ task_1: { because: 'checkpoint', kept: [] } });
    expect(core.step('book')).toMatchObject({ status: 'pending', ports: [], retries: [], generation: 2 });
    expect(core.step('book').word).toBeUndefined();
    expect(core.step('book').record.map(({ word }) => word)).toEqual(['started', 'confirmed', 'rolled_back']);
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete' });
    const effects = Object.values(core.state().effects);
    expect(effects.map(({ step: of, status, generation }) => `${of} ${generation} ${status}`)).toEqual([
      'pay 1 rolled_back',
      'book 1 rolled_back',
      'book!undo 1 confirmed',
      'pay!undo 1 confirmed',
      'pay 2 confirmed',
      'book 2 confirmed',
    ]);
    expect(new Set(effects.map(({ key }) => key)).size).toBe(effects.length);
  });

  test('can be followed by another one: the compensation begins anew, for the newer change', () => {
    const core = begun(chain, 'pay');
    order(core, ['pay', 'book', 'tell']);
    core.finish('book', failure('refused'));
    core.finish('pay!undo', ok());
    core.finish('pay', ok('again'));
    order(core, ['pay', 'book', 'tell']);
    core.drive();
    expect(core.state().end).toBe('complete');
    const undone = Object.values(core.state().effects).filter(({ step: of }) => of === 'pay!undo');
    expect(undone.map(({ undoes }) => core.state().effects[undoes ?? '']?.generation)).toEqual([1, 2]);
  });

  test('waits for the answer to a change that is made anew before the earlier one of its step is undone', () => {
    const core = coreDriver(graphOf({ pay: undoable({ gates: { after: { owner: 'role:lead' } } }), beside: step() }));
    core.start();
    core.finish('pay', ok(1));
    core.decide('pay', 'send_back', { reason: 'Too much' });
    order(core, ['pay']);
    expect(core.running().sort()).toEqual(['beside', 'pay']);
    core.finish('pay', ok(2));
    expect(core.running()).toContain('pay!undo');
    core.drive();
    expect(Object.values(core.state().effects).filter(({ status }) => status === 'rolled_back')).toHaveLength(2);
  });

  test('asks first about an undoing that was given up while nobody knew whether it happened', () => {
    const once = effectStep('idempotent', { compensate: { kind: 'test', config: {}, effect: 'once' } });
    const core = begun(
      graphOf({ pay: once, tell: step({ gates: { before: { owner: 'role:lead' } } }) }, [['pay', 'tell']]),
      'pay',
    );
    order(core, ['pay', 'tell']);
    core.finish('pay!undo', failure('timeout'));
    core.decide('pay!undo', 'give_up');
    core.finish('pay', ok('again'));
    order(core, ['pay', 'tell']);
    expect(core.running()).toEqual([]);
    expect(core.openTasks()).toMatchObject([{ kind: 'in_doubt', step: 'pay!undo' }]);
    core.decide('pay!undo', 'happened');
    expect(core.running()).toEqual(['pay!undo']);
    const undone = Object.values(core.state().effects).filter(({ step: of }) => of === 'pay!undo');
    expect(undone.map(({ undoes }) => core.state().effects[undoes ?? '']?.generation)).toEqual([1, 2]);
  });

  test('does not make again what was given up in doubt: that it did not happen must be said first', () => {
    const core = begun(graphOf({ tell: effectStep('once') }));
    core.finish('tell', failure('timeout'));
    order(core, ['tell']);
    core.decide('tell', 'give_up');
    expect(core.state().undoOrders).toMatchObject({ task_2: { finishedAt: expect.any(Number) } });
    expect(core.running()).toEqual([]);
    expect(core.openTasks()).toMatchObject([{ kind: 'in_doubt', step: 'tell' }]);
    core.decide('tell', 'not_happened');
    expect(core.running()).toEqual(['tell']);
    core.drive();
    expect(core.state().end).toBe('complete');
  });

  test('closes what was asked about its steps, and a late answer to that changes nothing', () => {
    const core = begun(graphOf({ pay: undoable({ gates: { after: { owner: 'role:lead' } } }) }));
    core.finish('pay', ok(1));
    const [item] = core.openTasks();
    order(core, ['pay']);
    const late = { type: 'decide_task', taskId: item?.taskId ?? '', by: 'person:ada', reason: 'No' } as const;
    expect(core.turn({ ...late, answer: 'reject' })).toEqual({
      code: 'conflict',
      message: 'The run has gone on without this item, so nothing is left to decide',
    });
    expect(core.running()).toEqual(['pay!undo']);
  });

  test('of a run that had been cancelled goes on with what ended meanwhile', () => {
    const graph = graphOf({ pay: undoable(), look: undoable(), rare: step() }, [['look:rare', 'rare']]);
    const core = begun(graph);
    core.cancel();
    core.finish('look', ok(1));
    core.finish('pay', ok(1));
    expect(core.state().end).toBe('failed');
    order(core, ['pay']);
    core.drive();
    expect(core.step('rare').status).toBe('skipped');
    expect(core.state().end).toBe('complete');
  });

  test('lets go what only reads and waits for what is announced', () => {
    const graph = graphOf({ look: step({ effect: 'read' }), pay: undoable() });
    const core = begun(graph);
    order(core, ['look', 'pay'], { type: 'skip' });
    expect(core.running()).toEqual(['pay']);
    expect(core.step('look').attempts[0]?.error?.class).toBe('cancelled');
    core.finish('pay', ok());
    expect(core.running()).toEqual(['pay!undo']);
    core.finish('pay!undo', ok());
    expect(core.step('look').status).toBe('skipped');
    expect(core.step('pay').status).toBe('rolled_back');
    expect(core.state().end).toBe('complete');
  });

  test('repeats an announced effect until it has an answer, and nobody reviews what is about to be undone', () => {
    const patient = undoable({
      retry: { retriers: [{ errors: ['*'], intervalMs: 100, maxRetries: 2 }] },
      gates: { after: { owner: 'role:lead' } },
    });
    const core = begun(graphOf({ pay: patient }));
    order(core, ['pay'], { type: 'skip' });
    core.finish('pay', failure('timeout'));
    expect(core.step('pay').status).toBe('retry');
    core.advance(100);
    core.finish('pay', ok());
    expect(core.step('pay').status).toBe('succeeded');
    expect(core.openTasks()).toEqual([]);
    core.drive();
    expect(core.step('pay').status).toBe('rolled_back');
  });

  test('a target that says no leaves nothing to undo; nobody is asked about a step that is put back', () => {
    const core = begun(graphOf({ pay: undoable() }));
    order(core, ['pay']);
    core.finish('pay', failure('refused'));
    expect(core.openTasks()).toEqual([]);
    expect(core.running()).toEqual(['pay']);
    expect(core.step('pay').generation).toBe(2);
  });

  test('closes the items of its steps, but asks first whether an effect in doubt happened', () => {
    const graph = graphOf({
      pay: effectStep('once', { compensate: { kind: 'test', config: {}, effect: 'idempotent' } }),
      look: step({ gates: { before: { owner: 'role:lead' } } }),
    });
    const core = begun(graph);
    core.finish('pay', failure('timeout'));
    order(core, ['pay', 'look']);
    expect(core.openTasks().map(({ kind }) => kind)).toEqual(['in_doubt']);
    expect(core.running()).toEqual([]);
    core.decide('pay', 'happened', { value: { id: 7 } });
    expect(core.running()).toEqual(['pay!undo']);
    core.finish('pay!undo', ok());
    expect(core.running()).toEqual(['pay']);
  });

  test('a run that had ended in doubt is asked again before it goes on', () => {
    const graph = graphOf(
      { pay: effectStep('once', { compensate: { kind: 'test', config: {}, effect: 'idempotent' } }) },
      [],
      { settings: { onFailure: 'fail' } },
    );
    const core = begun(graph);
    core.cancel();
    core.finish('pay', failure('timeout'));
    expect(core.state()).toMatchObject({ end: 'failed', openEffects: 1 });
    order(core, ['pay']);
    expect(core.state()).toMatchObject({ word: 'escalated', openEffects: 0 });
    core.decide('pay', 'not_happened');
    expect(core.running()).toEqual(['pay']);
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete' });
  });

  test('what cannot be undone is kept and listed', () => {
    const core = begun(graphOf({ pay: effectStep('idempotent'), tell: step() }, [['pay', 'tell']]), 'pay');
    order(core, ['pay'], { type: 'skip' });
    const [finished] = core.events().filter((event) => event.type === 'undo_finished');
    expect(finished).toMatchObject({ kept: [{ step: 'pay', why: 'The workflow does not say how to undo it' }] });
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.step('pay').status).toBe('confirmed');
  });

  test('a compensation that fails is escalated; given up, the change is listed and the run goes on', () => {
    const core = begun(chain, 'pay', 'book');
    order(core, ['pay', 'book', 'tell']);
    core.finish('book!undo', failure('refused'));
    expect(core.openTasks()).toMatchObject([{ on: 'rollback_failed', step: 'book!undo' }]);
    core.decide('book!undo', 'give_up');
    core.finish('pay!undo', ok());
    expect(core.state().undoOrders?.['task_1']?.kept).toMatchObject([
      { step: 'book', why: 'Undoing it failed and was given up' },
    ]);
    core.drive();
    expect(core.state().end).toBe('complete');
  });

  test('goes on after a crash in the middle of a compensation', () => {
    const core = begun(chain, 'pay', 'book');
    order(core, ['pay', 'book', 'tell']);
    core.crash();
    expect(core.running().sort()).toEqual(['beside', 'book!undo']);
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(Object.values(core.state().effects).filter(({ status }) => status === 'rolled_back')).toHaveLength(2);
  });

  test('is over when the whole run turns back, which undoes what was left', () => {
    const core = begun(chain, 'pay', 'book');
    order(core, ['pay', 'book', 'tell']);
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.finish('book!undo', ok());
    expect(activeOrders(core.state())).toEqual([]);
    expect(core.state().undoOrders?.['task_1']?.kept).toMatchObject([
      { step: 'pay', why: 'The run ended before it was undone' },
    ]);
    core.drive();
    expect(core.state().end).toBe('rolled_back');
  });

  test('ends a step with its error on the path from failed, unless the step was put back meanwhile', () => {
    const graph = graphOf({ pay: undoable(), other: step() }, [['pay:failed', 'other']]);
    const error = { class: 'partial' as const, message: 'Half of it' };
    const core = begun(graph);
    order(core, ['pay'], { type: 'fail', step: 'pay', error });
    core.drive();
    expect(core.step('pay')).toMatchObject({ status: 'failed', error });
    expect(core.step('other').status).toBe('confirmed');
    core.change((turn) => {
      const asked = { because: 'checkpoint' as const, by: 'person:ada' };
      orderUndo(turn, { ...asked, steps: ['pay', 'other'], then: { type: 'reset' } });
      orderUndo(turn, { ...asked, steps: ['pay'], then: { type: 'fail', step: 'pay', error } });
    });
    core.drive();
    expect(core.step('pay').status).toBe('confirmed');
    expect(core.step('other').status).toBe('skipped');
    expect(core.state().end).toBe('complete');
  });

  test('a step that waits for it is no work in progress', () => {
    const slow = undoable({
      compensate: {
        kind: 'test',
        config: {},
        effect: 'idempotent',
        retry: { retriers: [{ errors: ['*'], intervalMs: 500, maxRetries: 1 }] },
      },
    });
    const core = begun(graphOf({ pay: slow, next: step() }, [['pay', 'next']]), 'pay');
    order(core, ['pay', 'next']);
    core.finish('pay!undo', failure('timeout'));
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'retry' });
    core.drive();
    expect(core.state().end).toBe('complete');
  });
});

describe('steps that are put back', () => {
  test('by an order may carry a comment', () => {
    const core = begun(chain, 'pay', 'book');
    const review = { step: 'book', comment: 'Another room' };
    core.change((turn) =>
      orderUndo(turn, {
        steps: ['book', 'tell'],
        because: 'send_back',
        by: 'person:ada',
        then: { type: 'reset', review },
      }),
    );
    core.finish('book!undo', ok());
    expect(core.step('book').review).toEqual({ comment: 'Another room', by: 'person:ada' });
  });

  test('of a run that failed run again with nothing counted; what succeeded stays', () => {
    const graph = graphOf({ a: step(), b: step() }, [['a', 'b']], { settings: { onFailure: 'fail' } });
    const core = begun(graph, 'a');
    core.finish('b', failure('code'));
    expect(core.state().end).toBe('failed');
    core.change((turn) => resetSteps(turn, { steps: ['b', 'nobody'], because: 'retry', by: 'person:ada' }));
    expect(core.state().word).toBe('started');
    expect(core.running()).toEqual(['b']);
    expect(core.step('b').attempts).toHaveLength(2);
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.calls.map((call) => call.step)).toEqual(['a', 'b', 'b']);
  });

  test('may carry a comment, and keep what came of the change they had made', () => {
    const core = begun(chain, 'pay');
    const review = { step: 'pay', comment: 'Less' };
    core.change((turn) => {
      resetSteps(turn, { steps: ['pay'], because: 'send_back', by: 'person:ada', reason: 'Less', review });
    });
    expect(core.step('pay').review).toEqual({ comment: 'Less', by: 'person:ada' });
    expect(Object.values(core.state().effects)[0]).toMatchObject({ step: 'pay', output: { of: 'pay' } });
  });

  test('repeat an effect that nobody has an answer for under its own key', () => {
    const graph = graphOf({ pay: effectStep('once') }, [], { settings: { onFailure: 'fail' } });
    const core = begun(graph);
    core.finish('pay', failure('timeout'));
    core.decide('pay', 'give_up');
    core.change((turn) => resetSteps(turn, { steps: ['pay'], because: 'retry', by: 'person:ada' }));
    expect(core.step('pay').generation).toBe(1);
    expect(new Set(core.calls.map(({ key }) => key)).size).toBe(1);
  });
});
