/** Steps whose dependency does not answer: they wait, find out, take their fallback, or are handed to a person. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core, type CoreOptions } from '../../../test/harness/core.ts';
import {
  effectStep,
  graphOf,
  step,
  type DocumentInput,
  type EdgeInput,
  type StepInput,
} from '../../../test/harness/graph.ts';
import { createDependencies, type Dependencies } from './dependencies.ts';

const policy = { failures: 2, openMs: 1_000, longestOpenMs: 8_000 };
const down = failure('unavailable');
const patient = { retriers: [{ errors: ['*'], intervalMs: 10, maxRetries: 9 }] };

/** What steps call is down: two failures have opened the breaker before the run begins. */
function opened(): Dependencies {
  const dependencies = createDependencies(policy);
  const core = runOf({ a: step({ retry: patient }) }, {}, { dependencies, runId: 'run_before' });
  core.finish('a', down);
  core.advance(10);
  core.finish('a', down);
  return dependencies;
}

function runOf(
  steps: Record<string, StepInput>,
  more: { edges?: EdgeInput[]; settings?: DocumentInput['settings'] },
  options: CoreOptions = {},
): Core {
  const core = coreDriver(graphOf(steps, more.edges ?? [], { settings: more.settings }), {
    dependencies: createDependencies(policy),
    prepare: (node) => ({
      config: {},
      dependency: 'http://x:80',
      ...(node.effect === 'pure' ? {} : { plan: { target: `POST ${node.id}`, request: {} } }),
    }),
    ...options,
  });
  core.start();
  return core;
}

describe('A step whose dependency does not answer', () => {
  test('waits without using a retry, is the probe when it is time, and goes on', () => {
    const core = runOf({ a: step() }, {}, { dependencies: opened() });
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'dependency', active: 0 });
    expect(core.step('a')).toMatchObject({ status: 'dependency', attempts: [], word: 'waiting' });
    const wakeAt = core.wakeAt() ?? 0;
    core.advance(wakeAt - core.now());
    expect(core.events().at(-1)).toMatchObject({ type: 'attempt_started', isProbe: true, dependency: 'http://x:80' });
    expect(core.buffer()).toEqual([]);
    core.finish('a', ok());
    expect(core.state()).toMatchObject({ end: 'complete', retriesUsed: 0 });
    expect(core.step('a')).not.toHaveProperty('waitsFor');
  });

  test('waits again while another one finds out, and goes on when that one was answered', () => {
    const dependencies = opened();
    const first = runOf({ a: step({ retry: patient }) }, {}, { dependencies, runId: 'run_1' });
    const second = runOf({ a: step() }, {}, { dependencies, runId: 'run_2' });
    first.advance(5_000);
    second.advance(5_000);
    expect([first.running(), second.running()]).toEqual([['a'], []]);
    expect(second.types().filter((type) => type === 'dependency_waited')).toHaveLength(2);
    first.finish('a', ok());
    second.turn({ type: 'resume_dependency', dependency: 'http://x:80' });
    expect(second.running()).toEqual(['a']);
    expect(second.turn({ type: 'resume_dependency', dependency: 'http://x:80' })?.code).toBe('conflict');
    expect(second.events().at(-1)).not.toHaveProperty('isProbe');
  });

  test('waits also for its retry, and a crash of the one that finds out lets the next one', () => {
    const core = runOf({ a: step({ retry: patient }), b: step({ retry: patient }) }, {});
    core.finish('a', down);
    core.finish('b', down);
    core.advance(10);
    expect([core.step('a').status, core.step('b').status]).toEqual(['dependency', 'dependency']);
    expect(core.state().retriesUsed).toBe(2);
    core.advance(1_000);
    expect(core.running()).toEqual(['a']);
    core.crash();
    expect(core.step('a').attempts.at(-1)).toMatchObject({ attempt: 3, repeated: true });
    core.finish('a', ok());
    expect(core.running()).toEqual(['b']);
  });

  test('takes the fallback that names it at once, and no other one', () => {
    const steps = { a: step(), b: step(), c: step() };
    const named: EdgeInput[] = [['a:failed', 'b', { onErrors: ['timeout', 'dependency_unhealthy'] }]];
    const core = runOf(steps, { edges: [...named, ['a', 'c']] }, { dependencies: opened(), prepare: ofA });
    expect(core.running()).toEqual(['b']);
    expect(core.step('a').error).toEqual({ class: 'dependency_unhealthy', message: 'http://x:80 does not answer' });
    const any = runOf(
      steps,
      {
        edges: [
          ['a:failed', 'b'],
          ['a', 'c'],
        ],
      },
      { dependencies: opened(), prepare: ofA },
    );
    expect(any.step('a').status).toBe('dependency');
  });

  const ofA: CoreOptions['prepare'] = ({ id }) => ({
    config: {},
    ...(id === 'a' ? { dependency: 'http://x:80' } : {}),
  });

  test('that lasts takes any fallback', () => {
    const retry = { retriers: [], totalTimeoutMs: 400 };
    const edges: EdgeInput[] = [['a:failed', 'b']];
    const core = runOf({ a: step({ retry }), b: step() }, { edges }, { dependencies: opened(), prepare: ofA });
    core.advance(400);
    expect(core.step('a').error?.message).toBe('http://x:80 has not answered for 0.4 s');
    expect(core.running()).toEqual(['b']);
  });
});

