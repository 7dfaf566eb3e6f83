/** Reviews by several people, and by nobody who must not: only who proved to be a person counts, each once. */
import { describe, expect, test } from 'vitest';
import { coreDriver, ok, type Core } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type GateInput } from '../../../test/harness/graph.ts';

const proven = (by: string, more: object = {}) => ({ by, verified: true, ...more });

function reviewed(gate: Partial<GateInput>, side: 'before' | 'after' = 'after'): Core {
  const core = coreDriver(
    graphOf({ a: step({ gates: { [side]: { owner: 'role:lead', ...gate } } }), b: step() }, [['a', 'b']]),
  );
  core.start();
  if (side === 'after') core.finish('a', ok({ amount: 1 }));
  return core;
}

const task = (core: Core) => Object.values(core.state().tasks)[0];

describe('A review by several people', () => {
  test('is decided by the last of them; each approval is recorded with who and why', () => {
    const core = reviewed({ quorum: 3 });
    expect(core.decide('a', 'approve', proven('person:ada', { reason: 'Fine' }))).toBeUndefined();
    expect(core.decide('a', 'approve', proven('person:bob'))).toBeUndefined();
    expect(task(core)?.approvals).toEqual([
      { by: 'person:ada', at: core.now(), verified: true, reason: 'Fine' },
      { by: 'person:bob', at: core.now(), verified: true },
    ]);
    expect(core.step('a').status).toBe('review');
    expect(core.decide('a', 'approve', proven('person:cyd'))).toBeUndefined();
    expect(task(core)?.decision).toEqual({ answer: 'approve', by: 'person:cyd', at: core.now(), verified: true });
    expect(core.running()).toEqual(['b']);
    expect(core.types().filter((type) => type === 'gate_approved')).toHaveLength(2);
  });

  test('counts each person once, and says how many are missing', () => {
    const core = reviewed({ quorum: 3 });
    core.decide('a', 'approve', proven('person:ada'));
    expect(core.decide('a', 'approve', proven('person:ada'))?.message).toBe(
      'person:ada has approved this already; 2 more approvals are needed from somebody else',
    );
    core.decide('a', 'approve', proven('person:bob'));
    expect(core.decide('a', 'approve', proven('person:bob'))?.message).toBe(
      'person:bob has approved this already; one more approval is needed from somebody else',
    );
  });

  test('takes no answer from somebody who did not prove who they are', () => {
    const core = reviewed({ quorum: 2 });
    for (const answer of ['approve', 'edit', 'reject', 'send_back'] as const) {
      expect(core.decide('a', answer, { by: 'person:ada', reason: 'x', value: {} })).toEqual({
        code: 'refused',
        message: 'This review needs 2 people, so person:ada must answer with their PIN; nothing was decided',
      });
    }
    expect(core.types()).not.toContain('gate_approved');
  });

  test('ends with the first no', () => {
    const core = reviewed({ quorum: 2 });
    core.decide('a', 'approve', proven('person:ada'));
    expect(core.decide('a', 'reject', proven('person:bob', { reason: 'No' }))).toBeUndefined();
    expect(core.state()).toMatchObject({ word: 'failed', reason: 'rejected' });
  });

  test('begins anew after an edit, which counts as its approval by the editor', () => {
    const core = reviewed({ quorum: 2 });
    core.decide('a', 'approve', proven('person:ada'));
    const digest = task(core)?.digest ?? '';
    expect(core.decide('a', 'edit', proven('person:bob', { value: { amount: 2 }, reason: 'Half' }))).toBeUndefined();
    expect(task(core)).toMatchObject({ shown: { amount: 2 }, approvals: [{ by: 'person:bob', reason: 'Half' }] });
    expect(core.step('a')).toMatchObject({ status: 'review', output: { amount: 2 } });
    expect(core.decide('a', 'approve', proven('person:cyd', { digest }))).toMatchObject({ code: 'conflict' });
    expect(core.decide('a', 'approve', proven('person:bob'))).toMatchObject({ code: 'conflict' });
    expect(core.decide('a', 'approve', proven('person:ada', { digest: task(core)?.digest }))).toBeUndefined();
    expect(core.step('a')).toMatchObject({ status: 'confirmed', output: { amount: 2 } });
  });

  test('lets exactly the edited request through when it is asked before the step', () => {
    const core = reviewed({ quorum: 2 }, 'before');
    core.decide('a', 'edit', proven('person:bob', { value: { amount: 2 } }));
    expect(core.running()).toEqual([]);
    core.crash();
    core.decide('a', 'approve', proven('person:ada'));
    expect(core.running()).toEqual(['a']);
    expect(core.step('a')).toMatchObject({ approved: { amount: 2 } });
  });

  test('is asked of one person when it says nothing, or one', () => {
    const core = reviewed({ quorum: 1, notBy: [] });
    expect(task(core)).not.toHaveProperty('quorum');
    expect(task(core)).not.toHaveProperty('notBy');
    expect(core.decide('a', 'approve')).toBeUndefined();
    expect(task(core)?.decision).toMatchObject({ verified: false });
  });
});

