/** Budgets and stop conditions: the run parks at the next step boundary and a named person lets it go on. */
import { describe, expect, test } from 'vitest';
import { coreDriver, ok, type Core, type Reply } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type DocumentInput } from '../../../test/harness/graph.ts';

const dear: Reply = ok(null, { costMicros: 600, usage: { inputTokens: 40, outputTokens: 10 } });

function runOf(settings: DocumentInput['settings'], patch: Parameters<typeof step>[0] = {}): Core {
  const graph = graphOf({ ask: step(), answer: step(patch) }, [['ask', 'answer']], { settings });
  const core = coreDriver(graph, { script: { ask: [{ ...dear, tookMs: 5_000 }] } });
  core.start();
  core.drive();
  return core;
}

function openTask(core: Core) {
  const [task] = core.openTasks();
  if (!task) throw new Error('Nobody was asked');
  return task;
}

describe('A limit of the run', () => {
  test.each([
    [{ budget: { costMicros: 600 } }, 'cost_over', '/settings/budget/costMicros', 'has cost $0.0006'],
    [{ budget: { tokens: 50 } }, 'cost_over', '/settings/budget/tokens', 'has used 50 tokens'],
    [{ budget: { attempts: 1 } }, 'cost_over', '/settings/budget/attempts', 'has made 1 attempts'],
    [{ budget: { wallMs: 5_000 } }, 'cost_over', '/settings/budget/wallMs', 'has taken 5 s'],
    [{ stopWhen: [{ costAboveMicros: 599 }] }, 'stop_condition', '/settings/stopWhen/0', 'stops above'],
    [{ stopWhen: [{ runsLongerThanMs: 4_999 }] }, 'stop_condition', '/settings/stopWhen/0', 'stops after'],
  ] as const)('%j parks it before the next step and asks its owner', (settings, on, rule, message) => {
    const core = runOf(settings as DocumentInput['settings']);
    expect(core.state().word).toBe('escalated');
    expect(openTask(core)).toMatchObject({ on, rule, owner: 'role:lead', step: 'answer', pausesRun: true });
    expect(openTask(core).message).toContain(message);
    expect(core.calls.map((call) => call.step)).toEqual(['ask']);
  });

  test.each([
    [{ budget: { costMicros: 601 } }],
    [{ budget: { tokens: 51 } }],
    [{ budget: { attempts: 2 } }],
    [{ budget: { wallMs: 5_001 } }],
    [{ stopWhen: [{ costAboveMicros: 600 }, { runsLongerThanMs: 5_000 }, { iterationsAbove: 3 }] }],
  ] as const)('%j is not reached', (settings) => {
    expect(runOf(settings as DocumentInput['settings']).state().word).toBe('complete');
  });

  test('goes to whom its rule names', () => {
    const core = runOf({
      budget: { costMicros: 600 },
      escalation: [{ on: 'cost_over', owner: 'role:controller' }],
    });
    expect(openTask(core).owner).toBe('role:controller');
  });

  test('that a person let pass is not asked about again', () => {
    const graph = graphOf(
      { a: step(), b: step(), c: step() },
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
      {
        settings: { budget: { costMicros: 600 } },
      },
    );
    const core = coreDriver(graph, { script: { a: [dear], b: [dear] } });
    core.start();
    core.drive();
    core.turn({ type: 'decide_task', taskId: openTask(core).taskId, answer: 'retry', by: 'person:ada' });
    core.drive();
    expect(core.state().word).toBe('complete');
    expect(Object.values(core.state().tasks)).toHaveLength(1);
  });

  test('at which a person gives up ends the run', () => {
    const core = runOf({ budget: { costMicros: 600 } });
    core.turn({ type: 'decide_task', taskId: openTask(core).taskId, answer: 'give_up', by: 'person:ada' });
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'budget' });
  });

  test('is an expression: only a clear no lets the run go on', () => {
    for (const [value, word] of [
      [false, 'complete'],
      [true, 'escalated'],
      [undefined, 'escalated'],
    ] as const) {
      const graph = graphOf({ a: step() }, [], { settings: { stopWhen: [{ expression: '$steps.a.output.odd' }] } });
      const core = coreDriver(graph, { prepare: () => ({ config: {}, stops: [value] }) });
      core.start();
      core.drive();
      expect(core.state().word).toBe(word);
    }
    const unprepared = coreDriver(graphOf({ a: step() }, [], { settings: { stopWhen: [{ expression: 'true' }] } }));
    unprepared.start();
    unprepared.drive();
    expect(unprepared.state().word).toBe('escalated');
  });
});

