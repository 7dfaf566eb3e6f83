/** What people do to a run that goes wrong: pause, resume, try again from a step, give its result. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core, type CoreOptions } from '../../../test/harness/core.ts';
import { orderUndo } from './undo.ts';
import { effectStep, graphOf, step, type DocumentInput } from '../../../test/harness/graph.ts';

const by = 'person:grace';
const failing: DocumentInput = { settings: { onFailure: 'fail' } };
const retry = (core: Core, key: string) => core.turn({ type: 'retry_step', step: key, by, reason: 'Again' });
const skip = (core: Core, key: string, output: unknown = { by: 'hand' }) =>
  core.turn({ type: 'skip_step', step: key, by, reason: 'Known', output, ports: ['out'] });
const pause = (core: Core) => core.turn({ type: 'pause_run', by, reason: 'Lunch' });
const resume = (core: Core) => core.turn({ type: 'resume_run', by });
const statuses = (core: Core) =>
  Object.fromEntries(Object.values(core.state().steps).map(({ key, status }) => [key, status]));

function chain(options: CoreOptions = {}, extra: DocumentInput = {}): Core {
  const graph = graphOf(
    { a: step(), b: step(), c: step() },
    [
      ['a', 'b'],
      ['b', 'c'],
    ],
    extra,
  );
  const core = coreDriver(graph, options);
  core.start();
  return core;
}

describe('A paused run', () => {
  test('ends what is under way, begins nothing, and says so', () => {
    const core = chain();
    expect(pause(core)).toBeUndefined();
    expect(core.state()).toMatchObject({ word: 'started', paused: { by, reason: 'Lunch', at: core.now() } });
    core.finish('a', ok(1));
    expect(core.running()).toEqual([]);
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'paused' });
    expect(core.step('a').status).toBe('confirmed');
    expect(core.wakeAt()).toBeUndefined();
    expect(resume(core)).toBeUndefined();
    expect(core.running()).toEqual(['b']);
    expect(core.state().paused).toBeUndefined();
  });

  test('fires no timer and no ladder, and catches up once it goes on', () => {
    const gate = { owner: 'role:clerk', dueMs: 1_000, ladder: [{ owner: 'role:lead', dueMs: 1_000 }] };
    const core = coreDriver(graphOf({ a: step({ gates: { after: gate } }), b: step() }));
    core.start();
    core.finish('a', ok(1));
    core.finish('b', { outcome: { suspend: true, dueAt: core.now() + 500, output: null } });
    pause(core);
    core.advance(5_000);
    const [task] = core.openTasks();
    expect(task).toMatchObject({ owner: 'role:clerk' });
    expect(core.turn({ type: 'escalate_task', taskId: task?.taskId ?? '' })).toMatchObject({ code: 'conflict' });
    expect(core.step('b').status).toBe('timer');
    resume(core);
    expect(core.openTasks()).toMatchObject([{ owner: 'role:lead', rung: 1 }]);
    expect(core.step('b').status).toBe('confirmed');
  });

  test('may still be decided on, and goes on from the decision when it is resumed', () => {
    const core = coreDriver(graphOf({ a: step({ gates: { after: { owner: 'role:x' } } }), b: step() }, [['a', 'b']]));
    core.start();
    core.finish('a', ok(1));
    pause(core);
    expect(core.decide('a', 'approve')).toBeUndefined();
    expect(core.step('a').status).toBe('confirmed');
    expect(core.running()).toEqual([]);
    resume(core);
    expect(core.running()).toEqual(['b']);
  });

  test('stays paused over a crash', () => {
    const core = chain();
    pause(core);
    core.crash();
    expect(core.running()).toEqual([]);
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'paused' });
    resume(core);
    core.drive();
    expect(core.state().word).toBe('complete');
  });

  test('is not rolled back by itself before it goes on', () => {
    const graph = graphOf(
      { pay: effectStep('idempotent', { compensate: { kind: 'test', config: {} } }), b: step() },
      [],
      { settings: { onFailure: 'rollback' } },
    );
    const core = coreDriver(graph);
    core.start();
    core.finish('pay', ok(1));
    pause(core);
    core.finish('b', failure('refused'));
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'paused' });
    expect(core.types()).not.toContain('rollback_started');
    resume(core);
    core.drive();
    expect(core.state().word).toBe('rolled_back');
  });

  test('is not turned back by a rule before it goes on', () => {
    const rule = { on: 'retries_exhausted' as const, owner: 'role:ops', then: 'rollback' as const };
    const core = coreDriver(graphOf({ a: step({ escalation: [rule] }), b: step() }));
    core.start();
    pause(core);
    core.finish('a', failure('refused'));
    expect(core.types()).not.toContain('rollback_started');
    core.finish('b', ok());
    expect(core.types()).not.toContain('rollback_started');
    resume(core);
    expect(core.types()).toContain('rollback_started');
  });

  test('is rolled back at once when a person asks for it', () => {
    const core = chain();
    pause(core);
    core.finish('a', ok(1));
    expect(core.turn({ type: 'rollback_run', by, reason: 'Wrong' })).toBeUndefined();
    expect(core.types()).toContain('run_resumed');
    expect(core.state()).toMatchObject({ word: 'rolled_back' });
  });

  test('waits in the middle of its rollback too', () => {
    const undo = { compensate: { kind: 'test', config: {} } };
    const core = coreDriver(graphOf({ pay: effectStep('idempotent', undo) }));
    core.start();
    core.finish('pay', ok(1));
    core.turn({ type: 'rollback_run', by });
    pause(core);
    core.finish('pay!undo', failure('unavailable'));
    expect(core.state()).toMatchObject({ word: 'escalated' });
    core.decide('pay!undo', 'not_happened');
    expect(core.running()).toEqual([]);
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'paused' });
    resume(core);
    core.drive();
    expect(core.state()).toMatchObject({ word: 'rolled_back' });
  });

  test('can be cancelled, and is no longer paused at its end', () => {
    const core = chain();
    pause(core);
    core.cancel();
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'cancelled' });
    expect(core.state().paused).toBeUndefined();
  });

  test('is paused once, resumed once, and not at all after its end', () => {
    const core = chain();
    expect(resume(core)).toMatchObject({ code: 'conflict', message: 'The run is not paused' });
    pause(core);
    expect(pause(core)).toMatchObject({ message: 'The run was already paused by person:grace' });
    core.cancel();
    expect(pause(core)).toMatchObject({ message: 'The run has already ended (cancelled)' });
    const cancelling = coreDriver(graphOf({ a: effectStep('idempotent') }));
    cancelling.start();
    cancelling.cancel();
    expect(pause(cancelling)).toMatchObject({ message: 'The run is being cancelled' });
  });
});

describe('Trying again from a failed step', () => {
  test('reopens the run; what succeeded stays, what was ended with it begins again', () => {
    const core = coreDriver(
      graphOf(
        {
          a: step({ checkpoint: true }),
          b: step({ retry: { retriers: [{ errors: ['*'], intervalMs: 10, maxRetries: 1 }] } }),
          side: step(),
          c: step(),
        },
        [
          ['a', 'b'],
          ['a', 'side'],
          ['b', 'c'],
        ],
        failing,
      ),
    );
    core.start();
    core.finish('a', ok(1));
    core.finish('side', { outcome: { suspend: true, dueAt: core.now() + 60_000, output: null } });
    core.finish('b', failure('unavailable'));
    core.advance(10);
    core.finish('b', failure('unavailable'));
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'unavailable' });
    expect(statuses(core)).toEqual({ a: 'confirmed', b: 'failed', side: 'failed' });

    expect(retry(core, 'b')).toBeUndefined();
    expect(core.running()).toEqual(['b', 'side']);
    expect(core.state()).toMatchObject({ word: 'started' });
    expect(core.state().end).toBeUndefined();
    expect(core.step('b').record.map(({ word, reason }) => [word, reason])).toContainEqual(['started', 'retry']);
    core.finish('b', failure('unavailable'));
    expect(core.step('b')).toMatchObject({ status: 'retry', retries: [1] });
    core.drive();
    expect(core.state().word).toBe('complete');
    expect(core.calls.filter((call) => call.step === 'a')).toHaveLength(1);
    expect(core.events().find((event) => event.type === 'run_reopened')).toMatchObject({
      step: 'b',
      by,
      reason: 'Again',
    });
  });

  test('goes on after a crash in the middle', () => {
    const core = chain({ script: { b: [failure('refused')] } }, failing);
    core.drive();
    expect(core.state().word).toBe('failed');
    core.turn({ type: 'retry_step', step: 'b', by });
    core.crash();
    core.drive();
    expect(core.state().word).toBe('complete');
    expect(core.calls.filter((call) => call.step === 'a')).toHaveLength(1);
  });

  test('follows what ended while the run was failing', () => {
    const graph = graphOf(
      { fork: step(), bad: step(), left: step(), right: step() },
      [
        ['fork:out', 'left'],
        ['fork:other', 'right'],
      ],
      failing,
    );
    const core = coreDriver(graph);
    core.start();
    core.finish('bad', failure('refused'));
    core.finish('fork', ok(1));
    expect(core.state().word).toBe('failed');
    retry(core, 'bad');
    core.drive();
    expect(core.state().word).toBe('complete');
    expect(statuses(core)).toMatchObject({ left: 'confirmed', right: 'skipped' });
  });

  test('keeps the key of an effect that did not happen', () => {
    const core = coreDriver(graphOf({ pay: effectStep('once') }, [], failing), {
      script: { pay: [failure('refused')] },
    });
    core.start();
    core.drive();
    retry(core, 'pay');
    core.drive();
    expect(core.calls.map((call) => call.key)).toEqual([core.calls[0]?.key, core.calls[0]?.key]);
    expect(core.state().word).toBe('complete');
  });

  test('is refused while nobody knows whether its effect happened', () => {
    const core = coreDriver(graphOf({ pay: effectStep('once') }, [], failing));
    core.start();
    core.finish('pay', failure('timeout'));
    expect(retry(core, 'pay')?.message).toMatch(
      /^Nobody knows whether POST test:\/\/pay happened; answer the item task_1/,
    );
    core.decide('pay', 'give_up');
    expect(core.state().word).toBe('failed');
    expect(retry(core, 'pay')?.message).toMatch(/roll the run back to settle it$/);
  });

  test('asks again about the effects of other steps that nobody knows about', () => {
    const graph = graphOf({ a: step(), pay: effectStep('once') }, [], failing);
    const core = coreDriver(graph);
    core.start();
    core.finish('pay', failure('timeout'));
    core.finish('a', failure('refused'));
    core.decide('pay', 'give_up');
    expect(core.state()).toMatchObject({ word: 'failed' });
    retry(core, 'a');
    expect(core.openTasks()).toMatchObject([{ kind: 'in_doubt', step: 'pay' }]);
    core.drive();
    core.decide('pay', 'not_happened');
    core.drive();
    expect(core.state().word).toBe('complete');
  });

  test('is refused after a part of its effect happened', () => {
    const core = coreDriver(graphOf({ pay: effectStep('once') }, [], failing));
    core.start();
    core.finish('pay', failure('partial'));
    expect(core.state()).toMatchObject({ word: 'failed', openEffects: 1 });
    expect(retry(core, 'pay')?.message).toMatch(/^POST test:..pay of pay has happened in part; trying again/);
  });

  test('is refused after its effect happened, and so is trying again beside such a step', () => {
    const graph = graphOf(
      { a: step(), pay: effectStep('once', { gates: { after: { owner: 'role:x' } } }) },
      [],
      failing,
    );
    const core = coreDriver(graph);
    core.start();
    core.finish('pay', ok(1));
    core.decide('pay', 'reject', { reason: 'No' });
    core.finish('a', failure('refused'));
    expect(core.state().word).toBe('failed');
    expect(retry(core, 'pay')?.message).toMatch(/trying again would do it twice/);
    expect(retry(core, 'a')?.message).toBe(
      'POST test://pay of pay has happened; trying again would do it twice: give its result with skip first',
    );
    expect(skip(core, 'pay', 'kept')).toBeUndefined();
    core.drive();
    expect(core.state()).toMatchObject({ word: 'complete', output: { a: null, pay: 'kept' } });
  });

  test('before the run has ended, while its other steps are still settled', () => {
    const graph = graphOf({ a: step(), b: step() }, [], failing);
    const core = coreDriver(graph);
    core.start();
    core.finish('a', failure('refused'));
    expect(core.state().word).toBe('started');
    expect(retry(core, 'a')).toBeUndefined();
    core.drive();
    expect(core.state().word).toBe('complete');
  });

  test('is the answer "try again" when somebody is asked about the step', () => {
    const core = chain({ script: { a: [failure('refused')] } }, { settings: { onFailure: 'pause' } });
    core.drive();
    expect(core.state().word).toBe('escalated');
    expect(core.turn({ type: 'retry_step', step: 'a', by })).toBeUndefined();
    core.drive();
    expect(core.state().word).toBe('complete');
    expect(core.types()).not.toContain('run_reopened');
    const again = chain({ script: { a: [failure('refused')] } }, { settings: { onFailure: 'pause' } });
    again.drive();
    expect(retry(again, 'a')).toBeUndefined();
    expect(again.state().tasks['task_1']?.decision).toMatchObject({ answer: 'retry', reason: 'Again', by });
  });

  test('is refused where there is nothing to try again, with the reason', () => {
    const handled = coreDriver(graphOf({ a: step(), b: step(), c: step() }, [['a:failed', 'b']], failing), {
      script: { a: [failure('refused')], c: [failure('refused')] },
    });
    handled.start();
    expect(retry(handled, 'a')?.message).toBe('Step a has not failed, so there is nothing to try again');
    expect(retry(handled, 'b')?.message).toBe('Step b has not failed, so there is nothing to try again');
    handled.drive();
    expect(retry(handled, 'a')?.message).toBe('Step a has ended; the run went on along its path "failed"');
    expect(retry(handled, 'zebra')).toMatchObject({ code: 'not_found' });
    expect(retry(handled, 'a!undo')).toMatchObject({ code: 'not_found' });

    const complete = chain();
    complete.drive();
    expect(retry(complete, 'a')?.message).toBe('The run has already ended (complete)');

    const cancelling = coreDriver(graphOf({ a: effectStep('idempotent') }));
    cancelling.start();
    cancelling.cancel();
    expect(retry(cancelling, 'a')?.message).toBe('The run is being cancelled');

    const turned = chain({ script: { b: [failure('refused')] } }, failing);
    turned.drive();
    turned.turn({ type: 'rollback_run', by });
    expect(retry(turned, 'b')?.message).toBe('The run was turned back; fork it to go forward again');
  });

  test('a cancelled run goes on when somebody tries again from a step it ended', () => {
    const core = chain();
    core.finish('a', ok(1));
    core.cancel();
    expect(core.step('b').status).toBe('failed');
    expect(retry(core, 'b')).toBeUndefined();
    core.drive();
    expect(core.state().word).toBe('complete');
    expect(core.state().cancelling).toBeUndefined();
  });
});

test('Nothing is tried again or given while the step is being undone', () => {
  const undoable = effectStep('idempotent', { compensate: { kind: 'test', config: {} } });
  const core = coreDriver(graphOf({ pay: undoable, b: step() }, [['pay', 'b']]));
  core.start();
  core.finish('pay', ok(1));
  core.change((turn) => orderUndo(turn, { steps: ['pay', 'b'], because: 'checkpoint', by, then: { type: 'reset' } }));
  const message = 'What b changed is being undone; wait for the end of that';
  expect(skip(core, 'b')).toEqual({ code: 'conflict', message });
  expect(retry(core, 'b')).toEqual({ code: 'conflict', message });
});

describe('Giving the result of a step', () => {
  test('of one that is not reached yet: what comes after it uses it', () => {
    const core = chain();
    expect(skip(core, 'b')).toBeUndefined();
    expect(core.step('b')).toMatchObject({
      status: 'confirmed',
      output: { by: 'hand' },
      supplied: { by, verified: false, reason: 'Known' },
    });
    expect(core.step('b').record).toMatchObject([{ word: 'confirmed', reason: 'supplied', by }]);
    expect(core.running()).toEqual(['a', 'c']);
    core.drive();
    expect(core.state().word).toBe('complete');
    expect(core.calls.some((call) => call.step === 'b')).toBe(false);
  });

  test('of one that waits to be tried again, or for a review: nobody is asked any more', () => {
    const waiting = coreDriver(graphOf({ a: step({ gates: { before: { owner: 'role:x' } } }) }));
    waiting.start();
    expect(waiting.turn({ type: 'skip_step', step: 'a', by, output: 7, ports: ['out'] })).toBeUndefined();
    expect(waiting.openTasks()).toEqual([]);
    expect(waiting.state()).toMatchObject({ word: 'complete', output: 7 });
    expect(waiting.step('a').supplied).toEqual({ by, verified: false });
  });

  test('as the answer to an escalation', () => {
    const core = chain({ script: { a: [failure('refused')] } }, { settings: { onFailure: 'pause' } });
    core.drive();
    expect(core.decide('a', 'skip')?.message).toBe('Give the result that the step should have');
    expect(core.decide('a', 'skip', { value: 5, reason: 'Looked it up' })).toBeUndefined();
    expect(core.state().tasks['task_1']?.decision).toMatchObject({ answer: 'skip', by, reason: 'Looked it up' });
    expect(core.step('a')).toMatchObject({ output: 5, supplied: { by, verified: false, reason: 'Looked it up' } });
    core.drive();
    expect(core.state().word).toBe('complete');
    const short = chain({ script: { a: [failure('refused')] } }, { settings: { onFailure: 'pause' } });
    short.drive();
    expect(short.decide('a', 'skip', { value: null })).toBeUndefined();
    expect(short.state().tasks['task_1']?.decision).toEqual({ answer: 'skip', by, at: short.now(), verified: false });
  });

  test('says whether who gave it proved who they are', () => {
    const core = chain({ script: { a: [failure('refused')] } }, { settings: { onFailure: 'pause' } });
    core.drive();
    core.decide('a', 'skip', { value: 5, verified: true });
    expect(core.step('a').supplied).toEqual({ by, verified: true });
  });

  test('is refused where it would go round a loop once more than that may', () => {
    const loop = { loop: { maxIterations: 1 } };
    const core = coreDriver(
      graphOf({ a: step(), b: step(), c: step() }, [
        ['a', 'b'],
        ['b:again', 'a', loop],
        ['b', 'c'],
      ]),
    );
    core.start();
    core.finish('a', ok());
    const again = { type: 'skip_step' as const, step: 'b', by, output: 1, ports: ['again'] };
    core.finish('b', { outcome: { suspend: true, dueAt: core.now() + 9_000, output: null } });
    expect(core.turn(again)?.message).toMatch(/^The loop back to “a” has run/);
  });

  test('of one that is escalated, without going to the item', () => {
    const core = chain({ script: { a: [failure('refused')] } }, { settings: { onFailure: 'pause' } });
    core.drive();
    skip(core, 'a');
    expect(core.openTasks()).toEqual([]);
    core.drive();
    expect(core.state().word).toBe('complete');
  });

  test('of one that failed: the run is reopened', () => {
    const core = chain({ script: { b: [failure('refused')] } }, failing);
    core.drive();
    expect(skip(core, 'b')).toBeUndefined();
    core.drive();
    expect(core.state().word).toBe('complete');
    expect(core.types().filter((type) => type === 'run_reopened')).toHaveLength(1);
  });

  test('is refused beside a step that can neither end nor begin again', () => {
    const graph = graphOf(
      { a: step(), pay: effectStep('once', { gates: { after: { owner: 'role:x' } } }) },
      [],
      failing,
    );
    const core = coreDriver(graph);
    core.start();
    core.finish('pay', ok(1));
    core.decide('pay', 'reject', { reason: 'No' });
    core.finish('a', failure('refused'));
    expect(skip(core, 'a')?.message).toMatch(/give its result with skip first$/);
  });

  test('is refused while it runs, after it ended, and while its effect is not settled', () => {
    const core = chain();
    expect(skip(core, 'a')?.message).toBe('Step a is running; wait for its end');
    core.finish('a', ok(1));
    expect(skip(core, 'a')?.message).toBe('Step a has ended (confirmed)');
    expect(skip(core, 'zebra')).toMatchObject({ code: 'not_found' });

    const retried = { retry: { retriers: [{ errors: ['*'], intervalMs: 1_000, maxRetries: 3 }] } };
    const pay = coreDriver(graphOf({ pay: effectStep('idempotent', retried), once: effectStep('once') }));
    pay.start();
    pay.finish('pay', failure('unavailable'));
    expect(skip(pay, 'pay')?.message).toMatch(/must be settled first$/);
    pay.finish('once', failure('timeout'));
    expect(skip(pay, 'once')?.message).toMatch(/^Nobody knows whether/);
  });

  test('only where an item offers it, and only for an item of this run', () => {
    const core = coreDriver(graphOf({ a: step({ gates: { after: { owner: 'role:x' } } }) }));
    core.start();
    core.finish('a', ok(1));
    expect(core.decide('a', 'skip', { value: 1 })).toMatchObject({ code: 'refused' });
    expect(core.turn({ type: 'decide_task', taskId: 'other', answer: 'skip', by })).toMatchObject({
      code: 'not_found',
    });
  });
});
