/** The run as a whole: starting, branches, joins, skipping, ending, cancelling, and commands that come too late. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step } from '../../../test/harness/graph.ts';
import { decide } from './decide.ts';

describe('A run starts once and takes commands only after that', () => {
  test('a second start is refused', () => {
    const core = coreDriver(graphOf({ a: step() }));
    core.start();
    const again = core.turn({
      type: 'start_run',
      workflowId: 'w',
      workflowName: 'W',
      version: 'v1',
      owner: 'role:lead',
      input: null,
      env: {},
      by: 'cli',
    });
    expect(again).toEqual({ code: 'conflict', message: 'This run has already started' });
  });

  test('a run that was never started knows nothing', () => {
    const core = coreDriver(graphOf({ a: step() }));
    const decision = decide(undefined, { type: 'recover' }, core.context());
    expect(decision).toEqual({ ok: false, refusal: { code: 'not_found', message: 'This run has not started' } });
  });

  test('a graph without steps is complete at once', () => {
    const core = coreDriver(graphOf({}));
    core.start();
    expect(core.state()).toMatchObject({ end: 'complete', word: 'complete', output: {} });
  });

  test('a step may be called like a method of objects', () => {
    const core = coreDriver(graphOf({ constructor: step(), toString: step() }, [['constructor', 'toString']]), {
      script: { toString: [ok('end')] },
    });
    core.start();
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete', output: 'end' });
  });
});

describe('Paths', () => {
  const branch = graphOf({ pick: step(), yes: step(), no: step(), afterNo: step(), end: step() }, [
    ['pick:big', 'yes'],
    ['pick:small', 'no'],
    ['no', 'afterNo'],
    ['yes', 'end'],
    ['afterNo', 'end'],
  ]);

  test('a branch takes the port it names; the other path is skipped to its end and the join still happens', () => {
    const core = coreDriver(branch, { script: { pick: [ok(1, { ports: ['big'] })], end: [ok('done')] } });
    core.start();
    core.drive();
    expect(core.step('yes').status).toBe('confirmed');
    expect(core.step('no').status).toBe('skipped');
    expect(core.step('afterNo').status).toBe('skipped');
    expect(core.step('afterNo').word).toBeUndefined();
    expect(core.state()).toMatchObject({ word: 'complete', output: 'done' });
    expect(core.calls.map((call) => call.step)).toEqual(['pick', 'yes', 'end']);
  });

  test('a join is skipped when every path to it was; the step that chose none of them was the last', () => {
    const core = coreDriver(branch, { script: { pick: [ok(1, { ports: ['neither'] })] } });
    core.start();
    core.drive();
    expect(core.step('end').status).toBe('skipped');
    expect(core.state()).toMatchObject({ word: 'complete', output: 1 });
  });

  test('several edges from one port run at the same time, and the join waits for all', () => {
    const core = coreDriver(
      graphOf({ a: step(), b: step(), c: step(), d: step() }, [
        ['a', 'b'],
        ['a', 'c'],
        ['b', 'd'],
        ['c', 'd'],
      ]),
    );
    core.start();
    core.finish('a', ok());
    expect(core.running()).toEqual(['b', 'c']);
    expect(core.state().active).toBe(2);
    core.finish('c', ok());
    expect(core.running()).toEqual(['b']);
    core.finish('b', ok());
    expect(core.running()).toEqual(['d']);
  });

  test('one last step gives its output, several give an object by step', () => {
    const two = coreDriver(
      graphOf({ a: step(), b: step(), c: step() }, [
        ['a', 'b'],
        ['a', 'c'],
      ]),
      {
        script: { b: [ok('B')], c: [ok({ n: 1 })] },
      },
    );
    two.start();
    two.drive();
    expect(two.state().output).toEqual({ b: 'B', c: { n: 1 } });
  });
});

describe('Commands that come too late change nothing', () => {
  test('of an attempt that is over, of an unknown step, and of a step that may not start', () => {
    const core = coreDriver(graphOf({ a: step(), b: step() }, [['a', 'b']]));
    core.start();
    const late = (name: string) => ({ code: 'conflict', message: `Step ${name} has moved on; this came too late` });
    const { outcome } = ok();
    expect(core.turn({ type: 'finish_attempt', step: 'a', attempt: 2, outcome, checked: {} })).toEqual(late('a'));
    expect(core.turn({ type: 'finish_attempt', step: 'b', attempt: 1, outcome, checked: {} })).toEqual(late('b'));
    expect(core.turn({ type: 'finish_attempt', step: 'x', attempt: 1, outcome, checked: {} })).toEqual(late('x'));
    expect(core.turn({ type: 'begin_attempt', step: 'b', prepared: { config: {} } })).toEqual(late('b'));
    expect(core.turn({ type: 'begin_attempt', step: 'a', prepared: { config: {} } })).toEqual(late('a'));
    expect(core.turn({ type: 'begin_attempt', step: 'x', prepared: { config: {} } })).toEqual(late('x'));
    expect(core.turn({ type: 'fire_timer', step: 'a', checked: {} })).toEqual(late('a'));
    expect(core.turn({ type: 'fire_timer', step: 'x', checked: {} })).toEqual(late('x'));
  });

  test('a retry does not begin before it is due', () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 1_000, maxRetries: 1 }] };
    const core = coreDriver(graphOf({ a: step({ retry }) }), { script: { a: [failure('timeout')] } });
    core.start();
    core.finish('a', failure('timeout'));
    expect(core.turn({ type: 'begin_attempt', step: 'a', prepared: { config: {} } })?.code).toBe('conflict');
    core.advance(1_000);
    expect(core.running()).toEqual(['a']);
  });
});

describe('A wait', () => {
  test('sleeps without anything running, survives a crash, and fires once when it is due', () => {
    const core = coreDriver(graphOf({ a: step(), b: step() }, [['a', 'b']]));
    core.start();
    core.finish('a', { outcome: { suspend: true, dueAt: core.now() + 60_000, output: { until: 'then' } } });
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'timer', active: 0 });
    expect(core.wakeAt()).toBe(core.now() + 60_000);
    core.crash();
    core.advance(59_999);
    expect(core.step('a').status).toBe('timer');
    core.advance(1);
    expect(core.step('a')).toMatchObject({ status: 'confirmed', output: { until: 'then' } });
    expect(core.types().filter((type) => type === 'attempt_started')).toHaveLength(2);
  });
});

describe('Cancelling', () => {
  test('lets reading and calculating steps go at once', () => {
    const core = coreDriver(graphOf({ a: step({ effect: 'read' }) }));
    core.start();
    expect(core.cancel('person:ada', 'wrong order')).toBeUndefined();
    expect(core.step('a').attempts[0]).toMatchObject({ outcome: 'failed', error: { class: 'cancelled' } });
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'cancelled', openEffects: 0 });
    expect(core.state().cancelling).toEqual({ by: 'person:ada', reason: 'wrong order' });
    expect(core.step('a')).toMatchObject({ word: 'failed', error: { class: 'cancelled' } });
  });

  test('waits for the answer of a running effect and confirms it', () => {
    const core = coreDriver(graphOf({ pay: effectStep('once'), next: step() }, [['pay', 'next']]));
    core.start();
    core.cancel();
    expect(core.state()).toMatchObject({ word: 'started' });
    expect(core.state().end).toBeUndefined();
    expect(core.cancel()).toEqual({ code: 'conflict', message: 'The run is being cancelled' });
    core.finish('pay', ok({ id: 1 }));
    expect(core.step('pay').word).toBe('confirmed');
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'cancelled', openEffects: 1 });
    expect(core.state().steps).not.toHaveProperty('next');
    expect(core.cancel()).toEqual({ code: 'conflict', message: 'The run has already ended (cancelled)' });
  });

  test('comes too late for a run that is complete', () => {
    const core = coreDriver(graphOf({ a: step() }));
    core.start();
    core.drive();
    expect(core.cancel()).toEqual({ code: 'conflict', message: 'The run has already ended (complete)' });
  });

  test('does not confirm what nobody will review', () => {
    const gates = { after: { owner: 'role:lead' } };
    const core = coreDriver(graphOf({ pay: effectStep('once', { gates }) }));
    core.start();
    core.cancel();
    core.finish('pay', ok());
    expect(core.step('pay').word).toBe('failed');
    expect(Object.values(core.state().effects)[0]?.status).toBe('confirmed');
    expect(core.openTasks()).toEqual([]);
  });

  test.each(['once', 'probeable', 'idempotent'] as const)('leaves an unknown %s effect in plain sight', (effect) => {
    const core = coreDriver(graphOf({ pay: effectStep(effect) }));
    core.start();
    core.cancel();
    core.finish('pay', failure('timeout'));
    expect(Object.values(core.state().effects)[0]?.status).toBe('in_doubt');
    expect(core.state()).toMatchObject({ end: 'failed', openEffects: 1 });
  });

  test.each(['once', 'idempotent'] as const)('leaves an %s effect in doubt when the host dies meanwhile', (effect) => {
    const core = coreDriver(graphOf({ pay: effectStep(effect) }));
    core.start();
    core.cancel();
    core.crash();
    expect(Object.values(core.state().effects)[0]?.status).toBe('in_doubt');
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'cancelled', openEffects: 1 });
  });

  test('settles an effect that waits for its retry, and forgets the other waits', () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 1_000, maxRetries: 9 }] };
    const core = coreDriver(graphOf({ pay: effectStep('idempotent', { retry }), calc: step({ retry }) }));
    core.start();
    core.finish('pay', failure('timeout'));
    core.finish('calc', failure('timeout'));
    core.cancel();
    expect(Object.values(core.state().effects)[0]?.status).toBe('in_doubt');
    expect(core.state()).toMatchObject({ end: 'failed', openEffects: 1 });
    expect(core.wakeAt()).toBeUndefined();
  });

  test('a result that does not count as done is settled without a retry', () => {
    const retry = { retriers: [{ errors: ['invalid_output'], intervalMs: 0, maxRetries: 9 }] };
    const core = coreDriver(graphOf({ pay: effectStep('idempotent', { retry }) }));
    core.start();
    core.cancel();
    core.finish('pay', { ...ok(), checked: { doneWhen: { holds: false, expression: 'output.ok' } } });
    expect(core.calls).toHaveLength(1);
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'cancelled', openEffects: 1 });
  });
});

describe('Recovery', () => {
  test('marks what ran as abandoned and does it again, marked as repeated', () => {
    const core = coreDriver(graphOf({ a: step(), b: step({ effect: 'read' }) }, [['a', 'b']]));
    core.start();
    core.crash();
    expect(core.step('a').attempts).toMatchObject([{ outcome: 'abandoned' }, { attempt: 2, repeated: true }]);
    expect(core.state().repeated).toBe(1);
    core.drive();
    expect(core.state().word).toBe('complete');
  });

  test('repeats a step whose end was not saved, and never one whose end was', () => {
    const core = coreDriver(
      graphOf({ a: step({ checkpoint: true }), b: step(), c: step() }, [
        ['a', 'b'],
        ['b', 'c'],
      ]),
    );
    core.start();
    core.finish('a', ok());
    core.finish('b', ok());
    expect(core.step('b')).toMatchObject({ status: 'confirmed', provisional: true, word: 'started' });
    core.crash();
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['a', 'b', 'c', 'b', 'c']);
    expect(core.step('b').attempts).toMatchObject([{ outcome: 'abandoned' }, { repeated: true }]);
  });

  test('of a run that has ended changes nothing', () => {
    const core = coreDriver(graphOf({ a: step() }));
    core.start();
    core.drive();
    const before = core.state();
    core.crash();
    expect(core.state()).toEqual(before);
  });
});
