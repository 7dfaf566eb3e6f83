/** Review gates: when they ask, what is shown, and what every decision leads to. */
import { describe, expect, test } from 'vitest';
import { coreDriver, ok, type Core } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type GateInput, type StepInput } from '../../../test/harness/graph.ts';
import { gateSchema } from '../../../shared/workflow/document.ts';
import { confidenceOf, gateCauses, type GateFacts } from './gate.ts';

const owner = 'role:finance-lead';

describe('A gate asks', () => {
  const causes = (when: GateInput['when'], facts: Partial<GateFacts> = {}) =>
    gateCauses(gateSchema.parse({ owner, when }), {
      values: { expressions: [] },
      costMicros: 0,
      effect: 'pure',
      ...facts,
    });

  test('always, if it says so or says nothing', () => {
    expect(causes('always')).toEqual([{ condition: 'always' }]);
    expect(causes(undefined)).toEqual([{ condition: 'always' }]);
  });

  test.each([
    [undefined, 0],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
    ['0.99', 0],
    [null, 0],
    [0.79, 0.79],
  ])('below its confidence: %s counts as %s', (confidence, measured) => {
    expect(confidenceOf(confidence)).toBe(measured);
    expect(causes({ any: [{ confidenceBelow: 0.8 }] }, { values: { confidence, expressions: [] } })).toEqual([
      { condition: 'confidence', measured, limit: 0.8 },
    ]);
  });

  test('not at or above its confidence', () => {
    expect(causes({ any: [{ confidenceBelow: 0.8 }] }, { values: { confidence: 0.8, expressions: [] } })).toEqual([]);
  });

  test('when the run cost more than its limit, and not at the limit', () => {
    const when = { any: [{ costAboveMicros: 10 }] };
    expect(causes(when, { costMicros: 11 })).toEqual([{ condition: 'cost', measured: 11, limit: 10 }]);
    expect(causes(when, { costMicros: 10 })).toEqual([]);
  });

  test('for the effects it names', () => {
    const when = { any: [{ effectIn: ['once' as const] }] };
    expect(causes(when, { effect: 'once' })).toEqual([{ condition: 'effect', measured: 'once', limit: ['once'] }]);
    expect(causes(when, { effect: 'idempotent' })).toEqual([]);
  });

  test.each([
    [true, true],
    [undefined, true],
    [0, true],
    ['false', true],
    [false, false],
  ])('unless its expression says a clear no: %s', (value, asks) => {
    const found = causes({ any: [{ expression: 'output.big' }] }, { values: { expressions: [value] } });
    expect(found.length > 0).toBe(asks);
  });

  test('for every condition that holds, each with what was measured', () => {
    const when = { any: [{ confidenceBelow: 0.8 }, { costAboveMicros: 1 }, { expression: 'x' }] };
    const found = causes(when, { values: { confidence: 0.1, expressions: [undefined, undefined, 7] }, costMicros: 9 });
    expect(found).toEqual([
      { condition: 'confidence', measured: 0.1, limit: 0.8 },
      { condition: 'cost', measured: 9, limit: 1 },
      { condition: 'expression', measured: 7, limit: 'x' },
    ]);
  });
});

function gated(
  side: 'before' | 'after',
  gate: Partial<GateInput> = {},
  patch: Partial<StepInput> = {},
  isWired = true,
): Core {
  const gates = { [side]: { owner, ...gate } };
  const a = step({ gates, ...patch });
  const core = coreDriver(
    isWired
      ? graphOf({ a, next: step(), no: step() }, [
          ['a', 'next'],
          ['a:rejected', 'no'],
        ])
      : graphOf({ a, next: step() }, [['a', 'next']]),
    { prepare: (_node, state) => ({ config: { sum: 5, seen: state.steps['a']?.review ?? null } }) },
  );
  core.start();
  return core;
}

