/** Budgets that reserve before a call and settle after it: estimates, warnings, raised limits, days and months. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core, type CoreOptions } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type DocumentInput, type StepInput } from '../../../test/harness/graph.ts';
import type { Estimate } from '../../../shared/run/spend.ts';
import type { Budget } from '../../../shared/workflow/document.ts';
import { createSpending } from './spending.ts';
import { decide } from './decide.ts';

type Settings = DocumentInput['settings'];

function begin(
  steps: Record<string, StepInput>,
  settings: Settings,
  estimate?: Estimate,
  more: CoreOptions = {},
): Core {
  const core = coreDriver(graphOf(steps, [], { settings }), {
    prepare: () => ({ config: {}, ...(estimate ? { estimate } : {}) }),
    ...more,
  });
  core.start();
  return core;
}

const call: Estimate = { costMicros: 100, tokens: 50 };
const only = (core: Core) => {
  const [task] = core.openTasks();
  if (!task) throw new Error('Nobody was asked');
  return task;
};

describe('Before a call', () => {
  test('its cost is reserved, and the reservation is on disk before the call', () => {
    const core = begin({ a: step() }, { budget: { costMicros: 100 } }, call);
    expect(core.journal().at(-1)).toMatchObject({ type: 'attempt_started', reserved: call });
    expect(core.state().reserved).toEqual(call);
    core.finish('a', ok(1, { costMicros: 60 }));
    expect(core.state()).toMatchObject({ costMicros: 60, end: 'complete' });
    expect(core.state()).not.toHaveProperty('reserved');
  });

  test.each([{}, { budget: { retries: 3, attempts: 4, wallMs: 1_000 } }])('nothing is held under %j', (settings) => {
    const core = begin({ a: step() }, settings, call);
    expect(core.events().at(-1)).toMatchObject({ type: 'attempt_started', lazy: true });
    expect(core.events().at(-1)).not.toHaveProperty('reserved');
  });

  test.each([undefined, { costMicros: 0, tokens: 0 }])('nothing is held for a call that may take %j', (estimate) => {
    const core = begin({ a: step() }, { budget: { costMicros: 10 } }, estimate);
    expect(core.events().at(-1)).toMatchObject({ type: 'attempt_started', lazy: true });
    expect(core.events().at(-1)).not.toHaveProperty('reserved');
  });

  test('steps in parallel cannot take the same money', () => {
    const core = begin({ a: step(), b: step(), c: step() }, { budget: { costMicros: 250 } }, call);
    expect(core.running()).toEqual(['a', 'b']);
    expect(only(core)).toMatchObject({ step: 'c', on: 'cost_over', allow: ['raise', 'retry', 'give_up', 'skip'] });
    expect(only(core).message).toBe(
      'The run has cost $0.00, and up to $0.0002 is held by other calls; this call may take $0.0001; its budget is $0.00025',
    );
    expect(only(core).limit).toEqual({
      rule: '/settings/budget/costMicros',
      scope: 'run',
      measure: 'costMicros',
      limit: 250,
      used: 0,
      reserved: 200,
    });
  });

  test('a call that alone is above the limit is never made', () => {
    const core = begin({ a: step({ budget: { tokens: 49 } }) }, {}, call);
    expect(core.calls).toEqual([]);
    expect(only(core).message).toBe('One call of this step may take 50 tokens; its budget is 49 tokens');
  });

  test('an announced effect is repeated whatever it may cost, and undoing is exempt', () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 0, maxRetries: 9 }] };
    const pay = effectStep('idempotent', { retry, compensate: { kind: 'test', config: {}, effect: 'idempotent' } });
    const core = begin({ pay }, { budget: { costMicros: 100 } }, call, {
      script: { pay: [failure('unavailable'), ok(1, { costMicros: 90 })] },
    });
    core.drive();
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.drive();
    expect(core.state().end).toBe('rolled_back');
    expect(core.step('pay!undo').attempts).toHaveLength(1);
    const attempts = core.events().filter((event) => event.type === 'attempt_started');
    expect(attempts.map(({ step: name, reserved }) => [name, reserved])).toEqual([
      ['pay', call],
      ['pay', call],
      ['pay!undo', undefined],
    ]);
  });

  test('a call that a crash took away counts in full until a person raises the limit', () => {
    const core = begin({ a: step() }, { budget: { costMicros: 150 } }, call);
    core.crash();
    expect(core.running()).toEqual([]);
    expect(core.state().reserved).toEqual(call);
    expect(only(core).message).toContain('up to $0.0001 is held by other calls');
    core.decide('a', 'raise', { value: 200, reason: 'It is worth it' });
    expect(core.state().raised).toEqual({ '/settings/budget/costMicros': 200 });
    core.finish('a', ok(1, { costMicros: 80 }));
    expect(core.state()).toMatchObject({ end: 'complete', costMicros: 80 });
  });

  test('a step counts all its rounds, and its own retries', () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 0, maxRetries: 9 }] };
    const core = begin({ a: step({ retry, budget: { retries: 1 } }) }, { budget: { retries: 5 } }, undefined, {
      script: { a: [failure('timeout'), failure('timeout'), failure('timeout')] },
    });
    core.drive();
    expect(core.calls).toHaveLength(2);
    expect(core.state().word).toBe('failed');
    expect(core.step('a').error?.class).toBe('timeout');
  });
});

describe('A person who raises a limit', () => {
  function parked(budget: Budget): Core {
    const graph = graphOf({ a: step(), b: step() }, [['a', 'b']], { settings: { budget } });
    const core = coreDriver(graph, { script: { a: [{ ...ok(1, { costMicros: 300 }), tookMs: 5_000 }] } });
    core.start();
    core.drive();
    return core;
  }

  test('lets the run go on to the new one, and is on record', () => {
    const core = parked({ costMicros: 300 });
    expect(core.decide('b', 'raise', { value: 400, by: 'person:grace', reason: 'Agreed' })).toBeUndefined();
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.events().find((event) => event.type === 'escalation_decided')).toMatchObject({
      answer: 'raise',
      value: 400,
      by: 'person:grace',
      reason: 'Agreed',
    });
  });

  test.each([300, 299, 300.5, '400', undefined, Number.NaN])('cannot make it %s', (value) => {
    const core = parked({ costMicros: 300 });
    expect(core.decide('b', 'raise', { value })).toEqual({
      code: 'refused',
      message: 'The new limit must be a whole number (in micro-units) above $0.0003',
    });
    expect(core.state().word).toBe('escalated');
  });

  test('of time or attempts writes what is counted', () => {
    expect(parked({ attempts: 1 }).decide('b', 'raise', { value: 1 })?.message).toContain('above 1 attempts');
    expect(parked({ wallMs: 5_000 }).decide('b', 'raise', { value: 5_000 })?.message).toContain('above 5 s');
  });

  test('needs a limit that is known', () => {
    const core = parked({ costMicros: 300 });
    const { limit: _limit, ...task } = only(core);
    const state = { ...core.state(), tasks: { [task.taskId]: { ...task, rule: '/settings/budget/gone' } } };
    const said = { taskId: task.taskId, answer: 'raise' as const, by: 'person:ada', value: 500 };
    expect(decide(state, { type: 'decide_task', ...said }, core.context())).toMatchObject({
      refusal: { message: 'There is no limit to raise here' },
    });
  });

  test('cannot raise a stop condition', () => {
    const graph = graphOf({ a: step() }, [], { settings: { stopWhen: [{ expression: 'true' }] } });
    const core = coreDriver(graph);
    core.start();
    expect(core.decide('a', 'raise', { value: 5 })?.message).toContain('"raise" is not possible here');
  });
});

describe('A warning', () => {
  test('comes once when most of a limit is used, and again when it was raised', () => {
    const steps = { a: step(), b: step(), c: step() };
    const graph = graphOf(
      steps,
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
      { settings: { budget: { costMicros: 100, attempts: 50 } } },
    );
    const script = { a: [ok(1, { costMicros: 79 })], b: [ok(1, { costMicros: 21 })], c: [ok(1, { costMicros: 20 })] };
    const core = coreDriver(graph, { script });
    core.start();
    core.finish('a', ok(1, { costMicros: 79 }));
    expect(core.types()).not.toContain('budget_warning');
    core.finish('b', ok(1, { costMicros: 21 }));
    const warnings = () => core.events().filter((event) => event.type === 'budget_warning');
    expect(warnings()).toMatchObject([{ step: 'b', rule: '/settings/budget/costMicros', used: 100, limit: 100 }]);
    core.decide('c', 'raise', { value: 130 });
    core.finish('c', ok(1, { costMicros: 20 }));
    expect(warnings()).toMatchObject([{}, { step: 'c', used: 120, limit: 130 }]);
  });

  test('of a day is given once for all runs of the workflow', () => {
    const spending = createSpending();
    const runOf = (runId: string): Core =>
      begin({ a: step() }, { budget: { perDayMicros: 100 } }, undefined, { runId, spending });
    const first = runOf('run_1');
    const second = runOf('run_2');
    const third = runOf('run_3');
    first.finish('a', ok(1, { costMicros: 50 }));
    second.finish('a', ok(1, { costMicros: 40 }));
    third.finish('a', ok(1, { costMicros: 5 }));
    const warned = [first, second, third].map((core) => core.types().includes('budget_warning'));
    expect(warned).toEqual([false, true, false]);
  });
});

describe('A day or month of the workflow', () => {
  const settings = { budget: { perDayMicros: 250, perMonthMicros: 1_000 } };

  test('is shared by its runs, which never take more together', () => {
    const spending = createSpending();
    const runs = ['run_1', 'run_2', 'run_3'].map((runId) => begin({ a: step() }, settings, call, { runId, spending }));
    expect(runs.map((core) => core.running())).toEqual([['a'], ['a'], []]);
    const [first, , third] = runs as [Core, Core, Core];
    expect(only(third)).toMatchObject({
      rule: '/settings/budget/perDayMicros',
      limit: { scope: 'day', reserved: 200 },
    });
    expect(only(third).message).toBe(
      'On 2027-01-15 (UTC) the workflow has cost $0.00, and up to $0.0002 is held by other calls; this call may take $0.0001; its budget per day is $0.00025',
    );
    // What is not needed is given back, but the person who was asked still answers.
    first.finish('a', ok(1, { costMicros: 10 }));
    third.decide('a', 'retry');
    expect(third.running()).toEqual(['a']);
  });

  test('a person raises it for every run of that day, and no other day', () => {
    const spending = createSpending();
    const first = begin({ a: step() }, settings, { ...call, costMicros: 250 }, { runId: 'run_1', spending });
    const second = begin({ a: step() }, settings, call, { runId: 'run_2', spending });
    second.decide('a', 'raise', { value: 400 });
    expect(second.running()).toEqual(['a']);
    const third = begin({ a: step() }, settings, call, { runId: 'run_3', spending });
    expect(only(third).limit).toMatchObject({ limit: 400, reserved: 350 });
    expect(third.decide('a', 'raise', { value: 400 })?.message).toContain('above $0.0004');
    first.finish('a', ok());
    third.advance(86_400_000);
    // Another day by now, but the question was about that one.
    expect(third.decide('a', 'raise', { value: 300 })?.message).toContain('above $0.0004');
    expect(third.decide('a', 'raise', { value: 500 })).toBeUndefined();
    expect(third.running()).toEqual(['a']);
  });

  test('is asked about again the day after somebody let it pass', () => {
    const graph = graphOf(
      { a: step(), b: step(), c: step() },
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
      { settings: { budget: { perDayMicros: 50 } } },
    );
    const dear = ok(1, { costMicros: 60 });
    const core = coreDriver(graph, { script: { a: [dear] } });
    core.start();
    core.finish('a', dear);
    core.decide('b', 'retry');
    core.advance(86_400_000);
    core.finish('b', dear);
    // What b cost belongs to the day on which it began.
    expect(core.running()).toEqual(['c']);
    expect(core.state().spend?.['2027-01-15']?.spentMicros).toBe(120);
  });

  test('a month is its own limit, and says so', () => {
    const core = begin({ a: step() }, { budget: { perMonthMicros: 90 } }, { costMicros: 80, tokens: 1 });
    core.finish('a', ok(1, { costMicros: 95 }));
    const again = coreDriver(
      graphOf({ a: step(), b: step() }, [['a', 'b']], { settings: { budget: { perMonthMicros: 90 } } }),
    );
    again.start();
    again.finish('a', ok(1, { costMicros: 95 }));
    expect(only(again).message).toBe(
      'In 2027-01 (UTC) the workflow has cost $0.000095; its budget per month is $0.00009',
    );
  });
});