describe('A review that keeps people out', () => {
  const message = 'so somebody else must answer this';

  test('does not take the answer of who started the run', () => {
    const core = reviewed({ notBy: ['starter'] });
    expect(core.decide('a', 'approve', { by: 'person:bob' })?.message).toBe(
      'This review keeps some people out, so person:bob must answer with their PIN; nothing was decided',
    );
    expect(core.decide('a', 'approve', proven('person:ada'))?.message).toBe(`person:ada started the run, ${message}`);
    expect(core.decide('a', 'approve', proven('person:bob'))).toBeUndefined();
    expect(core.step('a').status).toBe('confirmed');
  });

  test('nor of a named person, nor of somebody who has the role', () => {
    const core = reviewed({ notBy: ['person:bob', 'role:clerk'] });
    expect(core.decide('a', 'approve', proven('person:bob'))?.message).toBe(
      `person:bob must not review this (person:bob), ${message}`,
    );
    expect(core.decide('a', 'approve', proven('person:cyd', { roles: ['role:clerk'] }))?.message).toBe(
      `person:cyd must not review this (role:clerk), ${message}`,
    );
    expect(core.decide('a', 'approve', proven('person:cyd', { roles: ['role:lead'] }))).toBeUndefined();
  });

  test('nor of who decided on an earlier step, alone or as one of several', () => {
    const gate = { owner: 'role:lead' };
    const core = coreDriver(
      graphOf(
        {
          a: step({ gates: { after: { ...gate, quorum: 2 } } }),
          b: step({ gates: { before: { ...gate, notBy: ['step:a'] } } }),
        },
        [['a', 'b']],
      ),
    );
    core.start();
    core.finish('a', ok(1));
    core.decide('a', 'approve', proven('person:ada'));
    core.decide('a', 'approve', proven('person:bob'));
    for (const by of ['person:ada', 'person:bob']) {
      expect(core.decide('b', 'approve', proven(by))?.message).toBe(`${by} decided on the step a, ${message}`);
    }
    expect(core.decide('b', 'approve', proven('person:cyd'))).toBeUndefined();
    expect(core.running()).toEqual(['b']);
  });

  test('nobody is kept out by a step that nobody decided on yet', () => {
    const core = reviewed({ notBy: ['step:a'] });
    expect(core.decide('a', 'approve', proven('person:ada'))).toBeUndefined();
  });

  test('is not passed over by giving the result of its step', () => {
    const core = reviewed({ quorum: 2 });
    const skip = { type: 'skip_step' as const, by: 'person:ada', output: 1, ports: ['out'] };
    expect(core.turn({ ...skip, step: 'a' })).toMatchObject({ code: 'refused' });
    const before = coreDriver(
      graphOf({ a: effectStep('once', { gates: { before: { owner: 'role:x', notBy: ['starter'] } } }) }),
    );
    before.start();
    expect(before.turn({ ...skip, step: 'a' })?.message).toMatch(/skipping it would pass them over$/);
  });
});

describe('An approval', () => {
  test('is bound to what was shown: after a rerun of an earlier step it does not count for the new result', () => {
    const gates = { after: { owner: 'role:lead' } };
    const core = coreDriver(graphOf({ a: step({ gates }), b: step({ gates }) }, [['a', 'b']]));
    core.start();
    core.finish('a', ok({ n: 1 }));
    const first = core.openTasks()[0];
    core.decide('a', 'send_back', { reason: 'Once more' });
    core.finish('a', ok({ n: 2 }));
    expect(
      core.turn({
        type: 'decide_task',
        taskId: first?.taskId ?? '',
        answer: 'approve',
        by: 'person:ada',
        digest: first?.digest ?? '',
      }),
    ).toMatchObject({ code: 'conflict' });
    expect(core.decide('a', 'approve', { digest: first?.digest ?? '' })).toMatchObject({
      code: 'conflict',
      message: 'What you saw is not what this item shows now; look again before you decide',
    });
    expect(core.decide('a', 'approve')).toBeUndefined();
    expect(core.running()).toEqual(['b']);
  });
});
