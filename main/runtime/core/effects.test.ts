/** The effect protocol: intent before call, one key per generation, and what every outcome says about what happened. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core } from '../../../test/harness/core.ts';
import { orderUndo } from './undo.ts';
import { effectStep, graphOf, step } from '../../../test/harness/graph.ts';

const effects = (core: Core) => Object.values(core.state().effects);
const theEffect = (core: Core) => effects(core)[0];
const retry = { retriers: [{ errors: ['*'], intervalMs: 1_000, maxRetries: 1 }] };

describe('The intent', () => {
  test.each(['idempotent', 'probeable', 'once'] as const)(
    'of a step that is %s is durable with its start',
    (effect) => {
      const core = coreDriver(graphOf({ a: step(), pay: effectStep(effect) }, [['a', 'pay']]));
      core.start();
      core.finish('a', ok());
      expect(core.buffer()).toEqual([]);
      const [started, intended] = core.journal().slice(-2);
      expect(started).toMatchObject({ type: 'attempt_started', step: 'pay' });
      expect(intended).toMatchObject({
        type: 'effect_intended',
        step: 'pay',
        ordinal: 1,
        generation: 1,
        class: effect,
        target: 'POST test://pay',
        request: { for: 'pay' },
      });
      expect(core.calls.at(-1)).toMatchObject({ step: 'pay', key: theEffect(core)?.key });
    },
  );

  test.each(['pure', 'read'] as const)('is not announced for a step that is %s', (effect) => {
    const core = coreDriver(graphOf({ a: step({ effect }) }));
    core.start();
    core.drive();
    expect(effects(core)).toEqual([]);
  });

  test('names the kind and the config when the kind plans no request', () => {
    const core = coreDriver(graphOf({ a: effectStep('once') }), { prepare: () => ({ config: { to: 'ada' } }) });
    core.start();
    expect(theEffect(core)).toMatchObject({ target: 'test', request: { to: 'ada' }, status: 'intended' });
  });

  test('keeps its key for all attempts and recoveries, with the request stored once', () => {
    const core = coreDriver(graphOf({ pay: effectStep('idempotent', { retry }) }));
    core.start();
    core.finish('pay', failure('timeout'));
    core.advance(1_000);
    core.crash();
    expect(core.calls.map((call) => call.key)).toEqual(Array.from({ length: 3 }, () => theEffect(core)?.key));
    const intents = core.journal().filter((event) => event.type === 'effect_intended');
    expect(intents.map((event) => 'request' in event)).toEqual([true, false, false]);
    expect(theEffect(core)).toMatchObject({ attempts: 3, mayHaveHappened: true });
  });

  test('has a new key after a send back', () => {
    const gates = { after: { owner: 'role:lead' } };
    const core = coreDriver(graphOf({ pay: effectStep('once', { gates }) }));
    core.start();
    core.finish('pay', ok());
    core.decide('pay', 'send_back', { reason: 'Wrong sum' });
    expect(effects(core).map((effect) => [effect.generation, effect.status])).toEqual([
      [1, 'confirmed'],
      [2, 'intended'],
    ]);
    expect(new Set(effects(core).map((effect) => effect.key)).size).toBe(2);
  });

  test('differs between steps and between runs', () => {
    const core = coreDriver(graphOf({ a: effectStep('once'), b: effectStep('once') }));
    core.start();
    expect(new Set(effects(core).map((effect) => effect.key)).size).toBe(2);
  });
});

describe('An answer', () => {
  test('that came back confirms the effect with its response', () => {
    const core = coreDriver(graphOf({ pay: effectStep('once') }));
    core.start();
    core.finish('pay', ok({ id: 7 }, { response: { status: 201 } }));
    expect(theEffect(core)).toMatchObject({ status: 'confirmed', response: { status: 201 } });
    expect(core.state().word).toBe('complete');
  });

  test.each(['refused', 'stale', 'rate_limited'])('that says %s means that it did not happen', (error) => {
    const core = coreDriver(graphOf({ pay: effectStep('once') }));
    core.start();
    core.finish('pay', failure(error));
    expect(theEffect(core)).toMatchObject({ status: 'failed', error: { class: error } });
    expect(core.openTasks()).toMatchObject([{ kind: 'escalation' }]);
  });

  test('that never was, because nothing left the machine, means that it did not happen', () => {
    const core = coreDriver(graphOf({ pay: effectStep('once', { retry }) }));
    core.start();
    core.finish('pay', failure('not_sent'));
    expect(theEffect(core)?.status).toBe('failed');
    core.drive();
    expect(theEffect(core)).toMatchObject({ status: 'confirmed', attempts: 2 });
    expect(theEffect(core)).not.toHaveProperty('mayHaveHappened');
  });

  test.each([
    ['once', 'timeout'],
    ['once', 'unavailable'],
    ['once', 'code'],
    ['probeable', 'timeout'],
  ] as const)('that is missing puts a %s effect in doubt after %s, and a person is asked', (effect, error) => {
    const core = coreDriver(graphOf({ pay: effectStep(effect, { retry }), next: step() }, [['pay', 'next']]));
    core.start();
    core.finish('pay', failure(error));
    expect(theEffect(core)?.status).toBe('in_doubt');
    expect(core.openTasks()).toMatchObject([
      {
        kind: 'in_doubt',
        on: 'in_doubt',
        owner: 'role:lead',
        allow: ['happened', 'not_happened', 'rollback', 'give_up'],
        effectKey: theEffect(core)?.key,
        message: `Nobody knows whether POST test://pay happened: It was ${error}`,
      },
    ]);
    expect(core.state()).toMatchObject({ word: 'escalated', reason: 'in_doubt' });
    expect(core.wakeAt()).toBeUndefined();
  });

  test('that is missing for an idempotent effect is asked for again under the same key', () => {
    const core = coreDriver(graphOf({ pay: effectStep('idempotent', { retry }) }));
    core.start();
    core.finish('pay', failure('unavailable'));
    expect(theEffect(core)?.status).toBe('intended');
    core.drive();
    expect(theEffect(core)).toMatchObject({ status: 'confirmed', attempts: 2 });
    expect(theEffect(core)).not.toHaveProperty('mayHaveHappened');
  });

  test('that is still missing when the retries are used up goes to a person, not to the fallback path', () => {
    const core = coreDriver(
      graphOf({ pay: effectStep('idempotent', { retry }), other: step() }, [['pay:failed', 'other']]),
      { script: { pay: [failure('timeout'), failure('timeout')] } },
    );
    core.start();
    core.drive();
    expect(core.openTasks()).toMatchObject([
      {
        kind: 'in_doubt',
        message: 'Nobody knows whether POST test://pay happened: All 1 retries are used. It was timeout',
      },
    ]);
    expect(core.state().steps).not.toHaveProperty('other');
  });

  test.each(['not_sent', 'refused', 'rate_limited'])(
    'of a repeated attempt that says %s says nothing about the earlier one',
    (error) => {
      const core = coreDriver(graphOf({ pay: effectStep('idempotent', { retry }) }), {
        script: { pay: [failure('timeout'), failure(error)] },
      });
      core.start();
      core.drive();
      expect(theEffect(core)?.status).toBe('in_doubt');
    },
  );

  test('a value that is missing on the second try leaves the first one in question', () => {
    let tries = 0;
    const core = coreDriver(graphOf({ pay: effectStep('idempotent', { retry }) }), {
      script: { pay: [failure('timeout')] },
      prepare: () => {
        tries += 1;
        return tries === 1 ? { config: { sum: 5 } } : { class: 'code', code: 'unknown_kind', message: 'No such kind' };
      },
    });
    core.start();
    core.drive();
    expect(theEffect(core)?.status).toBe('in_doubt');
    expect(core.step('pay').config).toEqual({ sum: 5 });
  });
});

describe('A person who is asked about an effect in doubt', () => {
  function inDoubt() {
    const core = coreDriver(graphOf({ pay: effectStep('once'), next: step() }, [['pay', 'next']]));
    core.start();
    core.finish('pay', failure('timeout'));
    return core;
  }

  test('says that it happened, with its result, and the run goes on', () => {
    const core = inDoubt();
    core.decide('pay', 'happened', { value: { id: 7 }, reason: 'Seen in the bank' });
    expect(theEffect(core)).toMatchObject({ status: 'confirmed', settledBy: 'person:grace', response: { id: 7 } });
    expect(core.step('pay')).toMatchObject({ status: 'confirmed', output: { id: 7 }, ports: ['out'] });
    core.drive();
    expect(core.state().word).toBe('complete');
    expect(core.calls.map((call) => call.step)).toEqual(['pay', 'next']);
  });

  test('says that it happened without knowing the result', () => {
    const core = inDoubt();
    core.decide('pay', 'happened');
    expect(core.step('pay').output).toBeNull();
    expect(theEffect(core)).not.toHaveProperty('response');
  });

  test('says that it did not happen, and it is done under the same key', () => {
    const core = inDoubt();
    core.decide('pay', 'not_happened');
    expect(core.calls).toHaveLength(2);
    expect(core.calls[0]?.key).toBe(core.calls[1]?.key);
    core.drive();
    expect(theEffect(core)).toMatchObject({ status: 'confirmed', attempts: 2 });
    // The target said so itself, after the person had said that the first call did not happen.
    expect(theEffect(core)).not.toHaveProperty('settledBy');
  });

  test('gives up: the run fails and the effect stays in plain sight', () => {
    const core = inDoubt();
    core.decide('pay', 'give_up');
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'in_doubt', openEffects: 1 });
    expect(theEffect(core)?.status).toBe('in_doubt');
    expect(core.step('pay').error?.class).toBe('in_doubt');
  });
});

describe('A crash in the middle of the call', () => {
  test.each(['pure', 'read'] as const)('repeats a step that is %s', (effect) => {
    const core = coreDriver(graphOf({ a: step({ effect }) }));
    core.start();
    core.crash();
    expect(core.calls).toHaveLength(2);
    core.drive();
    expect(core.state()).toMatchObject({ word: 'complete', repeated: 1 });
  });

  test('repeats an idempotent effect under its key', () => {
    const core = coreDriver(graphOf({ pay: effectStep('idempotent') }));
    core.start();
    core.crash();
    expect(core.calls[0]?.key).toBe(core.calls[1]?.key);
    expect(core.step('pay').attempts[1]?.repeated).toBe(true);
  });

  test.each(['probeable', 'once'] as const)('asks a person about an effect that is %s', (effect) => {
    const core = coreDriver(graphOf({ pay: effectStep(effect) }));
    core.start();
    core.crash();
    expect(core.calls).toHaveLength(1);
    expect(core.openTasks()).toMatchObject([{ kind: 'in_doubt', on: 'in_doubt' }]);
    core.crash();
    expect(core.openTasks()).toHaveLength(1);
    core.decide('pay', 'give_up');
    expect(core.step('pay').error?.class).toBe('in_doubt');
  });
});

describe('An effect that happened, with a result that does not count as done', () => {
  const notDone = {
    ...ok({ id: 7 }, { details: { status: 200 }, costMicros: 3 }),
    checked: { doneWhen: { holds: false, expression: 'output.ok' } },
  };

  test('is not done again, nor another way before a person has seen it', () => {
    const again = { retriers: [{ errors: ['invalid_output'], intervalMs: 0, maxRetries: 5 }] };
    const core = coreDriver(
      graphOf({ pay: effectStep('once', { retry: again }), other: step() }, [['pay:failed', 'other']]),
    );
    core.start();
    core.finish('pay', notDone);
    expect(theEffect(core)?.status).toBe('confirmed');
    expect(core.calls).toHaveLength(1);
    expect(core.openTasks()).toMatchObject([{ kind: 'escalation', allow: ['accept', 'give_up'] }]);
    expect(core.step('pay').attempts[0]).toMatchObject({
      outcome: 'failed',
      costMicros: 3,
      error: { class: 'invalid_output', code: 'done_when' },
      details: { status: 200, output: { id: 7 } },
    });
    core.decide('pay', 'give_up');
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'invalid_output', openEffects: 1 });
  });

  test('a reading step is simply tried again when a rule names invalid_output', () => {
    const again = { retriers: [{ errors: ['invalid_output'], intervalMs: 0, maxRetries: 5 }] };
    const core = coreDriver(graphOf({ ask: step({ effect: 'read', retry: again }) }), { script: { ask: [notDone] } });
    core.start();
    core.drive();
    expect(core.calls).toHaveLength(2);
    expect(core.state()).toMatchObject({ word: 'complete', costMicros: 3 });
  });

  test('a result that counts as done is confirmed', () => {
    const core = coreDriver(graphOf({ ask: step() }));
    core.start();
    core.finish('ask', { ...ok(1), checked: { doneWhen: { holds: true, expression: 'output' } } });
    expect(core.state()).toMatchObject({ word: 'complete', output: 1 });
  });
});

describe('A target that can be asked', () => {
  const probe = { kind: 'test', config: {}, happened: 'output.happened' };

  test('is tried again after a timeout and after a crash, under its key: asking comes before sending', () => {
    const core = coreDriver(graphOf({ pay: effectStep('probeable', { retry, probe }) }));
    core.start();
    core.finish('pay', failure('timeout'));
    expect(core.step('pay').status).toBe('retry');
    core.advance(1_000);
    core.crash();
    expect(core.openTasks()).toEqual([]);
    expect(core.running()).toEqual(['pay']);
    expect(new Set(core.calls.map((call) => call.key)).size).toBe(1);
    core.finish('pay', ok());
    expect(theEffect(core)).toMatchObject({ status: 'confirmed', attempts: 3 });
  });

  test('ends with a person when asking never gave an answer, and when the run is cancelled', () => {
    const core = coreDriver(graphOf({ pay: effectStep('probeable', { retry, probe }) }));
    core.start();
    core.finish('pay', failure('timeout'));
    core.advance(1_000);
    core.finish('pay', failure('not_sent', { sent: false }));
    expect(core.openTasks()).toMatchObject([{ kind: 'in_doubt' }]);
    const other = coreDriver(graphOf({ pay: effectStep('probeable', { retry, probe }) }));
    other.start();
    other.cancel();
    other.finish('pay', failure('timeout'));
    expect(theEffect(other)?.status).toBe('in_doubt');
  });

  test.each(['probeable', 'idempotent'] as const)(
    'still may have happened when it was given up and is wanted again (%s)',
    (effect) => {
      const core = coreDriver(graphOf({ pay: effectStep(effect, { probe }), beside: step() }));
      core.start();
      core.finish('pay', failure('timeout'));
      core.change((turn) =>
        orderUndo(turn, { steps: ['pay'], because: 'send_back', by: 'person:ada', then: { type: 'reset' } }),
      );
      core.decide('pay', 'give_up');
      expect(core.running().sort()).toEqual(['beside', 'pay']);
      expect(theEffect(core)).toMatchObject({ status: 'intended', mayHaveHappened: true });
      // A no to the second attempt says nothing of the first one.
      core.finish('pay', failure('refused'));
      expect(theEffect(core)?.status).toBe('in_doubt');
    },
  );

  test('without anybody who asks is a question to a person', () => {
    const core = coreDriver(graphOf({ pay: effectStep('probeable', { retry }) }));
    core.start();
    core.finish('pay', failure('timeout'));
    expect(core.openTasks()).toMatchObject([{ kind: 'in_doubt' }]);
  });
});
