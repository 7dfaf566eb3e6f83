/** Back to a checkpoint: what ran after it is undone and runs again, what ran before or beside it stays. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type StepInput } from '../../../test/harness/graph.ts';
import { stepsAfter } from './checkpoint.ts';
import { planRollback } from './rollback.ts';

const undoable = (patch: Partial<StepInput> = {}): StepInput =>
  effectStep('idempotent', { compensate: { kind: 'test', config: {}, effect: 'idempotent' }, ...patch });

/** order → pay → book, pay → tell, and a note beside them. */
const graph = graphOf(
  { order: undoable(), pay: undoable(), book: undoable(), tell: effectStep('once'), note: undoable(), quick: step() },
  [
    ['order', 'pay'],
    ['pay', 'book'],
    ['pay', 'tell'],
  ],
);

function complete() {
  const core = coreDriver(graph);
  core.start();
  core.drive();
  expect(core.state().end).toBe('complete');
  return core;
}

const back = { type: 'rollback_run' as const, by: 'person:ada' };

describe('a run that goes back to a checkpoint', () => {
  test('undoes what ran after it, the last change first, and runs it again; the rest stays', () => {
    const core = complete();
    const before = core.calls.length;
    expect(planRollback(core.state(), graph, 'pay')).toMatchObject({
      undo: [{ step: 'book' }],
      stays: [{ step: 'tell', why: 'The workflow does not say how to undo it' }],
      again: ['book', 'tell'],
    });
    expect(core.turn({ ...back, to: 'pay', reason: 'Wrong room' })).toBeUndefined();
    expect(core.state()).toMatchObject({ word: 'started' });
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.calls.slice(before).map((call) => call.step)).toEqual(['book!undo', 'book', 'tell']);
    expect(core.step('order').attempts).toHaveLength(1);
    expect(core.step('note').status).toBe('confirmed');
    expect(core.events().find((event) => event.type === 'steps_reset')).toMatchObject({
      because: 'checkpoint',
      by: 'person:ada',
      reason: 'Wrong room',
    });
  });

  test('does so in the middle of the run too', () => {
    const core = coreDriver(graph, { script: { book: [failure('refused')] } });
    core.start();
    core.drive();
    expect(core.state().word).toBe('escalated');
    core.turn({ ...back, to: 'order' });
    expect(core.openTasks()).toEqual([]);
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.calls.filter((call) => call.step === 'pay!undo')).toHaveLength(1);
  });

  test('goes on after a crash', () => {
    const core = complete();
    core.turn({ ...back, to: 'order' });
    core.crash();
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(Object.values(core.state().effects).filter(({ status }) => status === 'rolled_back')).toHaveLength(2);
  });

  test('in a loop goes back in the visit it is in, and counts the rounds that follow anew', () => {
    const round = graphOf({ a: undoable(), b: undoable(), c: undoable(), d: step() }, [
      ['a', 'b'],
      ['b', 'c'],
      ['c:again', 'a', { loop: { maxIterations: 2 } }],
      ['c', 'd'],
    ]);
    const core = coreDriver(round, { script: { c: [ok(null, { ports: ['again'] })] } });
    core.start();
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(stepsAfter(core.state(), round, 'a')).toEqual(['b#2', 'c#2', 'd']);
    core.turn({ ...back, to: 'a' });
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.calls.filter((call) => call.step.endsWith('!undo')).map((call) => call.step)).toEqual([
      'c#2!undo',
      'b#2!undo',
    ]);
  });
});

test('what follows a container follows from within it too', () => {
  const mapped = graphOf({ a: undoable(), each: step(), x: step({ parent: 'each' }) }, [['a', 'each']]);
  const core = coreDriver(mapped);
  core.start();
  core.drive();
  const item = { ...core.step('a'), key: 'each[0]/x' };
  const state = { ...core.state(), steps: { ...core.state().steps, [item.key]: item } };
  expect(stepsAfter(state, mapped, 'a')).toEqual(['each', 'each[0]/x']);
});

test('what the end of the run let go runs again; what failed by itself elsewhere is a reason not to', () => {
  const beside = graphOf({ a: undoable(), b: undoable(), slow: step(), bad: step() }, [['a', 'b']], {
    settings: { onFailure: 'fail' },
  });
  const failed = coreDriver(beside);
  failed.start();
  failed.finish('a', ok());
  failed.finish('b', ok());
  failed.finish('slow', ok());
  failed.finish('bad', failure('code'));
  expect(failed.turn({ ...back, to: 'a' })?.message).toBe(
    '“bad” failed and does not follow “a”, so the run would fail again',
  );
  const cancelled = coreDriver(beside);
  cancelled.start();
  cancelled.finish('a', ok());
  cancelled.finish('b', ok());
  cancelled.cancel();
  expect(cancelled.state().end).toBe('failed');
  cancelled.turn({ ...back, to: 'a' });
  cancelled.drive();
  expect(cancelled.state().end).toBe('complete');
});

describe('a step that a run cannot go back to', () => {
  test.each([
    ['nothing', 'not_found', 'The step "nothing" does not exist; name a checkpointed step of the drawing'],
    ['quick', 'refused', '“quick” is no checkpoint, so a run cannot go back to it'],
    ['tell', 'conflict', 'Nothing has run after “tell”, so there is nothing to go back from'],
  ])('%s is refused with a sentence', (to, code, message) => {
    expect(complete().turn({ ...back, to })).toEqual({ code, message });
  });

  test('has no result yet, or its run is turning back', () => {
    const core = coreDriver(graph);
    core.start();
    expect(core.turn({ ...back, to: 'order' })?.message).toContain('has no saved result');
    core.cancel();
    expect(core.turn({ ...back, to: 'order' })?.message).toContain('being cancelled');
    const other = complete();
    other.turn(back);
    expect(other.turn({ ...back, to: 'order' })?.message).toBe('The whole run was or is being rolled back');
  });

  test('is inside a container', () => {
    const inside = graphOf({ each: step(), x: undoable({ parent: 'each' }) });
    const core = coreDriver(inside);
    core.start();
    expect(core.turn({ ...back, to: 'x' })?.message).toBe(
      'The step "x" is inside a container; name a checkpointed step of the drawing',
    );
  });
});