describe('Waiting too long', () => {
  /** Whoever finds out next finds nobody, for as long as it takes. */
  function keepDown(dependencies: Dependencies): CoreOptions {
    const never = { ...dependencies, of: () => ({ ...unhealthy, openUntil: Number.MAX_SAFE_INTEGER }) };
    return { dependencies: never };
  }
  const unhealthy = { name: 'http://x:80', version: 9, changedAt: 0, failures: 2, openings: 1 };

  test('hands the step to whom the rule names, after the time it says; who keeps waiting waits as long again', () => {
    const escalation = [{ on: 'dependency_unhealthy' as const, owner: 'role:ops', ms: 60_000 }];
    const core = runOf({ a: step() }, { settings: { escalation } }, keepDown(opened()));
    core.advance(59_999);
    expect(core.openTasks()).toEqual([]);
    core.advance(1);
    expect(core.openTasks()).toMatchObject([
      { on: 'dependency_unhealthy', owner: 'role:ops', allow: ['retry', 'give_up'], step: 'a' },
    ]);
    expect(core.openTasks()[0]?.message).toBe('http://x:80 has not answered for 1 min');
    core.decide('a', 'retry');
    expect(core.step('a').status).toBe('dependency');
    core.advance(60_000);
    core.decide('a', 'give_up');
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'dependency_unhealthy' });
  });

  test('without a rule it goes to the owner after a quarter of an hour', () => {
    const core = runOf({ a: step() }, {}, keepDown(opened()));
    core.drive();
    expect(core.openTasks()).toMatchObject([{ on: 'dependency_unhealthy', owner: 'role:lead', openedAt: core.now() }]);
    expect(core.now() - core.state().startedAt).toBe(900_000);
  });

  test('counts to the total time of the step, which began with its first attempt', () => {
    const retry = { ...patient, totalTimeoutMs: 5_000 };
    const core = runOf({ a: step({ retry }) }, {});
    core.finish('a', { ...down, tookMs: 100 });
    core.advance(10);
    core.finish('a', { ...down, tookMs: 100 });
    core.advance(10);
    expect(core.step('a').status).toBe('dependency');
    core.advance(1_000);
    core.finish('a', down);
    core.advance(10);
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete' });
  });

  test('asks about an announced effect what happened, and about a compensation what to do', () => {
    const pay = effectStep('idempotent', {
      retry: { ...patient, totalTimeoutMs: 10_000 },
      compensate: { kind: 'test', config: {}, effect: 'idempotent', retry: { retriers: [], totalTimeoutMs: 500 } },
    });
    const core = runOf({ pay }, {});
    core.finish('pay', down);
    core.advance(10);
    core.finish('pay', down);
    expect(core.step('pay').status).toBe('retry');
    core.advance(10);
    expect(core.step('pay').status).toBe('dependency');
    for (let time = 0; time < 80 && core.openTasks().length === 0; time += 1) {
      if (core.running().length > 0) core.finish('pay', down);
      else core.advance(500);
    }
    expect(core.openTasks()).toMatchObject([{ kind: 'in_doubt' }]);
    core.decide('pay', 'happened');
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    expect(core.step('pay!undo').status).toBe('dependency');
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'rollback' });
    core.advance(500);
    expect(core.openTasks()).toMatchObject([{ on: 'rollback_failed', step: 'pay!undo' }]);
  });
});

test('what is not known, and a step that depends on nothing, never waits', () => {
  const core = coreDriver(graphOf({ a: step() }), { prepare: () => ({ config: {}, dependency: 'http://new:80' }) });
  core.start();
  expect(core.running()).toEqual(['a']);
  expect(createDependencies(policy).close('http://new:80', 1, 'person:ada')).toBeUndefined();
});
