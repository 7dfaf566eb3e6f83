/** Escalation rules with limits: unsure or dear results, waits that last too long, and ladders for every item. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type StepInput } from '../../../test/harness/graph.ts';

type Rule = NonNullable<StepInput['escalation']>[number];

const rule = (on: Rule['on'], more: Partial<Rule> = {}): Rule => ({ on, owner: 'role:ops', ...more });
const opened = (core: Core) => core.openTasks();

function withRule(patch: Partial<StepInput>, common: Rule[] = []): Core {
  const core = coreDriver(
    graphOf(
      { a: step(patch), b: step(), help: step() },
      [
        ['a', 'b'],
        ['a:failed', 'help', { onErrors: ['code:never'] }],
      ],
      { settings: { onFailure: 'pause', ...(common.length > 0 ? { escalation: common } : {}) } },
    ),
  );
  core.start();
  return core;
}

describe('A rule about confidence', () => {
  const below = (more: Partial<Rule> = {}) => rule('confidence_below', { below: 0.5, ...more });

  test.each([
    ['a number below it', { confidence: 0.4 }, '0.4'],
    ['no confidence at all', { amount: 1 }, '0'],
    ['one that is no number', { confidence: 'high' }, '0'],
    ['no object', null, '0'],
  ])('on a step hands %s to its owner, with the result', (_what, output, measured) => {
    const core = withRule({ escalation: [below()] });
    core.finish('a', ok(output));
    expect(opened(core)).toMatchObject([
      { on: 'confidence_below', owner: 'role:ops', allow: ['approve', 'retry', 'give_up', 'skip'] },
    ]);
    expect(opened(core)[0]?.message).toBe(`The confidence is ${measured}; the rule asks below 0.5`);
    expect(core.state()).toMatchObject({ word: 'escalated', reason: 'confidence_below' });
    expect(core.decide('a', 'approve')).toBeUndefined();
    expect(core.step('a')).toMatchObject({ status: 'confirmed', output });
    expect(core.running()).toEqual(['b']);
  });

  test('of the workflow speaks only where a confidence is stated', () => {
    const core = withRule({}, [below()]);
    core.finish('a', ok({ amount: 1 }));
    expect(opened(core)).toEqual([]);
    core.finish('b', ok({ confidence: null }));
    expect(opened(core)).toMatchObject([{ step: 'b', place: '/settings/escalation/0' }]);
  });

  test('has the step done again, or given up, as its owner says', () => {
    const core = withRule({ escalation: [below()] });
    core.finish('a', ok({ confidence: 0.1 }));
    core.decide('a', 'retry');
    expect(core.running()).toEqual(['a']);
    core.finish('a', ok({ confidence: 0.2 }));
    core.decide('a', 'give_up');
    expect(core.state().word).toBe('failed');
  });

  test('does not have a change done twice', () => {
    const core = coreDriver(graphOf({ a: effectStep('once', { escalation: [below()] }) }));
    core.start();
    core.finish('a', ok({}));
    expect(opened(core)).toMatchObject([{ allow: ['approve', 'give_up', 'skip'] }]);
  });

  test('fails, rolls back or takes the other path at once when it says so', () => {
    const fail = withRule({ escalation: [below({ then: 'fail' })] });
    fail.finish('a', ok({}));
    expect(fail.state()).toMatchObject({ end: 'failed', reason: 'low_confidence' });
    const back = withRule({ escalation: [below({ then: 'rollback' })] });
    back.finish('a', ok({}));
    expect(back.state()).toMatchObject({ end: 'rolled_back' });
    const other = withRule({ escalation: [below({ then: 'fallback' })] });
    other.finish('a', ok({}));
    expect(other.running()).toEqual(['help']);
    const nowhere = coreDriver(graphOf({ a: step({ escalation: [below({ then: 'fallback' })] }) }));
    nowhere.start();
    nowhere.finish('a', ok({}));
    expect(opened(nowhere)).toHaveLength(1);
  });

  test('is not asked about what undoes a step', () => {
    const undo = { compensate: { kind: 'test', config: {} }, escalation: [below()] };
    const core = coreDriver(graphOf({ pay: effectStep('idempotent', undo) }));
    core.start();
    core.finish('pay', ok({ confidence: 1 }));
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.finish('pay!undo', ok({}));
    expect(core.state().word).toBe('rolled_back');
  });
});

describe('A rule about cost', () => {
  const over = (micros: number, more: Partial<Rule> = {}) => rule('cost_over', { micros, ...more });

  test('asks at the end of the step that crosses it, and only once', () => {
    const core = withRule({}, [over(5)]);
    core.finish('a', ok(1, { costMicros: 6 }));
    expect(opened(core)).toMatchObject([{ on: 'cost_over', step: 'a', owner: 'role:ops' }]);
    core.decide('a', 'approve');
    core.finish('b', ok(1, { costMicros: 6 }));
    expect(core.state().word).toBe('complete');
  });

  test('does not ask about what costs just as much as it allows', () => {
    const core = withRule({}, [over(6)]);
    core.finish('a', ok(1, { costMicros: 6 }));
    expect(opened(core)).toEqual([]);
  });

  test('does not ask two people the same at once', () => {
    const core = coreDriver(graphOf({ a: step(), b: step() }, [], { settings: { escalation: [over(5)] } }));
    core.start();
    core.finish('a', ok(1, { costMicros: 6 }));
    core.finish('b', ok(1, { costMicros: 6 }));
    expect(opened(core)).toHaveLength(1);
  });

  test('on a step counts all its attempts and nothing else, and can pause the run', () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 0, maxRetries: 1 }] };
    const core = withRule({ retry, escalation: [over(5, { then: 'pause' })] });
    const lost = failure('unavailable');
    core.finish('a', { outcome: { ...lost.outcome, costMicros: 3 } as typeof lost.outcome });
    core.finish('a', ok(1, { costMicros: 3 }));
    expect(opened(core)).toMatchObject([{ step: 'a', pausesRun: true, place: '/steps/a/escalation/0' }]);
    expect(opened(core)[0]?.message).toContain('This step has cost');
  });
});

describe('A rule about waiting', () => {
  const wait = (more: Partial<Rule> = {}) => rule('waits_longer_than', { ms: 1_000, ...more });
  const gates = { after: { owner: 'role:lead' } };

  test('opens an item while the review goes on, and the item closes with the wait', () => {
    const core = withRule({ gates }, [wait()]);
    core.finish('a', ok(1));
    expect(core.wakeAt()).toBe(core.now() + 1_000);
    core.advance(999);
    expect(opened(core)).toHaveLength(1);
    core.advance(1);
    expect(opened(core)).toMatchObject([
      { kind: 'review', owner: 'role:lead' },
      {
        on: 'waits_longer_than',
        owner: 'role:ops',
        message: '“a” has waited longer than 1 s for a review by role:lead',
      },
    ]);
    expect(core.step('a').status).toBe('review');
    core.advance(100_000);
    expect(opened(core)).toHaveLength(2);
    core.decide('a', 'approve');
    expect(opened(core)).toEqual([]);
    expect(core.running()).toEqual(['b']);
  });

  test('fires once when the other path has to wait until what was done is undone', () => {
    const core = coreDriver(
      graphOf(
        {
          a: effectStep('idempotent', {
            gates,
            escalation: [wait({ then: 'fallback' })],
            compensate: { kind: 'test', config: {}, effect: 'idempotent' },
          }),
          b: step(),
        },
        [['a:failed', 'b']],
      ),
    );
    core.start();
    core.finish('a', ok(1));
    core.advance(1_000);
    core.advance(100_000);
    expect(core.running()).toEqual(['a!undo']);
    expect(core.wakeAt()).toBeUndefined();
    expect(core.types().filter((type) => type === 'undo_ordered')).toHaveLength(1);
    core.finish('a!undo', ok(1));
    expect(core.running()).toEqual(['b']);
  });

  test('fires once after a sleep, and not again when the clock goes back', () => {
    const core = withRule({ gates }, [wait()]);
    core.finish('a', ok(1));
    core.advance(5_000_000);
    core.advance(-4_999_500);
    core.advance(5_000_000);
    expect(opened(core)).toHaveLength(2);
    expect(core.turn({ type: 'escalate_wait', step: 'a' })).toMatchObject({ code: 'conflict' });
  });

  test('survives a crash before and after it fired', () => {
    const core = withRule({ gates }, [wait()]);
    core.finish('a', ok(1));
    core.crash();
    core.advance(1_000);
    core.crash();
    core.advance(1_000);
    expect(opened(core)).toHaveLength(2);
  });

  test('lets it wait on when its owner says so, and ends it when they give up', () => {
    const core = withRule({ gates }, [wait()]);
    core.finish('a', ok(1));
    core.advance(1_000);
    const item = opened(core).find((task) => task.isWait);
    const answer = { type: 'decide_task', taskId: item?.taskId ?? '', by: 'person:ada' } as const;
    expect(core.turn({ ...answer, answer: 'approve' })).toBeUndefined();
    expect(core.step('a').status).toBe('review');
    const other = withRule({ gates }, [wait()]);
    other.finish('a', ok(1));
    other.advance(1_000);
    other.turn({ ...answer, taskId: opened(other).find((task) => task.isWait)?.taskId ?? '', answer: 'give_up' });
    expect(other.state()).toMatchObject({ word: 'failed', reason: 'timeout' });
    expect(other.step('a').error?.message).toBe('person:ada gave up waiting for “a”');
  });

  test('of the step comes before the workflow’s, and of several the shortest', () => {
    const core = withRule({ gates, escalation: [wait({ ms: 5_000 }), wait({ ms: 3_000 })] }, [wait()]);
    core.finish('a', ok(1));
    expect(core.wakeAt()).toBe(core.now() + 3_000);
  });

  test('counts the wait for the next try, but not the time a step was drawn to wait', () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 9_000, maxRetries: 2 }] };
    const core = withRule({ retry }, [wait()]);
    core.finish('a', failure('unavailable'));
    core.advance(1_000);
    expect(opened(core)[0]?.message).toBe('“a” has waited longer than 1 s for its next try');
    core.advance(8_000);
    expect(core.running()).toEqual(['a']);
    expect(opened(core)).toEqual([]);
    const timer = withRule({}, [wait()]);
    timer.finish('a', { outcome: { suspend: true, dueAt: timer.now() + 9_000, output: 1 } });
    timer.advance(2_000);
    expect(opened(timer)).toEqual([]);
  });

  test('pauses, fails, rolls back or takes the other path when it says so', () => {
    const lived = (then: Rule['then']) => {
      const core = withRule({ gates }, [wait({ ...(then ? { then } : {}) })]);
      core.finish('a', ok(1));
      core.advance(1_000);
      return core;
    };
    expect(lived('pause').openTasks()).toMatchObject([{}, { pausesRun: true }]);
    expect(lived('fail').state()).toMatchObject({ end: 'failed', reason: 'timeout' });
    expect(lived('rollback').state()).toMatchObject({ end: 'rolled_back' });
    expect(lived('fallback').running()).toEqual(['help']);
  });

  test('asks first about a change that may still happen', () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 9_000, maxRetries: 2 }] };
    const lived = (then: Rule['then']) => {
      const core = coreDriver(
        graphOf({ a: effectStep('idempotent', { retry, escalation: [wait({ ...(then ? { then } : {}) })] }) }),
      );
      core.start();
      core.finish('a', failure('unavailable'));
      core.advance(1_000);
      return core;
    };
    expect(lived('fail').openTasks()).toMatchObject([{ kind: 'in_doubt' }]);
    expect(lived(undefined).openTasks()).toMatchObject([{ isWait: true, allow: ['approve'] }]);
  });

  test('without a limit asks as soon as the step waits', () => {
    const core = withRule({ gates }, [rule('waits_longer_than')]);
    core.finish('a', ok(1));
    expect(opened(core)).toHaveLength(2);
  });

  test('counts the wait for a signal', () => {
    const core = withRule({}, [wait()]);
    core.finish('a', { outcome: { suspend: true, signal: 'paid' } });
    core.advance(1_000);
    expect(opened(core)[0]?.message).toBe('“a” has waited longer than 1 s for its signal');
  });

  test('is held while the run is paused, and has no say while it is turned back', () => {
    const core = withRule({ gates }, [wait()]);
    core.finish('a', ok(1));
    core.turn({ type: 'pause_run', by: 'person:ada' });
    core.advance(2_000);
    expect(opened(core)).toHaveLength(1);
    core.turn({ type: 'resume_run', by: 'person:ada' });
    expect(opened(core)).toHaveLength(2);
  });
});

describe('An escalation with a due time', () => {
  test('climbs the ladder of its rule, and ends at the owner of the workflow', () => {
    const ladder = [{ owner: 'role:head', dueMs: 2_000 }];
    const core = withRule({ escalation: [rule('retries_exhausted', { dueMs: 1_000, ladder })] });
    core.finish('a', failure('refused'));
    expect(opened(core)).toMatchObject([{ owner: 'role:ops', dueAt: core.now() + 1_000 }]);
    core.advance(1_000);
    expect(opened(core)).toMatchObject([{ owner: 'role:head', rung: 1, dueAt: core.now() + 2_000 }]);
    core.advance(2_000);
    expect(opened(core)).toMatchObject([{ owner: 'role:lead', rung: 2 }]);
    expect(opened(core)[0]).not.toHaveProperty('dueAt');
    expect(core.wakeAt()).toBeUndefined();
  });

  test('leaves a step waiting that only waits too long', () => {
    const core = withRule({ gates: { after: { owner: 'role:lead' } } }, [
      rule('waits_longer_than', { ms: 1_000, dueMs: 1_000 }),
    ]);
    core.finish('a', ok(1));
    core.advance(1_000);
    core.advance(1_000);
    expect(opened(core)).toMatchObject([{ kind: 'review' }, { owner: 'role:lead', rung: 1 }]);
    expect(core.step('a').status).toBe('review');
  });

  test('of an overdue review goes on above the rule for it', () => {
    const core = withRule({ gates: { after: { owner: 'role:clerk', dueMs: 1_000 } } }, [
      rule('review_overdue', { dueMs: 1_000, ladder: [{ owner: 'role:head', dueMs: 1_000 }] }),
    ]);
    core.finish('a', ok(1));
    const owners = [1, 2, 3].map(() => {
      core.advance(1_000);
      return opened(core)[0]?.owner;
    });
    expect(owners).toEqual(['role:ops', 'role:head', 'role:lead']);
  });
});
