/** The same-effect guard: a second identical effect is a duplicate action, asked about before it is announced. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, startedAt, type Core, type CoreOptions } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type EdgeInput, type StepInput } from '../../../test/harness/graph.ts';
import type { EscalationRule } from '../../../shared/workflow/document.ts';
import { orderUndo } from './undo.ts';

const undo = { kind: 'test', config: {}, effect: 'idempotent' as const };
const plan = { target: 'POST test://refunds', request: { order: 7 } };
const retry = { retriers: [{ errors: ['not_sent', 'timeout'], intervalMs: 1_000, maxRetries: 1 }] };

/** pay → again: both ask the same of the same system. */
function twice(
  first: Partial<StepInput> = {},
  second: Partial<StepInput> = {},
  more: { edges?: EdgeInput[]; rules?: EscalationRule[]; prepare?: CoreOptions['prepare'] } = {},
): Core {
  const { edges = [['pay', 'again']], rules = [], prepare = () => ({ config: {}, plan }) } = more;
  const steps = {
    pay: effectStep('idempotent', { compensate: undo, ...first }),
    again: effectStep('idempotent', second),
    other: step(),
  };
  const core = coreDriver(graphOf(steps, [...edges, ['again:failed', 'other']], { settings: { escalation: rules } }), {
    prepare,
  });
  core.start();
  return core;
}

const announced = (core: Core): string[] =>
  core.events().flatMap((event) => (event.type === 'effect_intended' ? [event.step] : []));

describe('A second effect with the same target and request', () => {
  test('is asked about before it is announced; the question names the first', () => {
    const core = twice();
    core.finish('pay', { ...ok(), tookMs: 5_000 });
    expect(core.running()).toEqual([]);
    const of = Object.keys(core.state().effects)[0];
    const at = new Date(startedAt + 5_000).toISOString();
    expect(core.openTasks()).toMatchObject([
      {
        kind: 'escalation',
        step: 'again',
        on: 'inconsistent_data',
        allow: ['retry', 'give_up'],
        duplicate: { of },
        message: `pay has done the same already: POST test://refunds, ${at}. Doing it again would do it twice`,
      },
    ]);
    expect(announced(core)).toEqual(['pay']);
    expect(core.step('again').attempts).toEqual([]);
  });

  test('is done when a person lets it pass, also when its own attempts fail first', () => {
    const core = twice({}, { retry });
    core.finish('pay', ok());
    core.decide('again', 'retry', { reason: 'Two parcels' });
    core.finish('again', failure('not_sent'));
    core.advance(1_000);
    core.finish('again', ok());
    expect(core.state()).toMatchObject({ end: 'complete' });
    expect(announced(core)).toEqual(['pay', 'again', 'again']);
  });

  test('ends its step when it is given up, and the path for that is not taken', () => {
    const core = twice();
    core.finish('pay', ok());
    core.decide('again', 'give_up');
    expect(core.step('again')).toMatchObject({ status: 'failed', error: { class: 'refused', code: 'duplicate' } });
    expect(core.state()).toMatchObject({ end: 'failed', openEffects: 1 });
  });

  test('counts while the first is under way', () => {
    const core = twice({}, {}, { edges: [] });
    expect(core.openTasks()).toMatchObject([{ step: 'again' }]);
    expect(core.openTasks()[0]?.message).toContain('pay is doing the same already');
  });

  test('counts while the first is in doubt', () => {
    const rules = [{ on: 'in_doubt' as const, owner: 'role:lead' }];
    const core = twice({ effect: 'once' }, { gates: { before: { owner: 'role:lead' } } }, { edges: [], rules });
    core.finish('pay', failure('timeout'));
    core.decide('again', 'approve');
    expect(core.openTasks().find((task) => task.step === 'again')?.message).toContain('pay may have done the same');
  });

  test('of the same step is one too: sent back without another request', () => {
    const core = twice({ gates: { after: { owner: 'role:lead' } } });
    core.finish('pay', ok());
    core.decide('pay', 'send_back', { reason: 'Wrong sum' });
    expect(core.openTasks()).toMatchObject([{ step: 'pay', on: 'inconsistent_data' }]);
    core.decide('pay', 'retry');
    expect(core.running()).toEqual(['pay']);
    // What was let pass was that one change.
    core.finish('pay', ok());
    core.decide('pay', 'send_back', { reason: 'Still wrong' });
    expect(core.openTasks()).toMatchObject([{ step: 'pay', on: 'inconsistent_data' }]);
  });
});

describe('No duplicate is', () => {
  test('what is repeated under its own key', () => {
    const core = twice({ retry });
    core.finish('pay', failure('timeout'));
    core.advance(1_000);
    core.crash();
    expect(announced(core)).toEqual(['pay', 'pay', 'pay']);
    expect(core.running()).toEqual(['pay']);
  });

  test('what follows an effect that did not happen, but its own next attempt then is one', () => {
    const core = twice({ retry }, {}, { edges: [['pay:failed', 'again']] });
    core.finish('pay', failure('not_sent'));
    core.advance(1_000);
    core.finish('pay', failure('refused'));
    expect(core.running()).toEqual(['again']);

    const both = twice({ retry }, { gates: { before: { owner: 'role:lead' } } }, { edges: [] });
    both.finish('pay', failure('not_sent'));
    both.decide('again', 'approve');
    expect(both.running()).toEqual(['again']);
    both.advance(1_000);
    expect(both.openTasks()).toMatchObject([{ step: 'pay', duplicate: {} }]);
  });

  test('what is done again after it was undone, nor what undoes it', () => {
    const core = twice();
    core.finish('pay', ok());
    core.change((turn) =>
      orderUndo(turn, { steps: ['pay', 'again'], because: 'checkpoint', by: 'person:ada', then: { type: 'reset' } }),
    );
    expect(core.running()).toEqual(['pay!undo']);
    core.finish('pay!undo', ok());
    expect(core.running()).toEqual(['pay']);
  });

  test('another request, or the same one to another system', () => {
    const other = (id: string) => (id === 'again' ? { ...plan, request: { order: 8 } } : plan);
    const core = twice({}, {}, { prepare: ({ id }) => ({ config: {}, plan: other(id) }) });
    core.finish('pay', ok());
    expect(core.running()).toEqual(['again']);
    const target = (id: string) => ({ ...plan, target: `POST test://${id}` });
    const elsewhere = twice({}, {}, { prepare: ({ id }) => ({ config: {}, plan: target(id) }) });
    elsewhere.finish('pay', ok());
    expect(elsewhere.running()).toEqual(['again']);
  });
});

describe('A rule for inconsistent data', () => {
  const rule = (then: NonNullable<EscalationRule['then']>) => [
    { on: 'inconsistent_data' as const, owner: 'role:ops', then },
  ];

  test.each([
    ['fail', 'failed'],
    ['rollback', 'rolled_back'],
  ] as const)('that says %s needs nobody', (then, end) => {
    const core = twice({}, {}, { rules: rule(then) });
    core.drive();
    expect(core.state()).toMatchObject({ end, tasks: {} });
    expect(announced(core)).not.toContain('again');
  });

  test('takes the fallback path', () => {
    const core = twice({}, {}, { rules: rule('fallback') });
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete', tasks: {} });
    expect(core.step('other').status).toBe('confirmed');
  });

  test('names the owner and holds the whole run', () => {
    const core = twice({}, {}, { rules: rule('pause') });
    core.drive();
    expect(core.openTasks()).toMatchObject([{ owner: 'role:ops', pausesRun: true, cause: 'refused' }]);
  });
});
