/** Going back: visits, what leaves a loop, loops in loops, and the limit. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type EdgeInput } from '../../../test/harness/graph.ts';

const again = (maxIterations = 3) => ({ loop: { maxIterations } });
/** draft → check, back to draft from "again", on to send. */
const edges: EdgeInput[] = [
  ['draft', 'check'],
  ['check:again', 'draft', again()],
  ['check', 'send'],
];
const graph = graphOf({ draft: step(), check: step(), send: step() }, edges);
const back = ok('no', { ports: ['again'] });

describe('A loop', () => {
  test('gives the steps it repeats a new visit, and goes on when its source does not go back', () => {
    const core = coreDriver(graph, { script: { check: [back], draft: [ok(1)], 'draft#2': [ok(2)] } });
    core.start();
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete', iterations: 1, visits: { draft: 2, check: 2 } });
    expect(Object.keys(core.state().steps)).toEqual(['draft', 'check', 'draft#2', 'check#2', 'send']);
    expect(core.events().find((event) => event.type === 'loop_taken')).toMatchObject({
      step: 'check',
      edge: 'e2',
      iteration: 2,
      visits: { draft: 2, check: 2 },
      lazy: true,
    });
  });

  test('keeps what leaves it waiting until it is over, then skips it', () => {
    const side = graphOf({ draft: step(), check: step(), rare: step() }, [
      ...edges.slice(0, 2),
      ['draft:rare', 'rare'],
    ]);
    const core = coreDriver(side, { script: { check: [back] } });
    core.start();
    core.finish('draft', ok());
    core.finish('check', back);
    expect(core.state().steps).not.toHaveProperty('rare');
    core.drive();
    expect(core.step('rare').status).toBe('skipped');
    expect(core.state()).toMatchObject({ end: 'complete', output: null });
  });

  test('that was left in an earlier round stays left, once', () => {
    const side = graphOf({ draft: step(), check: step(), tell: step() }, [
      ...edges.slice(0, 2),
      ['draft:rare', 'tell'],
    ]);
    const rare = ok(1, { ports: ['out', 'rare'] });
    const core = coreDriver(side, { script: { draft: [rare], 'draft#2': [rare], check: [back, back] } });
    core.start();
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['draft', 'check', 'tell', 'draft#2', 'check#2']);
    expect(core.events().find((event) => event.type === 'loop_taken')).toMatchObject({ exits: ['e3'] });
  });

  test('leads to its first step also when no path led there and a person gave its first round', () => {
    const side = graphOf({ ask: step(), draft: step(), check: step() }, [['ask', 'draft'], ...edges.slice(0, 2)]);
    const core = coreDriver(side, { script: { ask: [ok(1, { ports: ['other'] })], check: [back] } });
    core.start();
    core.turn({ type: 'skip_step', step: 'draft', by: 'person:ada', reason: 'Known', output: 1, ports: ['out'] });
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['ask', 'check', 'draft#2', 'check#2']);
    expect(core.state().end).toBe('complete');
  });

  test('gives the effects of each visit a key of their own', () => {
    const pays = graphOf({ pay: effectStep('once'), check: step() }, [
      ['pay', 'check'],
      ['check:again', 'pay', again()],
    ]);
    const core = coreDriver(pays, { script: { check: [back] } });
    core.start();
    core.drive();
    const effects = Object.values(core.state().effects);
    expect(effects.map((effect) => effect.step)).toEqual(['pay', 'pay#2']);
    expect(new Set(effects.map((effect) => effect.key)).size).toBe(2);
  });

  test('is undone visit by visit', () => {
    const undo = { kind: 'test', config: {}, effect: 'idempotent' as const };
    const pays = graphOf({ pay: effectStep('once', { compensate: undo }), check: step() }, [
      ['pay', 'check'],
      ['check:again', 'pay', again()],
    ]);
    const core = coreDriver(pays, { script: { check: [back] } });
    core.start();
    core.drive();
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.drive();
    expect(core.state()).toMatchObject({ end: 'rolled_back', openEffects: 0 });
    expect(core.calls.slice(-2).map((call) => call.step)).toEqual(['pay#2!undo', 'pay!undo']);
  });

  test('may be a single step that leads to itself', () => {
    const self = graphOf({ poll: step(), done: step() }, [
      ['poll:again', 'poll', again(5)],
      ['poll', 'done'],
    ]);
    const core = coreDriver(self, { script: { poll: [back], 'poll#2': [back] } });
    core.start();
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['poll', 'poll#2', 'poll#3', 'done']);
  });

  test('inside another begins its count anew, while its visits go on', () => {
    const nested = graphOf({ a: step(), b: step(), c: step() }, [
      ['a', 'b'],
      ['b:again', 'b', again(2)],
      ['b', 'c'],
      ['b:leave', 'c'],
      ['c:again', 'a', again(2)],
    ]);
    const leave = ok(1, { ports: ['again', 'leave'] });
    const core = coreDriver(nested, { script: { b: [leave], 'b#3': [back], c: [back] } });
    core.start();
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['a', 'b', 'b#2', 'c', 'a#2', 'b#3', 'b#4', 'c#2']);
    const taken = core.events().filter((event) => event.type === 'loop_taken');
    expect(taken.map((event) => [event.edge, event.iteration])).toEqual([
      ['e2', 2],
      ['e5', 2],
      ['e2', 2],
    ]);
    expect(taken[1]).toMatchObject({ restarts: ['e2'] });
    expect(core.state().end).toBe('complete');
  });

  test('goes on after a crash in the visit it was in', () => {
    const core = coreDriver(graphOf({ draft: step({ checkpoint: true }), check: step(), send: step() }, edges));
    core.start();
    core.finish('draft', ok());
    core.finish('check', back);
    core.finish('draft#2', ok());
    core.crash();
    expect(core.running()).toEqual(['check#2']);
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete', visits: { draft: 2 } });
  });
});

