/** Steps that run another workflow, seen from the parent: one effect that starts once, ends with its child, and is undone by it. */
import { describe, expect, test } from 'vitest';
import { coreDriver, startedAt, type Core } from '../../../test/harness/core.ts';
import { graphOf, step, type EdgeInput } from '../../../test/harness/graph.ts';
import type { StepError } from '../../../shared/run/errors.ts';
import { initialState } from '../../../shared/run/changes.ts';
import type { RunState } from '../../../shared/run/state.ts';
import { due, isParked } from './due.ts';
import { startChild } from './child-start.ts';
import { errorOfChild, orderOfChild } from './children.ts';

const inside = (more: object = {}) => step({ kind: 'workflow', config: { ref: { id: 'wf_inside' } }, ...more });
const started = (sub = inside(), edges: EdgeInput[] = [], extra: object = {}) => {
  const graph = graphOf({ sub, b: step(), c: step() }, edges, extra);
  const core = coreDriver(graph);
  core.turn({
    type: 'start_run',
    workflowId: 'wf',
    workflowName: 'Outer',
    version: 'v1',
    owner: 'role:lead',
    input: null,
    env: {},
    by: 'person:ada',
    pins: { wf_inside: 'v_inside' },
  });
  return { core, graph };
};
const childOf = (core: Core, key = 'sub') => String(core.step(key).child?.runId);
const end = (core: Core, output: unknown = 1, key = 'sub') =>
  core.turn({
    type: 'finish_child',
    runId: childOf(core, key),
    outcome: { ok: true, output, costMicros: 5, usage: { inputTokens: 1, outputTokens: 2 } },
    openEffects: 0,
    checked: {},
  });
const fail = (core: Core, openEffects = 0, key = 'sub', error: StepError = { class: 'timeout', message: 'No' }) =>
  core.turn({
    type: 'finish_child',
    runId: childOf(core, key),
    outcome: { ok: false, error, sent: true },
    openEffects,
    checked: {},
  });
const change = (core: Core, word: 'started' | 'waiting' | 'escalated', reason?: string) =>
  core.turn({ type: 'change_child', runId: childOf(core), word, ...(reason === undefined ? {} : { reason }) });

describe('A workflow inside a workflow', () => {
  test('is announced and started once, in the version that was pinned, also after a crash', () => {
    const { core, graph } = started();
    expect(core.step('sub')).toMatchObject({ status: 'child', word: 'started', child: { version: 'v_inside' } });
    expect(core.buffer()).toEqual([]);
    const before = childOf(core);
    core.crash();
    expect(childOf(core)).toBe(before);
    expect(core.types().filter((type) => type === 'child_started')).toHaveLength(1);
    expect(due(core.state(), core.now(), graph).tasks).toContainEqual({ type: 'child', step: 'sub', attempt: 1 });
    expect(core.calls.map((call) => call.step)).not.toContain('sub');
    expect(core.state()).toMatchObject({ repeated: 2, active: 3 });
  });

  test('in a version that is named needs no pin; without either there is none', () => {
    const named = started(inside({ config: { ref: { id: 'wf_inside', digest: 'd1' } } }));
    expect(named.core.step('sub').child?.version).toBe('d1');
    const unknown = started(inside({ config: { ref: { id: 'wf_other' } } }));
    expect(unknown.core.step('sub').child?.version).toBe('');
    const core = coreDriver(graphOf({ sub: step({ kind: 'workflow' }) }));
    core.start();
    expect(core.step('sub').child?.version).toBe('');
  });

  test('that left no trace is undone by no run', () => {
    const { core } = started();
    core.change((turn) => {
      const node = turn.ctx.graph.compensations.get('sub');
      if (node) startChild(turn, node, 'sub!undo', 'key');
    });
    expect(core.events().at(-1)).toMatchObject({ type: 'child_started', childId: '', undo: true });
  });

  test('gives its output, cost and tokens to its step, and the effect is confirmed', () => {
    const { core } = started(inside(), [['sub', 'b']]);
    end(core, { total: 3 });
    expect(core.step('sub')).toMatchObject({ status: 'confirmed', output: { total: 3 } });
    expect(core.state()).toMatchObject({ costMicros: 5, usage: { inputTokens: 1, outputTokens: 2 } });
    expect(Object.values(core.state().effects)).toMatchObject([
      { status: 'confirmed', response: { run: childOf(core) } },
    ]);
    expect(end(core)).toMatchObject({ code: 'conflict' });
    expect(change(core, 'waiting')).toMatchObject({ code: 'conflict' });
  });

  test('that waits parks its parent, one that a person must decide on says so, and one that goes on is at work', () => {
    const { core, graph } = started();
    core.finish('b', { outcome: { ok: true, output: 1 } });
    core.finish('c', { outcome: { ok: true, output: 1 } });
    const isQuiet = () => isParked(core.state(), core.now(), 60_000, graph);
    expect([core.state().word, isQuiet()]).toEqual(['started', false]);
    change(core, 'waiting', 'signal');
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'child' });
    expect(core.step('sub')).toMatchObject({ word: 'waiting', child: { reason: 'signal' } });
    expect(isQuiet()).toBe(true);
    const { length } = core.events();
    expect(change(core, 'waiting', 'signal')).toBeUndefined();
    expect(core.events()).toHaveLength(length);
    change(core, 'escalated', 'in_doubt');
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'child_escalated' });
    change(core, 'started');
    expect(core.state().word).toBe('started');
    expect(core.step('sub').child).not.toHaveProperty('reason');
  });

  test('that fails and left nothing is tried again as another run, with its own failure as the error', () => {
    const retry = { retriers: [{ errors: ['timeout'], intervalMs: 1_000, maxRetries: 1 }] };
    const { core } = started(inside({ retry }), [['sub:failed', 'b']]);
    const first = childOf(core);
    fail(core);
    expect(Object.values(core.state().effects)).toMatchObject([{ status: 'failed' }]);
    core.advance(1_000);
    expect(childOf(core)).not.toBe(first);
    fail(core);
    expect(core.step('sub')).toMatchObject({ status: 'failed', ports: ['failed'], error: { class: 'timeout' } });
    expect(core.running()).toContain('b');
  });

  test('that fails and left something is never tried again by itself', () => {
    const retry = { retriers: [{ errors: ['timeout'], intervalMs: 0, maxRetries: 9 }] };
    const { core } = started(inside({ retry }));
    fail(core, 2);
    expect(Object.values(core.state().effects)).toMatchObject([{ status: 'confirmed' }]);
    expect(core.openTasks()).toMatchObject([{ step: 'sub', allow: ['give_up', 'skip'] }]);
  });
});

