/** Reviews that nobody decides in time climb the gate's ladder, one rung at a time. */
import { describe, expect, test } from 'vitest';
import { coreDriver, type Core } from '../../../test/harness/core.ts';
import { graphOf, step, type DocumentInput, type GateInput } from '../../../test/harness/graph.ts';

const gate: GateInput = {
  owner: 'role:clerk',
  dueMs: 1_000,
  ladder: [
    { owner: 'role:lead', dueMs: 2_000 },
    { owner: 'role:director', dueMs: 4_000 },
  ],
};

function waiting(patch: Partial<GateInput> = {}, extra: DocumentInput = {}): Core {
  const core = coreDriver(graphOf({ a: step({ gates: { after: { ...gate, ...patch } } }) }, [], extra));
  core.start();
  core.finish('a', { outcome: { ok: true, output: 1 } });
  return core;
}

const task = (core: Core) => Object.values(core.state().tasks)[0];

describe('A review with a due time', () => {
  test('waits until then, and is parked until then', () => {
    const core = waiting();
    core.advance(999);
    expect(task(core)).toMatchObject({ owner: 'role:clerk' });
    expect(core.wakeAt()).toBe(core.now() + 1);
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'review' });
  });

  test('goes one rung up when nobody decided, and that rung has its full time', () => {
    const core = waiting();
    core.advance(1_000);
    expect(task(core)).toMatchObject({ owner: 'role:lead', rung: 1, dueAt: core.now() + 2_000 });
    expect(core.state()).toMatchObject({ word: 'escalated', reason: 'review_overdue' });
    expect(core.step('a').word).toBe('escalated');
  });

  test('goes up only one rung after a long sleep', () => {
    const core = waiting();
    core.advance(60_000_000);
    expect(task(core)).toMatchObject({ owner: 'role:lead', rung: 1, dueAt: core.now() + 2_000 });
  });

  test('ends at the owner of the workflow, who has all the time', () => {
    const core = waiting();
    core.drive();
    expect(task(core)).toMatchObject({ owner: 'role:lead', rung: 3 });
    expect(task(core)?.dueAt).toBeUndefined();
    expect(core.wakeAt()).toBeUndefined();
  });

  test('ends at whom the rule for overdue reviews names', () => {
    const core = waiting(
      { ladder: undefined },
      {
        settings: { escalation: [{ on: 'review_overdue', owner: 'role:board' }] },
      },
    );
    core.drive();
    expect(task(core)).toMatchObject({ owner: 'role:board', rung: 1 });
  });

  test('can be decided on every rung, and is then over', () => {
    const core = waiting();
    core.advance(1_000);
    const taskId = task(core)?.taskId ?? '';
    core.turn({ type: 'decide_task', taskId, answer: 'approve', by: 'person:ada' });
    expect(core.state().word).toBe('complete');
    expect(core.turn({ type: 'escalate_task', taskId })).toMatchObject({ code: 'conflict' });
  });

  test('does not climb before its time, nor in a run that is being cancelled', () => {
    const core = waiting();
    const taskId = task(core)?.taskId ?? '';
    expect(core.turn({ type: 'escalate_task', taskId })).toMatchObject({ code: 'conflict' });
    const graph = graphOf({ a: step({ gates: { after: gate } }), b: step({ effect: 'once', checkpoint: true }) });
    const other = coreDriver(graph);
    other.start();
    other.finish('a', { outcome: { ok: true, output: 1 } });
    other.turn({ type: 'cancel_run', by: 'person:ada' });
    other.advance(5_000);
    expect(task(other)?.rung).toBeUndefined();
    expect(other.turn({ type: 'escalate_task', taskId: task(other)?.taskId ?? '' })).toMatchObject({
      code: 'conflict',
    });
  });

  test('before a step climbs its own ladder', () => {
    const core = coreDriver(graphOf({ a: step({ gates: { before: gate } }) }));
    core.start();
    core.advance(1_000);
    expect(task(core)).toMatchObject({ gate: 'before', owner: 'role:lead', rung: 1 });
  });
});

describe('A rule that ends a run whose review nobody decides', () => {
  type Rule = NonNullable<NonNullable<DocumentInput['settings']>['escalation']>[number];
  const overdue = (more: Partial<Rule>): DocumentInput => ({
    settings: { escalation: [{ on: 'review_overdue', owner: 'role:board', ...more }], onFailure: 'pause' },
  });

  test('waits until everybody on the ladder had their time, and closes the item', () => {
    const core = waiting({}, overdue({ dueMs: 8_000, ladder: [{ owner: 'role:ceo', dueMs: 16_000 }], then: 'fail' }));
    const owners: unknown[] = [];
    for (const ms of [1_000, 2_000, 4_000, 8_000]) {
      core.advance(ms);
      owners.push(task(core)?.owner);
    }
    expect(owners).toEqual(['role:lead', 'role:director', 'role:board', 'role:ceo']);
    core.advance(15_999);
    expect(core.state().end).toBeUndefined();
    core.advance(1);
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'timeout' });
    expect(task(core)?.closedAt).toBe(core.now());
    expect(core.step('a').error).toEqual({
      class: 'timeout',
      code: 'review_overdue',
      message: 'Nobody decided the review in time; role:ceo was asked last',
    });
  });

  test('does not ask an owner who has no time to answer in; turning back undoes what the step did', () => {
    const gates = { after: { ...gate, ladder: [] } };
    const compensate = { kind: 'test', config: {}, effect: 'idempotent' as const };
    const pay = step({ effect: 'idempotent', checkpoint: true, gates, compensate });
    const core = coreDriver(graphOf({ pay }, [], overdue({ then: 'rollback' })));
    core.start();
    core.drive();
    expect(core.state()).toMatchObject({ end: 'rolled_back' });
    expect(task(core)).toMatchObject({ owner: 'role:clerk', closedAt: core.now() });
    expect(core.calls.map((call) => call.step)).toEqual(['pay', 'pay!undo']);
  });
});
