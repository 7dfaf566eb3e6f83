/** Joins that go on before all their branches have arrived, and what becomes of the branches they leave behind. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type EdgeInput, type StepInput } from '../../../test/harness/graph.ts';

const edges: EdgeInput[] = [
  ['a', 'go'],
  ['b', 'go'],
  ['c', 'go'],
];
const race = (patch: Partial<StepInput>, branch: Partial<StepInput> = {}) =>
  graphOf({ a: step(), b: step(branch), c: step(branch), go: step(patch) }, edges);
const undo = { kind: 'test', config: {}, effect: 'idempotent' as const };

describe('A join', () => {
  test('of any branch goes on with the first and lets go of the others', () => {
    const core = coreDriver(race({ join: 'any' }));
    core.start();
    core.finish('a', ok());
    expect(core.running()).toEqual(['go']);
    expect(core.step('b').status).toBe('skipped');
    expect(core.step('c').attempts[0]?.error?.class).toBe('cancelled');
    core.drive();
    expect(core.state().end).toBe('complete');
  });

  test('of a number waits for that many, or for what is left when others are skipped', () => {
    const core = coreDriver(race({ join: { atLeast: 2 } }));
    core.start();
    core.finish('a', ok());
    expect(core.running()).toEqual(['b', 'c']);
    core.finish('b', ok(0, { ports: ['other'] }));
    expect(core.running()).toEqual(['c']);
    core.finish('c', ok(0, { ports: ['other'] }));
    expect(core.running()).toEqual(['go']);
    const none = coreDriver(race({ join: { atLeast: 2 } }), { reply: () => ok(0, { ports: ['other'] }) });
    none.start();
    none.drive();
    expect(none.step('go').status).toBe('skipped');
  });

  test('may let the others finish; the run ends with them and what they give changes nothing', () => {
    const core = coreDriver(race({ join: 'any', losers: 'finish' }));
    core.start();
    core.finish('a', ok());
    core.finish('go', ok('done'));
    expect(core.running()).toEqual(['b', 'c']);
    expect(core.state().end).toBeUndefined();
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete', output: 'done' });
  });

  test('skips what has not begun and leads only to it, and nothing else', () => {
    const graph = graphOf(
      { start: step(), a: step(), b: step(), c: step(), aside: step(), go: step({ join: 'any' }) },
      [
        ['start', 'a'],
        ['start', 'b'],
        ['b', 'c'],
        ['c', 'go'],
        ['a', 'go'],
        ['b', 'aside'],
      ],
    );
    const core = coreDriver(graph);
    core.start();
    core.finish('start', ok());
    core.finish('a', ok());
    expect(core.step('c').status).toBe('skipped');
    expect(core.running()).toEqual(['b', 'go']);
    core.drive();
    expect(core.step('aside').status).toBe('confirmed');
  });

  test('brings an announced effect of a loser to an answer first, then undoes it', () => {
    const pay = effectStep('idempotent', { compensate: undo });
    const core = coreDriver(graphOf({ a: step(), b: pay, go: step({ join: 'any' }) }, edges.slice(0, 2)));
    core.start();
    core.finish('a', ok());
    core.finish('go', ok());
    expect(core.state().end).toBeUndefined();
    core.finish('b', ok());
    expect(core.running()).toEqual(['b!undo']);
    core.finish('b!undo', ok());
    expect(core.step('b').status).toBe('rolled_back');
    expect(core.state().end).toBe('complete');
    expect(core.events().find((event) => event.type === 'undo_ordered')).toMatchObject({ join: 'go', steps: ['b'] });
  });

  test('keeps and lists what a loser did when it cannot be undone', () => {
    const core = coreDriver(
      graphOf({ a: step(), b: effectStep('idempotent'), go: step({ join: 'any' }) }, edges.slice(0, 2)),
    );
    core.start();
    core.finish('a', ok());
    core.finish('b', ok());
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.events().find((event) => event.type === 'undo_finished')).toMatchObject({ kept: [{ step: 'b' }] });
  });

  test('undoes what a branch had changed before it lost, not what both came from', () => {
    const pay = effectStep('idempotent', { compensate: undo });
    const graph = graphOf({ both: pay, a: step(), b: pay, c: step(), go: step({ join: 'any' }) }, [
      ['both', 'a'],
      ['both', 'b'],
      ['b', 'c'],
      ['a', 'go'],
      ['c', 'go'],
    ]);
    const core = coreDriver(graph);
    core.start();
    core.finish('both', ok());
    core.finish('b', ok());
    core.finish('a', ok());
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.step('b').status).toBe('rolled_back');
    expect(core.step('both').status).toBe('confirmed');
  });

  test('lets a map go with everything its items did', () => {
    const graph = graphOf(
      {
        a: step(),
        each: step({ kind: 'map', config: { items: [1, 2], concurrency: 1 } }),
        pay: effectStep('idempotent', { parent: 'each', compensate: undo }),
        go: step({ join: 'any' }),
      },
      [
        ['a', 'go'],
        ['each', 'go'],
      ],
    );
    const core = coreDriver(graph);
    core.start();
    core.finish('each[0]/pay', ok());
    core.finish('a', ok());
    core.finish('each[1]/pay', failure('refused'));
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.step('each').status).toBe('skipped');
    expect(core.step('each[0]/pay').status).toBe('rolled_back');
    expect(core.calls.map((call) => call.step)).not.toContain('each[1]/pay!undo');
  });
});