describe('Cancel and rollback pass down', () => {
  test('a cancelled run ends when its child has', () => {
    const { core } = started();
    expect(orderOfChild(core.state(), 'sub')).toBe('work');
    core.cancel();
    expect(orderOfChild(core.state(), 'sub')).toBe('cancel');
    expect(core.state().end).toBeUndefined();
    fail(core, 1, 'sub', { class: 'cancelled', message: 'No' });
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'cancelled', openEffects: 1 });
  });

  test('a run that fails stops its child too', () => {
    const { core } = started(inside(), [], { settings: { onFailure: 'fail' } });
    core.finish('b', { outcome: { ok: false, sent: true, error: { class: 'refused', message: 'No' } } });
    core.finish('c', { outcome: { ok: true, output: 1 } });
    expect(orderOfChild(core.state(), 'sub')).toBe('cancel');
    expect(core.state().end).toBeUndefined();
    fail(core, 0, 'sub', { class: 'cancelled', message: 'No' });
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'refused' });
  });

  test('undoing the step is a task for the run that did it; when that fails a person is asked, and may have it tried again', () => {
    const { core } = started();
    const runId = childOf(core);
    end(core);
    core.drive();
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    expect(core.step('sub!undo')).toMatchObject({ status: 'child', child: { runId, undo: true } });
    expect(orderOfChild(core.state(), 'sub!undo')).toBe('rollback');
    core.crash();
    fail(core, 1, 'sub!undo', { class: 'code', code: 'rollback_incomplete', message: 'No' });
    expect(core.openTasks()).toMatchObject([{ step: 'sub!undo', on: 'rollback_failed' }]);
    core.decide('sub!undo', 'retry');
    expect(core.step('sub!undo')).toMatchObject({ status: 'child', child: { runId } });
    end(core, null, 'sub!undo');
    expect(core.step('sub').status).toBe('rolled_back');
    expect(core.state().end).toBe('rolled_back');
  });

  test('a change that a person says happened names no run; there is nothing to roll back then', () => {
    const { core } = started();
    const effect = Object.values(core.state().effects)[0];
    core.turn({ type: 'cancel_run', by: 'person:ada' });
    expect(effect?.status).toBe('intended');
    fail(core, 0);
    expect(core.state().openEffects).toBe(0);
  });
});

test.each<[Partial<RunState>, Partial<StepError>]>([
  [
    { end: 'failed', reason: 'timeout' },
    { class: 'timeout', code: 'timeout' },
  ],
  [
    { end: 'failed', reason: 'rejected' },
    { class: 'refused', code: 'rejected' },
  ],
  [
    { end: 'failed', reason: 'rollback_incomplete' },
    { class: 'code', code: 'rollback_incomplete' },
  ],
  [{ end: 'failed' }, { class: 'code', code: 'failed' }],
  [
    { end: 'rolled_back', rollback: { by: 'system', reason: 'refused' } },
    { class: 'refused', code: 'refused' },
  ],
  [
    { end: 'rolled_back', rollback: { by: 'person:ada' } },
    { class: 'code', code: 'rolled_back' },
  ],
  [{ end: 'rolled_back' }, { class: 'code', code: 'rolled_back' }],
])('a child that ended like %o fails its step like %o', (child, error) => {
  expect(errorOfChild({ ...initialState('c', startedAt), ...child })).toMatchObject(error);
});