describe('A limit of a step', () => {
  const failing = step({
    budget: { attempts: 2 },
    retry: { retriers: [{ errors: ['unavailable'], intervalMs: 10, maxRetries: 9 }] },
  });
  const unavailable: Reply = {
    outcome: { ok: false, sent: true, costMicros: 5, error: { class: 'unavailable', message: 'Down' } },
    tookMs: 5,
  };

  test('counts what the step itself spent', () => {
    const core = coreDriver(graphOf({ a: failing }), { script: { a: [unavailable, unavailable] } });
    core.start();
    core.drive();
    expect(openTask(core)).toMatchObject({ on: 'cost_over', rule: '/steps/a/budget/attempts' });
    expect(openTask(core).message).toContain('This step has made 2 attempts');
  });

  test('adds up the cost and tokens of its attempts', () => {
    const graph = graphOf({ a: { ...failing, budget: { costMicros: 10, tokens: 1_000, wallMs: 1_000 } } });
    const core = coreDriver(graph, { script: { a: [unavailable, unavailable] } });
    core.start();
    core.drive();
    expect(openTask(core)).toMatchObject({ rule: '/steps/a/budget/costMicros' });
    const tokens = graphOf({ a: { ...failing, budget: { tokens: 50 } } });
    const usage = { inputTokens: 40, outputTokens: 10 };
    const talking: Reply = { outcome: { ...unavailable.outcome, usage } as Reply['outcome'] };
    const second = coreDriver(tokens, { script: { a: [talking] } });
    second.start();
    second.drive();
    expect(openTask(second)).toMatchObject({ rule: '/steps/a/budget/tokens' });
  });

  test('never stops between an announced effect and its answer', () => {
    const graph = graphOf({
      pay: effectStep('idempotent', {
        budget: { attempts: 1 },
        retry: { retriers: [{ errors: ['unavailable'], intervalMs: 10, maxRetries: 9 }] },
      }),
    });
    const core = coreDriver(graph, { script: { pay: [unavailable] } });
    core.start();
    core.drive();
    expect(core.state().word).toBe('complete');
    expect(core.calls).toHaveLength(2);
  });
});

describe('A rule for a limit', () => {
  const budget = { costMicros: 600 };
  const stopWhen = [{ costAboveMicros: 500 }];
  const undo = { kind: 'test', config: {}, effect: 'idempotent' as const };

  test.each([
    ['cost_over', { budget }, 'The run has cost $0.0006; its budget is $0.0006'],
    ['stop_condition', { stopWhen }, 'The run has cost $0.0006; it stops above $0.0005'],
  ] as const)('%s that says so fails the run at the step boundary, and asks nobody', (on, settings, message) => {
    const escalation = [{ on, owner: 'role:ops', micros: 1_000, then: 'fail' as const }];
    const core = runOf({ ...settings, escalation, onFailure: 'pause' } as DocumentInput['settings']);
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'budget', tasks: {} });
    expect(core.step('answer')).toMatchObject({ status: 'failed', attempts: [], error: { code: on, message } });
  });

  test('that says so turns the run back: what it changed is undone', () => {
    const escalation = [{ on: 'cost_over' as const, owner: 'role:ops', then: 'rollback' as const }];
    const graph = graphOf(
      { pay: effectStep('idempotent', { compensate: undo }), next: step({ escalation }) },
      [['pay', 'next']],
      { settings: { budget } },
    );
    const core = coreDriver(graph, { script: { pay: [dear] } });
    core.start();
    core.drive();
    expect(core.state()).toMatchObject({ end: 'rolled_back', tasks: {} });
    expect(core.calls.map((call) => call.step)).toEqual(['pay', 'pay!undo']);
    expect(core.events().find((event) => event.type === 'cancel_requested')).toMatchObject({
      by: 'system',
      reason: 'The run has cost $0.0006; its budget is $0.0006',
    });
  });

  test('that pauses asks as before', () => {
    const core = runOf({ budget, escalation: [{ on: 'cost_over', owner: 'role:ops', then: 'pause' }] });
    expect(openTask(core)).toMatchObject({ owner: 'role:ops', pausesRun: true });
  });
});

describe('Rounds', () => {
  /** Goes back from b to a for as long as it may. */
  function round(settings: DocumentInput['settings'], patch: Parameters<typeof step>[0] = {}): Core {
    const graph = graphOf(
      { a: step(patch), b: step(), c: step() },
      [
        ['a', 'b'],
        ['b:again', 'a', { loop: { maxIterations: 50 } }],
        ['b', 'c'],
      ],
      { settings },
    );
    const core = coreDriver(graph, {
      reply: ({ step: key }) => ok(1, key.startsWith('b') ? { ports: ['again'] } : {}),
    });
    core.start();
    core.drive();
    return core;
  }

  test.each([
    [
      { budget: { iterations: 3 } },
      {},
      'cost_over',
      '/settings/budget/iterations',
      'The run has gone back for 4 rounds',
    ],
    [{ stopWhen: [{ iterationsAbove: 3 }] }, {}, 'stop_condition', '/settings/stopWhen/0', 'stops above 3'],
    [
      {},
      { budget: { iterations: 3 } },
      'cost_over',
      '/steps/a/budget/iterations',
      'This step has gone back for 4 rounds',
    ],
  ] as const)('%j %j are counted, and one too many is not gone', (settings, patch, on, rule, message) => {
    const core = round(settings as DocumentInput['settings'], patch);
    expect(openTask(core)).toMatchObject({ on, rule, step: 'a#5' });
    expect(openTask(core).message).toContain(message);
    expect(core.calls.filter((call) => call.step.startsWith('a'))).toHaveLength(4);
  });

  test('a person allows more of them', () => {
    const core = round({ budget: { iterations: 3 } });
    expect(core.decide('a#5', 'raise', { value: 3 })?.message).toContain('above 3 rounds');
    core.decide('a#5', 'raise', { value: 5 });
    core.drive();
    expect(openTask(core)).toMatchObject({ step: 'a#7' });
    expect(core.types()).toContain('budget_warning');
  });
});