describe('A gate before a step', () => {
  test('shows the request with its values and nothing runs before it is approved', () => {
    const core = gated('before', { dueMs: 1_000 });
    expect(core.calls).toEqual([]);
    expect(core.openTasks()).toMatchObject([
      {
        kind: 'review',
        gate: 'before',
        owner,
        shown: { sum: 5, seen: null },
        dueAt: core.now() + 1_000,
        allow: ['approve', 'edit', 'reject'],
        causes: [{ condition: 'always' }],
      },
    ]);
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'review' });
    core.decide('a', 'approve');
    expect(core.step('a').approved).toEqual({ sum: 5, seen: null });
    expect(core.running()).toEqual(['a']);
  });

  test('lets an edit replace the request', () => {
    const core = gated('before');
    expect(core.decide('a', 'edit')).toEqual({ code: 'refused', message: 'An edit needs the changed content' });
    expect(core.decide('a', 'edit', { value: [1] })?.message).toMatch(/must be an object/);
    expect(core.decide('a', 'edit', { value: null })?.message).toMatch(/must be an object/);
    core.decide('a', 'edit', { value: { sum: 4 } });
    expect(core.step('a').approved).toEqual({ sum: 4 });
  });

  test('asks once for all attempts', () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 0, maxRetries: 2 }] };
    const core = gated('before', {}, { retry });
    core.decide('a', 'approve');
    core.crash();
    expect(core.running()).toEqual(['a']);
    expect(core.openTasks()).toEqual([]);
  });

  test('does not ask after the effect was announced', () => {
    const gates = { before: { owner, when: { any: [{ costAboveMicros: 1 }] } } };
    const core = coreDriver(graphOf({ pay: effectStep('idempotent', { gates }), other: step({ checkpoint: true }) }));
    core.start();
    core.finish('other', ok(1, { costMicros: 5 }));
    core.crash();
    expect(core.running()).toEqual(['pay']);
  });

  test('lets the step pass when no condition holds', () => {
    const core = gated('before', { when: { any: [{ costAboveMicros: 1 }] } });
    expect(core.running()).toEqual(['a']);
  });

  test('stays open over a crash', () => {
    const core = gated('before');
    const [task] = core.openTasks();
    core.crash();
    expect(core.openTasks()).toEqual([task]);
  });
});

describe('A gate after a step', () => {
  test('shows the output; approval confirms the step', () => {
    const core = gated('after');
    core.finish('a', ok({ text: 'Hello' }));
    expect(core.openTasks()).toMatchObject([
      { shown: { text: 'Hello' }, allow: ['approve', 'edit', 'reject', 'send_back'] },
    ]);
    expect(core.step('a').word).toBe('waiting');
    core.decide('a', 'approve');
    expect(core.step('a')).toMatchObject({ word: 'confirmed', output: { text: 'Hello' } });
    expect(core.running()).toEqual(['next']);
  });

  test('lets an edit replace the output, except where the world was changed', () => {
    const core = gated('after');
    core.finish('a', ok(1));
    core.decide('a', 'edit', { value: 2 });
    expect(core.step('a').output).toBe(2);
    const paid = gated('after', {}, { effect: 'once' });
    paid.finish('a', ok(1));
    expect(paid.decide('a', 'edit', { value: 2 })).toEqual({
      code: 'refused',
      message: '"edit" is not possible here; possible: approve, reject, send_back',
    });
  });

  test('offers only what the gate allows', () => {
    const core = gated('after', { allow: ['approve', 'send_back'] });
    core.finish('a', ok(1));
    expect(core.openTasks()[0]?.allow).toEqual(['approve', 'send_back']);
  });

  test('does not ask when the confidence is high enough', () => {
    const core = gated('after', { when: { any: [{ confidenceBelow: 0.5 }] } });
    core.finish('a', { ...ok(1), checked: { gate: { confidence: 0.9, expressions: [] } } });
    expect(core.step('a').status).toBe('confirmed');
  });
});

