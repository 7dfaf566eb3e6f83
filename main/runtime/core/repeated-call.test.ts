/** The same expensive call twice in a run: served from the record, asked about, or made again, as the workflow says. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core, type CoreOptions } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type StepInput } from '../../../test/harness/graph.ts';
import type { Settings } from '../../../shared/workflow/document.ts';
import { recordedCall } from './repeated-call.ts';

const estimate = { costMicros: 100, tokens: 5 };

function begin(first: Partial<StepInput> = {}, settings: Settings = {}, more: CoreOptions = {}): Core {
  const graph = graphOf(
    { a: step(first), b: step({ retry: first.retry }), c: step() },
    [
      ['a', 'b'],
      ['b', 'c'],
    ],
    {
      settings,
    },
  );
  const core = coreDriver(graph, {
    prepare: ({ id }) => ({
      config: { ask: 'x' },
      estimate,
      dependency: 'model:x',
      callDigest: id === 'c' ? 'other' : 'same',
      repeated: {},
    }),
    ...more,
  });
  core.start();
  return core;
}

describe('A repeated call', () => {
  test('is served from the record: no call, no cost, nothing reserved', () => {
    const core = begin({}, { budget: { costMicros: 500 } });
    core.finish('a', ok({ answer: 42 }, { costMicros: 60, ports: ['out'] }));
    expect(core.calls.map((call) => call.step)).toEqual(['a', 'c']);
    expect(core.step('b')).toMatchObject({ status: 'confirmed', output: { answer: 42 } });
    expect(core.step('b').attempts).toMatchObject([
      { outcome: 'succeeded', costMicros: 0, reusedFrom: { step: 'a', attempt: 1 } },
    ]);
    expect(core.step('b').attempts[0]).not.toHaveProperty('dependency');
    expect(core.state()).toMatchObject({ costMicros: 60, reserved: estimate });
  });

  test('is checked like any other result, and made when the check says no', () => {
    const retry = { retriers: [{ errors: ['invalid_output'], intervalMs: 0, maxRetries: 1 }] };
    const core = begin(
      { retry },
      {},
      {
        prepare: ({ id }) => ({
          config: {},
          callDigest: id === 'c' ? 'other' : 'same',
          ...(id === 'b' ? { repeated: { doneWhen: { holds: false, expression: 'output.n > 1' } } } : {}),
        }),
      },
    );
    core.finish('a', ok(1));
    expect(core.step('b').attempts[0]).toMatchObject({ outcome: 'failed', error: { code: 'done_when' } });
    expect(core.running()).toEqual(['b']);
  });

  test('is none when it undoes something: that is never held up by what going forward may cost', () => {
    const compensate = { kind: 'test', config: {}, effect: 'read' as const };
    const changing = { effect: 'idempotent' as const, checkpoint: true, compensate };
    const graph = graphOf({ a: step(), pay: step(changing) }, [['a', 'pay']], { settings: { repeatedCalls: 'park' } });
    const core = coreDriver(graph, {
      prepare: ({ id }) => ({ config: {}, callDigest: id === 'pay' ? 'other' : 'same', repeated: {} }),
    });
    core.start();
    core.drive();
    core.turn({ type: 'rollback_run', by: 'person:grace' });
    expect(core.running()).toEqual(['pay!undo']);
    core.drive();
    expect(core.state().end).toBe('rolled_back');
  });

  test('is asked about where the workflow says so, once for each step', () => {
    const core = begin({}, { repeatedCalls: 'park' });
    core.finish('a', ok(1));
    expect(core.openTasks()).toMatchObject([
      { on: 'cost_over', rule: '/settings/repeatedCalls', step: 'b', allow: ['retry', 'give_up'] },
    ]);
    core.decide('b', 'retry');
    expect(core.running()).toEqual(['b']);
  });

  test('is made again where the workflow allows it', () => {
    const core = begin({}, { repeatedCalls: 'allow' });
    core.finish('a', ok(1));
    expect(core.running()).toEqual(['b']);
  });
});

describe('Never served is', () => {
  test('what failed: the next attempt of the same step is a call', () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 0, maxRetries: 1 }] };
    const core = begin({ retry });
    core.finish('a', failure('timeout'));
    core.advance(1);
    expect(core.running()).toEqual(['a']);
  });

  test.each(['send_back', 'edit'] as const)('what a reviewer did not take as it was: %s', (answer) => {
    const core = begin({ gates: { after: { owner: 'role:lead' } } });
    core.finish('a', ok(1));
    core.decide('a', answer, { reason: 'Wrong', value: 2 });
    expect(core.running()).toEqual(answer === 'edit' ? ['b'] : ['a']);
  });

  test('the result of a compensation, and none is served in place of one', () => {
    const undo = { kind: 'test', config: {}, effect: 'read' as const };
    const pay = effectStep('idempotent', { compensate: undo });
    const core = coreDriver(graphOf({ a: step(), b: pay, c: pay }), {
      prepare: ({ id }) => ({
        config: {},
        ...(id === 'a' || id.endsWith('!undo') ? { callDigest: 'same', repeated: {} } : {}),
        ...(id === 'b' || id === 'c' ? { plan: { target: id, request: {} } } : {}),
      }),
    });
    core.start();
    core.drive();
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['a', 'b', 'c', 'c!undo', 'b!undo']);
    expect(core.state().end).toBe('rolled_back');
    expect(recordedCall({ ...core.state(), steps: { u: core.step('b!undo') } }, 'x', 'same')).toBeUndefined();
  });
});
