/** Sending back to an earlier step: what runs again, what is undone first, and when it is not possible. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type GateInput, type StepInput } from '../../../test/harness/graph.ts';

const owner = 'role:lead';
const undoable = (patch: Partial<StepInput> = {}): StepInput =>
  effectStep('idempotent', { compensate: { kind: 'test', config: {}, effect: 'idempotent' }, ...patch });

/** read → draft → pay, reviewed before or after `pay`; `aside` follows `read` as well, `apart` follows nothing. */
function reviewed(
  side: 'before' | 'after',
  gate: Partial<GateInput> = {},
  patch: Partial<Record<'read' | 'draft' | 'pay' | 'aside', StepInput>> = {},
): Core {
  const pay = patch.pay ?? step();
  const steps = { read: step(), draft: step(), aside: step(), apart: step(), ...patch };
  const gates = { [side]: { owner, sendBackTo: 'read', ...gate } };
  const graph = graphOf({ ...steps, pay: { ...pay, gates } }, [
    ['read', 'draft'],
    ['draft', 'pay'],
    ['read', 'aside'],
  ]);
  const core = coreDriver(graph, { prepare: prepared });
  core.start();
  core.drive();
  return core;

  function prepared({ id }: { id: string }, state: ReturnType<Core['state']>) {
    const comment = state.steps['read']?.review?.comment ?? 'first';
    return { config: { comment }, plan: { target: `POST ${id}`, request: { comment } } };
  }
}

const back = (core: Core, reason = 'Wrong order') => core.decide('pay', 'send_back', { reason });
const callsOf = (core: Core): string[] => core.calls.map((call) => call.step);

describe('sending back to an earlier step', () => {
  test('before the step runs again from there with the comment, and asks anew about what it shows then', () => {
    const core = reviewed('before');
    const [first] = core.openTasks();
    expect(first).toMatchObject({ allow: ['approve', 'edit', 'reject', 'send_back'], backTo: 'read' });
    expect(back(core)).toBeUndefined();
    expect(core.step('read').review).toEqual({ comment: 'Wrong order', by: 'person:grace' });
    core.drive();
    expect(callsOf(core).sort()).toEqual(['apart', 'aside', 'aside', 'draft', 'draft', 'read', 'read']);
    const [second] = core.openTasks();
    expect(second).toMatchObject({ step: 'pay', gate: 'before', shown: { comment: 'Wrong order' } });
    expect(second?.digest).not.toBe(first?.digest);
    expect(core.decide('pay', 'approve', { digest: first?.digest ?? '' })).toMatchObject({ code: 'conflict' });
    expect(core.decide('pay', 'approve', { digest: second?.digest ?? '' })).toBeUndefined();
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.step('pay').review).toBeUndefined();
  });

  test('undoes first what the steps in between and the reviewed one changed, the last change first', () => {
    const core = reviewed('after', {}, { draft: undoable(), pay: undoable(), aside: undoable() });
    back(core);
    expect(core.running()).toHaveLength(1);
    expect(core.types()).not.toContain('steps_reset');
    core.drive();
    const undone = callsOf(core).filter((key) => key.endsWith('!undo'));
    expect(undone.slice(0, 1)).toEqual(['pay!undo']);
    expect([...undone].sort()).toEqual(['aside!undo', 'draft!undo', 'pay!undo']);
    expect(callsOf(core).lastIndexOf('draft!undo')).toBeLessThan(callsOf(core).lastIndexOf('read'));
    expect(core.openTasks()).toMatchObject([{ step: 'pay', gate: 'after' }]);
    core.decide('pay', 'approve');
    const states = Object.values(core.state().effects).filter((effect) => effect.step === 'pay');
    expect(states.map(({ generation, status }) => [generation, status])).toEqual([
      [1, 'rolled_back'],
      [2, 'confirmed'],
    ]);
    expect(core.state().end).toBe('complete');
  });

  test('goes on after a crash in the middle of undoing', () => {
    const core = reviewed('after', {}, { draft: undoable(), pay: undoable() });
    back(core);
    core.finish('pay!undo', ok());
    core.crash();
    expect(core.running()).toEqual(['draft!undo']);
    core.drive();
    expect(core.openTasks()).toMatchObject([{ step: 'pay', gate: 'after' }]);
    expect(callsOf(core).filter((key) => key === 'pay!undo')).toHaveLength(1);
  });

  test('leaves in plain sight what could not be undone after all', () => {
    const core = reviewed('after', {}, { draft: undoable() });
    back(core);
    core.finish('draft!undo', failure('refused'));
    core.decide('draft!undo', 'give_up');
    core.drive();
    expect(Object.values(core.state().undoOrders ?? {})).toMatchObject([{ kept: [{ step: 'draft' }] }]);
  });

  test('is enough from one person, also where several must approve', () => {
    const core = reviewed('after', { quorum: 2 });
    core.decide('pay', 'approve', { by: 'person:grace', verified: true });
    expect(core.decide('pay', 'send_back', { by: 'person:hedy', verified: true, reason: 'No' })).toBeUndefined();
    core.drive();
    expect(core.openTasks()).toMatchObject([{ step: 'pay', quorum: 2 }]);
    expect(core.openTasks()[0]).not.toHaveProperty('approvals');
  });

  test.each([
    [undefined, 3],
    [1, 1],
  ])('is possible so often: maxSendBacks %s means %s, then it escalates', (maxSendBacks, times) => {
    const core = reviewed('before', maxSendBacks === undefined ? {} : { maxSendBacks });
    for (let index = 0; index <= times; index += 1) {
      expect(core.openTasks()).toMatchObject([{ kind: 'review' }]);
      back(core);
      core.drive();
    }
    expect(core.openTasks()).toMatchObject([{ on: 'loop_limit', allow: ['retry', 'give_up', 'skip'] }]);
    core.decide('pay', 'retry');
    expect(core.openTasks()).toMatchObject([{ kind: 'review', gate: 'before' }]);
  });

  test('too often, a change that was made is not made once more on top', () => {
    const core = reviewed('after', { maxSendBacks: 0 }, { pay: undoable() });
    back(core);
    expect(core.openTasks()).toMatchObject([{ on: 'loop_limit', allow: ['give_up', 'skip'] }]);
    const other = reviewed('after', { maxSendBacks: 0 });
    back(other);
    expect(other.openTasks()).toMatchObject([{ allow: ['retry', 'give_up', 'skip'] }]);
  });

  test('is counted for each review of its own', () => {
    const gates = { before: { owner, sendBackTo: 'read' }, after: { owner, maxSendBacks: 1 } };
    const core = coreDriver(graphOf({ read: step(), pay: step({ gates }) }, [['read', 'pay']]));
    core.start();
    core.drive();
    back(core);
    core.drive();
    core.decide('pay', 'approve');
    core.drive();
    back(core);
    core.decide('pay', 'approve');
    core.drive();
    expect(core.openTasks()).toMatchObject([{ kind: 'review', gate: 'after' }]);
  });
});