describe('Sending back', () => {
  test('runs the step again with the comment, as a new generation', () => {
    const core = gated('after');
    core.finish('a', ok('first'));
    expect(core.decide('a', 'send_back')?.message).toMatch(/Say why/);
    core.decide('a', 'send_back', { reason: 'Too long' });
    expect(core.step('a')).toMatchObject({
      generation: 2,
      sendBacks: 1,
      review: { comment: 'Too long', by: 'person:grace' },
      config: { sum: 5, seen: { comment: 'Too long', by: 'person:grace' } },
    });
    core.finish('a', ok('second'));
    core.decide('a', 'approve');
    expect(core.step('a').output).toBe('second');
  });

  test('asks at the gate before the step again, since the request is a new one', () => {
    const gates = { before: { owner }, after: { owner } };
    const core = coreDriver(graphOf({ a: step({ gates }) }));
    core.start();
    core.decide('a', 'approve');
    core.finish('a', ok());
    core.decide('a', 'send_back', { reason: 'Again' });
    expect(core.openTasks()).toMatchObject([{ gate: 'before' }]);
    expect(core.step('a')).not.toHaveProperty('approved');
  });

  test.each([
    [undefined, 3],
    [1, 1],
    [0, 0],
  ])('is possible so often: maxSendBacks %s means %s, then it escalates', (maxSendBacks, times) => {
    const core = gated('after', maxSendBacks === undefined ? {} : { maxSendBacks });
    core.finish('a', ok());
    for (let index = 0; index < times; index += 1) {
      core.decide('a', 'send_back', { reason: 'Again' });
      core.finish('a', ok());
    }
    core.decide('a', 'send_back', { reason: 'Again' });
    expect(core.running()).toEqual([]);
    expect(core.openTasks()).toMatchObject([
      { kind: 'escalation', on: 'loop_limit', owner: 'role:lead', allow: ['retry', 'give_up', 'skip'] },
    ]);
    core.decide('a', 'give_up');
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'loop_limit' });
  });
});

describe('Rejecting', () => {
  test('takes the path from the port rejected when there is one', () => {
    const core = gated('after');
    core.finish('a', ok());
    expect(core.decide('a', 'reject', { reason: ' ' })?.code).toBe('refused');
    core.decide('a', 'reject', { reason: 'No' });
    core.drive();
    expect(core.step('a')).toMatchObject({ status: 'failed', ports: ['rejected'] });
    expect(core.step('no').status).toBe('confirmed');
    expect(core.step('next').status).toBe('skipped');
    expect(core.state().word).toBe('complete');
  });

  test('ends the run as failed and rejected when there is none', () => {
    const core = gated('before', {}, {}, false);
    core.decide('a', 'reject', { reason: 'No' });
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'rejected' });
    expect(core.step('a').record.map((one) => one.word)).toEqual(['waiting', 'failed']);
    expect(core.state().steps).not.toHaveProperty('next');
  });
});

describe('A decision', () => {
  test('is bound to what was shown', () => {
    const core = gated('before');
    expect(core.decide('a', 'approve', { digest: 'of something else' })).toMatchObject({ code: 'conflict' });
    expect(core.decide('a', 'approve', { digest: core.openTasks()[0]?.digest ?? '' })).toBeUndefined();
  });

  test('is taken once; the second hears who was first, also when the run has ended', () => {
    const core = gated('before', {}, {}, false);
    const taskId = core.openTasks()[0]?.taskId ?? '';
    core.decide('a', 'reject', { reason: 'No', by: 'person:ada' });
    const again = core.turn({ type: 'decide_task', taskId, answer: 'approve', by: 'person:grace' });
    expect(again).toEqual({ code: 'conflict', message: 'This item was already decided by person:ada (reject)' });
  });

  test('that comes after the end of the run is refused with the reason', () => {
    const core = gated('before');
    const taskId = core.openTasks()[0]?.taskId ?? '';
    core.cancel();
    expect(core.turn({ type: 'decide_task', taskId, answer: 'approve', by: 'person:grace' })).toEqual({
      code: 'conflict',
      message: 'The run has already ended (cancelled), so nothing is left to decide',
    });
    expect(core.state().tasks[taskId]).toMatchObject({ closedAt: core.now() });
  });

  test('while the run is being cancelled is refused too', () => {
    const core = coreDriver(graphOf({ a: step({ gates: { before: { owner } } }), pay: effectStep('once') }));
    core.start();
    core.cancel();
    expect(core.decide('a', 'approve')?.message).toBe('The run is being cancelled, so nothing is left to decide');
  });

  test.each(['task_99', 'constructor', '__proto__'])('about an unknown item is refused: %s', (taskId) => {
    const core = gated('before');
    expect(core.turn({ type: 'decide_task', taskId, answer: 'approve', by: 'x' })).toEqual({
      code: 'not_found',
      message: `There is no item ${taskId} in this run`,
    });
  });
});
