/** A step that cannot go on: fallback paths, escalation rules and what the workflow says about failure. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, startedAt, type CoreOptions } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type DocumentInput, type StepInput } from '../../../test/harness/graph.ts';

type Settings = NonNullable<DocumentInput['settings']>;
const retry = { retriers: [{ errors: ['timeout'], intervalMs: 1_000, maxRetries: 1 }] };

function failing(error: string, patch: Partial<StepInput> = {}, extra: DocumentInput = {}, options: CoreOptions = {}) {
  const core = coreDriver(graphOf({ a: step(patch), next: step() }, [['a', 'next']], extra), {
    script: { a: [failure(error), failure(error)] },
    ...options,
  });
  core.start();
  core.drive();
  return core;
}

describe('A fallback path', () => {
  test.each([
    [undefined, 'refused', true],
    [['refused'], 'refused:404', true],
    [['refused:404'], 'refused:404', true],
    [['refused:404'], 'refused:403', false],
    [['refused:404'], 'refused', false],
    [['timeout', 'code:OutOfStock'], 'code:OutOfStock', true],
    [['*'], 'unavailable', true],
    [['*'], 'refused', false],
  ])('for %j and the error %s is taken: %s', (onErrors, error, isTaken) => {
    const graph = graphOf(
      { a: step(), plan: step(), next: step() },
      [
        ['a', 'next'],
        ['a:failed', 'plan', onErrors ? { onErrors } : {}],
      ],
      { settings: { onFailure: 'fail' } },
    );
    const core = coreDriver(graph, { script: { a: [failure(error)] } });
    core.start();
    core.drive();
    expect(core.state().steps['plan']?.status).toBe(isTaken ? 'confirmed' : undefined);
    expect(core.state().word).toBe(isTaken ? 'complete' : 'failed');
    expect(core.step('a').word).toBe('failed');
    expect(core.state().steps['next']?.status).toBe(isTaken ? 'skipped' : undefined);
  });

  test('is taken per error: edges that do not name it are skipped', () => {
    const core = coreDriver(
      graphOf({ a: step(), slow: step(), no: step() }, [
        ['a:failed', 'slow', { onErrors: ['timeout'] }],
        ['a:failed', 'no', { onErrors: ['refused'] }],
      ]),
      { script: { a: [failure('refused')] } },
    );
    core.start();
    core.drive();
    expect(core.step('slow').status).toBe('skipped');
    expect(core.step('no').status).toBe('confirmed');
  });

  test('is skipped when the step succeeds', () => {
    const core = coreDriver(graphOf({ a: step(), plan: step() }, [['a:failed', 'plan']]));
    core.start();
    core.drive();
    expect(core.step('plan').status).toBe('skipped');
  });
});

describe('What the workflow says about failure', () => {
  test('fail ends the run with the class of the error', () => {
    const core = failing('refused', {}, { settings: { onFailure: 'fail' } });
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'refused', openEffects: 0, endedAt: core.now() });
    expect(core.journal().at(-1)).toMatchObject({ type: 'run_failed', step: 'a' });
  });

  test('pause hands it to the owner and nothing else starts', () => {
    const graph = graphOf({ a: step(), b: step(), c: step() }, [['b', 'c']], { settings: { onFailure: 'pause' } });
    const core = coreDriver(graph);
    core.start();
    core.finish('a', failure('refused'));
    core.finish('b', ok());
    expect(core.openTasks()).toMatchObject([
      {
        kind: 'escalation',
        owner: 'role:lead',
        pausesRun: true,
        message: 'It was refused',
        allow: ['retry', 'give_up', 'skip'],
      },
    ]);
    expect(core.running()).toEqual([]);
    expect(core.state().word).toBe('escalated');
    core.decide('a', 'retry');
    expect(core.running()).toEqual(['a', 'c']);
    core.drive();
    expect(core.state().word).toBe('complete');
  });

  test.each([
    ['a workflow without effects fails', {}, 'failed'],
    ['one marked as failure-sensitive pauses', { class: { failureSensitive: true } }, 'escalated'],
    ['one marked as not failure-sensitive fails', { class: { failureSensitive: false } }, 'failed'],
  ])('without a word about it, %s', (_name, extra, word) => {
    expect(failing('refused', {}, extra).state().word).toBe(word);
  });

  test('without a word about it, one that changes another system pauses', () => {
    const core = coreDriver(graphOf({ a: step(), pay: effectStep('once') }), { script: { a: [failure('refused')] } });
    core.start();
    core.drive();
    expect(core.state().word).toBe('escalated');
    core.decide('a', 'give_up');
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'refused', openEffects: 1 });
  });

  test('a workflow without an owner still has somebody to go to', () => {
    const core = failing('refused', {}, { owner: undefined, settings: { onFailure: 'pause' } });
    expect(core.openTasks()).toMatchObject([{ owner: 'role:owner' }]);
  });
});

describe('A failure that is escalated', () => {
  test('says the error when nothing could be retried, and that the retries are used when they are', () => {
    const refused = coreDriver(graphOf({ a: step() }, [], { settings: { onFailure: 'pause' } }), {
      script: { a: [failure('refused')] },
    });
    refused.start();
    refused.drive();
    expect(refused.state()).toMatchObject({ word: 'escalated', reason: 'refused' });
    const patient = step({ retry: { retriers: [{ errors: ['timeout'], intervalMs: 1, maxRetries: 0 }] } });
    const exhausted = coreDriver(graphOf({ a: patient }, [], { settings: { onFailure: 'pause' } }), {
      script: { a: [failure('timeout')] },
    });
    exhausted.start();
    exhausted.drive();
    expect(exhausted.state()).toMatchObject({ word: 'escalated', reason: 'retries_exhausted' });
  });
});

describe('An escalation rule', () => {
  const common: Settings = { onFailure: 'fail', escalation: [{ on: 'retries_exhausted', owner: 'role:ops' }] };

  test('of the step comes before the one of the workflow', () => {
    const own = [{ on: 'retries_exhausted' as const, owner: 'person:ada', then: 'pause' as const }];
    const core = failing('timeout', { retry, escalation: own }, { settings: { ...common } });
    expect(core.openTasks()).toMatchObject([
      {
        owner: 'person:ada',
        on: 'retries_exhausted',
        pausesRun: true,
        message: 'All 1 retries are used. It was timeout',
      },
    ]);
  });

  test('of the workflow catches what the step does not, and decides over onFailure', () => {
    const settings: Settings = {
      onFailure: 'fail',
      escalation: [{ on: 'retries_exhausted', owner: 'role:ops', then: 'pause' }],
    };
    expect(failing('timeout', { retry }, { settings }).openTasks()).toMatchObject([{ owner: 'role:ops' }]);
  });

  test('without its own "then" follows onFailure', () => {
    expect(failing('timeout', { retry }, { settings: common }).state().word).toBe('failed');
    const paused = failing('timeout', { retry }, { settings: { ...common, onFailure: 'pause' } });
    expect(paused.openTasks()).toMatchObject([{ owner: 'role:ops', pausesRun: true }]);
  });

  test('may end the run', () => {
    const escalation = [{ on: 'retries_exhausted' as const, owner: 'role:ops', then: 'fail' as const }];
    const core = failing('timeout', { retry, escalation }, { settings: { onFailure: 'pause' } });
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'timeout' });
  });

  test('that does not pause holds only what comes after its step', () => {
    const escalation = [{ on: 'retries_exhausted' as const, owner: 'role:ops', then: 'fallback' as const }];
    const graph = graphOf({ a: step({ escalation }), next: step(), b: step(), c: step() }, [
      ['a', 'next'],
      ['b', 'c'],
    ]);
    const core = coreDriver(graph, { script: { a: [failure('refused')] } });
    core.start();
    core.drive();
    expect(core.openTasks()).toMatchObject([{ step: 'a' }]);
    expect(core.openTasks()[0]).not.toHaveProperty('pausesRun');
    expect(core.step('c').status).toBe('confirmed');
    expect(core.state().steps).not.toHaveProperty('next');
  });

  test.each([
    ['stale', 'inconsistent_data'],
    ['low_confidence', 'confidence_below'],
    ['loop_limit', 'loop_limit'],
    ['dependency_unhealthy', 'dependency_unhealthy'],
    ['budget', 'cost_over'],
    ['code', 'retries_exhausted'],
  ] as const)('for the error %s is the one on %s', (error, on) => {
    const escalation = [{ on, owner: 'role:expert', then: 'pause' as const }];
    expect(failing(error, { escalation }).openTasks()).toMatchObject([{ on, owner: 'role:expert' }]);
  });

  test('on in_doubt may pause the whole run', () => {
    const escalation = [{ on: 'in_doubt' as const, owner: 'role:treasury', then: 'pause' as const }];
    const core = coreDriver(graphOf({ pay: effectStep('once', { escalation }), b: step(), c: step() }, [['b', 'c']]));
    core.start();
    core.finish('pay', failure('timeout'));
    core.finish('b', ok());
    expect(core.openTasks()).toMatchObject([{ owner: 'role:treasury', pausesRun: true }]);
    expect(core.running()).toEqual([]);
  });
});

describe('A failure that nothing handles', () => {
  const settings: Settings = { onFailure: 'fail' };

  test('lets the other steps that run come to their end, and starts nothing new', () => {
    const core = coreDriver(graphOf({ a: step(), b: step(), c: step() }, [['b', 'c']], { settings }));
    core.start();
    core.finish('a', failure('refused'));
    expect(core.state().end).toBeUndefined();
    core.finish('b', ok());
    expect(core.step('b').word).toBe('confirmed');
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'refused' });
    expect(core.state().steps).not.toHaveProperty('c');
  });

  test('ends what only waits: nothing is left in the air', () => {
    const core = coreDriver(
      graphOf(
        { a: step(), wait: step(), ask: step({ gates: { before: { owner: 'role:x' } } }), b: step({ retry }) },
        [],
        {
          settings,
        },
      ),
    );
    core.start();
    core.finish('wait', { outcome: { suspend: true, dueAt: startedAt + 1e9, output: 1 } });
    core.finish('b', failure('timeout'));
    core.finish('a', failure('refused'));
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'refused', active: 0 });
    for (const key of ['wait', 'ask', 'b']) {
      expect(core.step(key)).toMatchObject({ word: 'failed', error: { class: 'cancelled' } });
    }
    expect(core.openTasks()).toEqual([]);
  });

  test('waits until an effect that may be repeated has an answer', () => {
    const core = coreDriver(graphOf({ a: step(), pay: effectStep('idempotent', { retry }) }, [], { settings }));
    core.start();
    core.finish('pay', failure('timeout'));
    core.finish('a', failure('refused'));
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'retry' });
    core.drive();
    expect(Object.values(core.state().effects)[0]).toMatchObject({ status: 'confirmed', attempts: 2 });
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'refused', openEffects: 1 });
  });

  test('waits for the person who is asked whether an effect happened', () => {
    const core = coreDriver(graphOf({ a: step(), pay: effectStep('once') }, [], { settings }));
    core.start();
    core.finish('pay', failure('timeout'));
    core.finish('a', failure('refused'));
    expect(core.state()).toMatchObject({ word: 'escalated', reason: 'in_doubt' });
    core.decide('pay', 'not_happened');
    expect(core.calls.filter((call) => call.step === 'pay')).toHaveLength(1);
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'refused', openEffects: 0 });
  });

  test('of two, the run names the first', () => {
    const core = coreDriver(graphOf({ a: step(), b: step() }, [], { settings }));
    core.start();
    core.finish('a', failure('stale'));
    core.finish('b', failure('refused'));
    expect(core.state().reason).toBe('stale');
  });
});
