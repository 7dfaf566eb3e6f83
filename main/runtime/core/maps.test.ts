/** Maps: items some at a time, results in order, what is tolerated, what is not, maps in maps, and what a crash leaves. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok } from '../../../test/harness/core.ts';
import { initialState } from '../../../shared/run/changes.ts';
import { effectStep, graphOf, step, type EdgeInput, type StepInput } from '../../../test/harness/graph.ts';
import { succeed } from './attempt.ts';
import { mapResult } from './maps.ts';

const each = (config: Record<string, unknown>, patch: Partial<StepInput> = {}): StepInput =>
  step({ kind: 'map', config, ...patch });
const inside = (patch: Partial<StepInput> = {}): StepInput => step({ parent: 'each', ...patch });
const fail = { settings: { onFailure: 'fail' as const } };

describe('A map', () => {
  test('works on so many items at a time and gives the results in the order of the items', () => {
    const graph = graphOf(
      { each: each({ items: ['a', 'b', 'c'], concurrency: 2 }), x: inside(), y: inside(), after: step() },
      [
        ['x', 'y'],
        ['each', 'after'],
      ],
    );
    const core = coreDriver(graph, { reply: ({ step: key }) => ok(`of ${key}`) });
    core.start();
    expect(core.running()).toEqual(['each[0]/x', 'each[1]/x']);
    expect(core.state().word).toBe('started');
    core.finish('each[1]/x', ok());
    core.finish('each[1]/y', ok('second'));
    expect(core.running()).toEqual(['each[0]/x', 'each[2]/x']);
    core.drive();
    expect(core.step('each')).toMatchObject({
      status: 'confirmed',
      output: ['of each[0]/y', 'second', 'of each[2]/y'],
      attempts: [{ details: { items: 3 } }],
    });
    expect(core.state()).toMatchObject({ end: 'complete', output: 'of after' });
  });

  test('is not simply run again when a rule holds its result back: its items may have changed something', () => {
    const unsure = each({ items: [1] }, { escalation: [{ on: 'confidence_below', owner: 'role:ops', below: 0.5 }] });
    const core = coreDriver(graphOf({ each: unsure, x: { ...effectStep('once'), parent: 'each' } }));
    core.start();
    core.finish('each[0]/x', ok());
    expect(core.openTasks()).toMatchObject([{ on: 'confidence_below', allow: ['approve', 'give_up', 'skip'] }]);
  });

  test('whose result does not count as done fails, and is not simply run again', () => {
    const core = coreDriver(graphOf({ each: each({ items: [1] }), x: inside() }, [], fail));
    core.start();
    core.change((turn) => {
      const node = turn.ctx.graph.steps.get('each');
      const checked = { doneWhen: { holds: false, expression: 'output.sum > 3' } };
      if (node) succeed(turn, node, 'each', 1, { ok: true, output: [1] }, checked);
    });
    expect(core.step('each')).toMatchObject({ status: 'failed', error: { class: 'invalid_output' } });
    expect(mapResult(initialState('run', 0), core.step('each'))).toEqual({ output: [], details: {} });
  });

  test('over nothing is done at once; without a limit the items come one after the other', () => {
    const none = coreDriver(graphOf({ each: each({ items: [] }), x: inside() }));
    none.start();
    expect(none.state()).toMatchObject({ end: 'complete', output: [] });
    const two = coreDriver(graphOf({ each: each({ items: [1, 2] }), x: inside() }));
    two.start();
    expect(two.running()).toEqual(['each[0]/x']);
  });

  test('puts the steps of ended items aside and still finds them', () => {
    const undo = { kind: 'test', config: {}, effect: 'idempotent' as const };
    const pay = effectStep('once', { parent: 'each', compensate: undo });
    const core = coreDriver(graphOf({ each: each({ items: [1, 2], concurrency: 2 }), pay }));
    core.start();
    core.drive();
    expect(Object.keys(core.state().steps)).toEqual(['each']);
    expect(core.step('each[1]/pay').status).toBe('confirmed');
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.drive();
    expect(core.calls.slice(-2).map((call) => call.step)).toEqual(['each[1]/pay!undo', 'each[0]/pay!undo']);
    expect(core.state()).toMatchObject({ end: 'rolled_back', openEffects: 0 });
    expect(core.step('each[0]/pay').status).toBe('rolled_back');
  });

  test('takes the value of its own expression as the result of an item', () => {
    const core = coreDriver(graphOf({ each: each({ items: [1, 2] }), x: inside() }), {
      collect: ({ index }) => ({ ok: true, value: `value ${index}` }),
    });
    core.start();
    core.drive();
    expect(core.state().output).toEqual(['value 0', 'value 1']);
  });

  test('goes on after a crash with the items that had not ended, and repeats no step that had', () => {
    const graph = graphOf({
      each: each({ items: [1, 2, 3], concurrency: 1 }),
      pay: effectStep('idempotent', { parent: 'each' }),
    });
    const core = coreDriver(graph);
    core.start();
    core.finish('each[0]/pay', ok());
    core.crash();
    expect(core.step('each').status).toBe('open');
    expect(core.running()).toEqual(['each[1]/pay']);
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['each[0]/pay', 'each[1]/pay', 'each[1]/pay', 'each[2]/pay']);
    expect(core.state()).toMatchObject({ end: 'complete', repeated: 1 });
  });

  test('in a map has items of its own, and a loop inside counts its visits for each item', () => {
    const graph = graphOf(
      {
        each: each({ items: [1, 2] }),
        inner: each({ items: ['a', 'b'] }, { parent: 'each' }),
        x: step({ parent: 'inner' }),
      },
      [['x:again', 'x', { loop: { maxIterations: 3 } }]],
    );
    const again = ok(0, { ports: ['again'] });
    const core = coreDriver(graph, { script: { 'each[1]/inner[0]/x': [again] } });
    core.start();
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual([
      'each[0]/inner[0]/x',
      'each[0]/inner[1]/x',
      'each[1]/inner[0]/x',
      'each[1]/inner[0]/x#2',
      'each[1]/inner[1]/x',
    ]);
    expect(core.step('each[1]/inner[0]/x#2').status).toBe('confirmed');
    expect(core.state()).toMatchObject({
      end: 'complete',
      output: [
        [null, null],
        [null, null],
      ],
    });
  });

  test('in a loop has new items for each visit', () => {
    const graph = graphOf({ each: each({ items: [1] }), x: inside(), check: step() }, [
      ['each', 'check'],
      ['check:again', 'each', { loop: { maxIterations: 2 } }],
    ]);
    const core = coreDriver(graph, { script: { check: [ok(0, { ports: ['again'] })] } });
    core.start();
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['each[0]/x', 'check', 'each#2[0]/x', 'check#2']);
  });

  test('takes ten thousand items without looking at all of them each time', () => {
    const items = Array.from({ length: 10_000 }, (_, index) => index);
    const core = coreDriver(graphOf({ each: each({ items, concurrency: 5 }), x: inside() }));
    core.start();
    // The harness itself keeps every event and call; what is asked here is that the state stays as light as at first.
    for (let index = 0; index < 200; index += 1) core.finish(core.running()[0] ?? '', ok(index));
    expect(Object.keys(core.state().steps).length).toBeLessThanOrEqual(6);
    expect(core.state().maps?.['each']?.running).toEqual([200, 201, 202, 203, 204]);
  });
});

describe('A failure in an item that nothing handles', () => {
  const edges: EdgeInput[] = [
    ['x', 'y'],
    ['each:failed', 'help'],
  ];
  const steps = (config: object) => ({
    each: each({ items: [1, 2, 3], concurrency: 2, ...config }),
    x: inside(),
    y: inside(),
    help: step(),
  });

  test('ends only its item while the map tolerates it', () => {
    const core = coreDriver(graphOf(steps({ tolerate: { count: 1 } }), edges, fail), {
      script: { 'each[1]/x': [failure('refused')] },
    });
    core.start();
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.step('each')).toMatchObject({
      output: [null, null, null],
      attempts: [{ details: { items: 3, failed: [{ index: 1, error: { class: 'refused' } }] } }],
    });
    expect(core.step('each[1]/x')).toMatchObject({ status: 'failed', tolerated: true });
    expect(core.step('each[1]/y').status).toBe('skipped');
  });

  test('beyond that takes the path of the map once the other items under way have ended', () => {
    const core = coreDriver(graphOf(steps({ tolerate: { percent: 20 } }), edges, fail));
    core.start();
    core.finish('each[0]/x', failure('refused'));
    expect(core.running()).toEqual(['each[1]/x']);
    core.finish('each[1]/x', ok());
    core.finish('each[1]/y', ok());
    expect(core.step('each')).toMatchObject({
      status: 'failed',
      ports: ['failed'],
      error: { message: 'Item 1: It was refused' },
    });
    expect(core.running()).toEqual(['help']);
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.calls.map((call) => call.step)).not.toContain('each[2]/x');
  });

  test('without such a path is the failure of its step: a person may have it tried again', () => {
    const core = coreDriver(graphOf(steps({}), edges.slice(0, 1), { settings: { onFailure: 'pause' } }));
    core.start();
    core.finish('each[0]/x', failure('refused'));
    expect(core.openTasks()).toMatchObject([{ step: 'each[0]/x', allow: ['retry', 'give_up', 'skip'] }]);
    core.decide('each[0]/x', 'retry');
    core.drive();
    expect(core.state().end).toBe('complete');
    const ended = coreDriver(graphOf(steps({}), edges.slice(0, 1), fail));
    ended.start();
    ended.finish('each[0]/x', failure('refused'));
    ended.drive();
    expect(ended.state()).toMatchObject({ end: 'failed', reason: 'refused' });
  });

  test('of a map inside a map fails the item around it', () => {
    const graph = graphOf(
      {
        each: each({ items: [1, 2], tolerate: { count: 1 } }),
        inner: each({ items: ['a', 'b'] }, { parent: 'each' }),
        x: step({ parent: 'inner' }),
      },
      [],
      fail,
    );
    const core = coreDriver(graph, { script: { 'each[0]/inner[0]/x': [failure('refused')] } });
    core.start();
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete', output: [null, [null, null]] });
    expect(core.step('each[0]/inner')).toMatchObject({ status: 'failed', tolerated: true });
  });

  test('of the result itself fails the item, and the map with it, which cannot be done again', () => {
    const error = { class: 'invalid_output' as const, message: 'No id' };
    const graph = graphOf({ each: each({ items: [1, 2] }), x: inside() }, [], { settings: { onFailure: 'pause' } });
    const core = coreDriver(graph, { collect: () => ({ ok: false, error }) });
    core.start();
    core.drive();
    expect(core.openTasks()).toMatchObject([{ step: 'each', allow: ['give_up', 'skip'], message: 'Item 1: No id' }]);
    expect(core.calls).toHaveLength(1);
  });
});

describe('A command about a map', () => {
  const graph = graphOf({ each: each({ items: [1, 2] }), x: inside() });

  test('that comes at the wrong moment is refused', () => {
    const core = coreDriver(graph);
    core.start();
    const result = { ok: true as const };
    expect(core.turn({ type: 'end_item', step: 'each', index: 0, result })).toMatchObject({ code: 'conflict' });
    expect(core.turn({ type: 'close_map', step: 'each', checked: {} })).toMatchObject({ code: 'conflict' });
    expect(core.turn({ type: 'close_map', step: 'nothing', checked: {} })).toMatchObject({ code: 'conflict' });
    const begin = (key: string) => core.turn({ type: 'begin_attempt', step: key, prepared: { config: {} } });
    expect(['x', 'each[1]/x', 'other[0]/x', 'each[0]/each'].map(begin)).toMatchObject(
      Array.from({ length: 4 }, () => ({ code: 'conflict' })),
    );
    core.cancel();
    expect(core.state().end).toBe('failed');
    expect(core.turn({ type: 'end_item', step: 'each', index: 0, result })).toMatchObject({ code: 'conflict' });
  });

  test('does not let its result be sent back, and a result that does not count as done is final', () => {
    const gated = graphOf({ each: each({ items: [1] }, { gates: { after: { owner: 'role:r' } } }), x: inside() }, [], {
      settings: { onFailure: 'pause' },
    });
    const core = coreDriver(gated);
    core.start();
    core.drive();
    expect(core.openTasks()).toMatchObject([{ step: 'each', allow: ['approve', 'edit', 'reject'], shown: [null] }]);
  });
});
