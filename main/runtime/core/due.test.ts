/** What should be happening now, when a run is parked, and the names a step goes by. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step } from '../../../test/harness/graph.ts';
import { foldRun } from '../../../shared/run/evolve.ts';
import { decide } from './decide.ts';
import { due, isDue, isParked } from './due.ts';
import { stepIdOf } from '../../../shared/run/keys.ts';

const graph = graphOf({ a: step(), b: step(), pay: effectStep('once') }, [['a', 'b']]);

describe('What is due', () => {
  test('is the visit that a loop brought a step to, and no other', () => {
    const core = coreDriver(graphOf({ a: step() }));
    core.start();
    const state = { ...core.state(), steps: {}, active: 0, visits: { a: 3 } };
    expect(due(state, core.now(), graph).tasks).toContainEqual({ type: 'prepare', step: 'a#3' });
    const isToBegin = (key: string) => isDue(state, core.now(), graph, key, 'prepare');
    expect(['a', 'a#2', 'a#3', 'a!undo', 'z'].map(isToBegin)).toEqual([false, false, true, false, false]);
  });

  test('is to prepare what may begin and to execute what has begun', () => {
    const core = coreDriver(graph);
    const started = decide(
      undefined,
      {
        type: 'start_run',
        workflowId: 'w',
        workflowName: 'W',
        version: 'v1',
        owner: 'role:lead',
        input: null,
        env: {},
        by: 'cli',
      },
      core.context(),
    );
    if (!started.ok) throw new Error(started.refusal.message);
    expect(due(started.state, core.now(), graph)).toEqual({
      tasks: [
        { type: 'prepare', step: 'a' },
        { type: 'prepare', step: 'pay' },
      ],
    });
    core.start();
    expect(due(core.state(), core.now(), graph)).toEqual({
      tasks: [
        { type: 'execute', step: 'a', attempt: 1 },
        { type: 'execute', step: 'pay', attempt: 1 },
      ],
    });
  });

  test('is nothing more in a run that has ended', () => {
    const core = coreDriver(graph);
    core.start();
    core.drive();
    expect(due(core.state(), core.now(), graph)).toEqual({ tasks: [] });
    expect(isDue(core.state(), core.now(), graph, 'a', 'prepare')).toBe(false);
  });

  test('is the earliest of several timers next, and all that came due together', () => {
    const core = coreDriver(graphOf({ a: step(), b: step(), c: step() }));
    core.start();
    for (const [key, ms] of [
      ['a', 3_000],
      ['b', 1_000],
      ['c', 2_000],
    ] as const)
      core.finish(key, { outcome: { suspend: true, dueAt: core.now() + ms, output: null } });
    expect(core.wakeAt()).toBe(core.now() + 1_000);
    expect(due(core.state(), core.now() + 2_500, core.context().graph)).toEqual({
      tasks: [
        { type: 'fire', step: 'b' },
        { type: 'fire', step: 'c' },
      ],
      wakeAt: core.now() + 3_000,
    });
  });

  test('never fires a timer twice when the clock jumps back', () => {
    const core = coreDriver(graphOf({ a: step(), b: step() }, [['a', 'b']]));
    core.start();
    core.finish('a', { outcome: { suspend: true, dueAt: core.now() + 5_000, output: null } });
    core.advance(5_000);
    expect(core.running()).toEqual(['b']);
    core.advance(-60_000);
    core.advance(60_000);
    expect(core.types().filter((type) => type === 'attempt_succeeded')).toHaveLength(1);
  });
});

describe('A run is parked', () => {
  test('when only a person can go on', () => {
    const core = coreDriver(graphOf({ a: step({ gates: { before: { owner: 'role:x' } } }) }));
    core.start();
    expect(isParked(core.state(), core.now(), 60_000, core.context().graph)).toBe(true);
  });

  test('when its next timer is further away than asked, and not when it is nearer or something runs', () => {
    const waiting = graphOf({ a: step() });
    const core = coreDriver(waiting);
    core.start();
    expect(isParked(core.state(), core.now(), 0, waiting)).toBe(false);
    core.finish('a', { outcome: { suspend: true, dueAt: core.now() + 60_001, output: null } });
    expect(isParked(core.state(), core.now(), 60_000, waiting)).toBe(true);
    expect(isParked(core.state(), core.now(), 60_001, waiting)).toBe(false);
  });
});

describe('A step that is not in this version of the graph', () => {
  test('cannot be decided about', () => {
    const core = coreDriver(graphOf({ a: step({ gates: { before: { owner: 'role:x' } } }) }));
    core.start();
    const other = { ...core.context(), graph: graphOf({ b: step() }) };
    const taskId = core.openTasks()[0]?.taskId ?? '';
    const decision = decide(core.state(), { type: 'decide_task', taskId, answer: 'approve', by: 'x' }, other);
    expect(decision).toMatchObject({ ok: false, refusal: { message: 'Step a is not in this version' } });
  });

  test('escalates to the owner of the workflow', () => {
    const core = coreDriver(graphOf({ pay: effectStep('once') }));
    core.start();
    const state = foldRun(core.journal());
    const other = { ...core.context(), graph: graphOf({ b: step() }) };
    const decision = decide(state, { type: 'recover' }, other);
    expect(decision.ok && Object.values(decision.state.tasks)).toMatchObject([{ owner: 'role:lead', on: 'in_doubt' }]);
  });

  test.each([
    ['decide', 'decide'],
    ['decide#2', 'decide'],
    ['each[3]', 'each'],
    ['each[3]/x#2', 'x'],
    ['a[1]/b[2]/c', 'c'],
  ])('is found by its key: %s is a visit of %s', (key, id) => {
    expect(stepIdOf(key)).toBe(id);
  });
});

describe('Provisional results', () => {
  test('keep the word started until anything durable takes them along', () => {
    const core = coreDriver(
      graphOf({ a: step(), b: step({ effect: 'read' }), c: step({ checkpoint: true }) }, [
        ['a', 'b'],
        ['b', 'c'],
      ]),
    );
    core.start();
    core.finish('a', ok());
    core.finish('b', ok());
    expect(core.step('a')).toMatchObject({ status: 'confirmed', provisional: true, word: 'started' });
    expect(core.state().savedSeq).toBeLessThan(core.state().lastSeq);
    expect(core.buffer().length).toBeGreaterThan(0);
    core.finish('c', ok());
    expect(core.buffer()).toEqual([]);
    for (const key of ['a', 'b', 'c']) expect(core.step(key)).toMatchObject({ provisional: false, word: 'confirmed' });
  });

  test.each([
    ['an effect intent', effectStep('once'), undefined],
    ['a gate', step({ gates: { before: { owner: 'role:x' } } }), undefined],
    ['a timer', step(), { outcome: { suspend: true as const, dueAt: 9e15, output: 1 } }],
    ['a retry', step({ retry: { retriers: [{ errors: ['*'], intervalMs: 9, maxRetries: 1 }] } }), failure('timeout')],
    ['the end of a checkpointed step', step({ checkpoint: true }), ok()],
    ['the end of the run', step(), ok()],
  ])('are saved by %s', (_name, second, reply) => {
    const core = coreDriver(graphOf({ a: step(), b: second }, [['a', 'b']]));
    core.start();
    core.finish('a', ok());
    if (reply) core.finish('b', reply);
    expect(core.step('a')).toMatchObject({ provisional: false, word: 'confirmed' });
    expect(core.buffer()).toEqual([]);
  });

  test('that were lost in a crash are made again', () => {
    const core = coreDriver(graphOf({ a: step(), b: step() }, [['a', 'b']]));
    core.start();
    core.finish('a', ok('first'));
    core.crash();
    expect(core.step('a')).toMatchObject({
      status: 'running',
      attempts: [{ outcome: 'abandoned' }, { repeated: true }],
    });
  });
});