describe('At its limit a loop', () => {
  const always = (key: string) => (key.startsWith('check') ? back : ok());
  const endless = (patch: EdgeInput[] = [], settings: object = {}) => {
    const limited = graphOf(
      { draft: step(), check: step(), send: step(), help: step() },
      [['draft', 'check'], ['check:again', 'draft', again(2)], ['check', 'send'], ...patch],
      { settings },
    );
    const core = coreDriver(limited, { reply: (call) => always(call.step) });
    core.start();
    core.drive();
    return core;
  };

  test('takes the fallback path of the step that would go back', () => {
    const core = endless([['check:failed', 'help', { onErrors: ['loop_limit'] }]]);
    expect(core.state()).toMatchObject({ end: 'complete' });
    expect(core.step('check#2')).toMatchObject({ status: 'failed', error: { class: 'loop_limit' } });
    expect(core.step('help').status).toBe('confirmed');
  });

  test('asks whom the rule for loop limits names, else the owner', () => {
    const pause = { onFailure: 'pause' };
    expect(endless([], pause).openTasks()).toMatchObject([{ on: 'loop_limit', owner: 'role:lead', step: 'check#2' }]);
    const rule = { on: 'loop_limit', owner: 'role:ops', then: 'pause' };
    expect(endless([], { escalation: [rule] }).openTasks()).toMatchObject([
      {
        owner: 'role:ops',
        allow: ['retry', 'give_up'],
        message: 'The loop back to “draft” has run 2 times, which is its limit',
      },
    ]);
    expect(endless([], { escalation: [{ ...rule, then: 'fail' }] }).state()).toMatchObject({
      end: 'failed',
      reason: 'loop_limit',
    });
  });

  test('goes round once more for each time a person says so, without doing the step again', () => {
    const core = endless([], { onFailure: 'pause' });
    expect(core.decide('check#2', 'retry')).toBeUndefined();
    expect(core.step('check#2').status).toBe('confirmed');
    core.drive();
    expect(core.state().loops).toEqual({ e2: { iteration: 3, extra: 1 } });
    const calls = core.calls.map((call) => call.step).filter((key) => key !== 'help');
    expect(calls).toEqual(['draft', 'check', 'draft#2', 'check#2', 'draft#3', 'check#3']);
    expect(core.openTasks()).toMatchObject([{ step: 'check#3', on: 'loop_limit' }]);
    core.decide('check#3', 'give_up');
    core.drive();
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'loop_limit' });
  });

  test('of one round never goes back', () => {
    const once = graphOf({ a: step() }, [['a', 'a', again(1)]], { settings: { onFailure: 'pause' } });
    const core = coreDriver(once);
    core.start();
    core.drive();
    expect(core.openTasks()).toMatchObject([{ message: 'The loop back to “a” has run once, which is its limit' }]);
    core.decide('a', 'retry');
    core.drive();
    expect(core.state().loops).toEqual({ e1: { iteration: 2, extra: 1 } });
  });

  test('over failures says how often and what went wrong last', () => {
    const tries = graphOf(
      { call: step(), help: step() },
      [
        ['call:failed', 'call', { onErrors: ['refused'], ...again(2) }],
        ['call:failed', 'help', { onErrors: ['loop_limit'] }],
      ],
      { settings: { onFailure: 'fail' } },
    );
    const core = coreDriver(tries, { script: { call: [failure('refused')], 'call#2': [failure('refused')] } });
    core.start();
    core.drive();
    expect(core.step('call#2').error).toEqual({
      class: 'loop_limit',
      message: 'The loop back to “call” has run 2 times, which is its limit; the last time: It was refused',
    });
    expect(core.step('help').status).toBe('confirmed');
  });

  test('over rejections ends as the rejection it is', () => {
    const gates = { after: { owner: 'role:r' } };
    const reviewed = graphOf({ a: step({ gates }) }, [['a:rejected', 'a', again(2)]], {
      settings: { onFailure: 'fail' },
    });
    const core = coreDriver(reviewed);
    core.start();
    core.drive();
    core.decide('a', 'reject', { reason: 'No' });
    core.drive();
    core.decide('a#2', 'reject', { reason: 'No' });
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'rejected' });
  });
});