describe('sending back is not possible', () => {
  test.each(['draft', 'pay', 'aside'] as const)('when what %s changed cannot be undone', (id) => {
    const core = reviewed('after', {}, { [id]: effectStep('idempotent') });
    expect(core.openTasks()).toMatchObject([
      { allow: ['approve', 'edit', 'reject'].filter((one) => id !== 'pay' || one !== 'edit') },
    ]);
    expect(core.openTasks()[0]).not.toHaveProperty('backTo');
    expect(back(core)?.message).toMatch(/"send_back" is not possible here/);
  });

  test('to a step on a path that was not taken', () => {
    const gates = { before: { owner, sendBackTo: 'other' } };
    const graph = graphOf({ way: step(), other: step(), pay: step({ gates }) }, [
      ['way:other', 'other'],
      ['way', 'pay'],
      ['other', 'pay'],
    ]);
    const core = coreDriver(graph);
    core.start();
    core.drive();
    expect(core.openTasks()).toMatchObject([{ allow: ['approve', 'edit', 'reject'] }]);
  });

  test('any more when something that cannot be undone happened since', () => {
    const pay = step({ gates: { before: { owner, sendBackTo: 'read' } } });
    const graph = graphOf({ read: step(), slow: step(), beside: effectStep('idempotent'), pay }, [
      ['read', 'pay'],
      ['read', 'slow'],
      ['slow', 'beside'],
    ]);
    const core = coreDriver(graph);
    core.start();
    core.finish('read', ok());
    expect(core.openTasks()[0]?.allow).toContain('send_back');
    core.finish('slow', ok());
    core.finish('beside', ok());
    expect(back(core)).toEqual({
      code: 'conflict',
      message: 'It cannot be sent back now: POST test://beside would stay (The workflow does not say how to undo it)',
    });
    expect(core.decide('pay', 'approve')).toBeUndefined();
  });

  test('elsewhere when the named step is the reviewed one: it runs again itself', () => {
    const graph = graphOf({ a: step({ gates: { after: { owner, sendBackTo: 'a' } } }) });
    const core = coreDriver(graph);
    core.start();
    core.drive();
    expect(core.openTasks()[0]).not.toHaveProperty('backTo');
    core.decide('a', 'send_back', { reason: 'Again' });
    expect(core.running()).toEqual(['a']);
    expect(core.types()).not.toContain('undo_ordered');
  });
});

test('inside a loop it goes back in the round that it is in', () => {
  const gates = { after: { owner, sendBackTo: 'read' } };
  const graph = graphOf({ read: step(), check: step({ gates }) }, [
    ['read', 'check'],
    ['check:again', 'read', { loop: { maxIterations: 3 } }],
  ]);
  const core = coreDriver(graph);
  core.start();
  core.finish('read', ok());
  core.finish('check', ok(1, { ports: ['again'] }));
  core.decide('check', 'approve');
  core.finish('read#2', ok());
  core.finish('check#2', ok(1, { ports: ['out'] }));
  core.decide('check#2', 'send_back', { reason: 'Once more' });
  expect(core.running()).toEqual(['read#2']);
  expect(core.step('read#2').review?.comment).toBe('Once more');
  core.drive();
  core.decide('check#2', 'approve');
  core.drive();
  expect(core.state().end).toBe('complete');
  expect(callsOf(core)).toEqual(['read', 'check', 'read#2', 'check#2', 'read#2', 'check#2']);
});
