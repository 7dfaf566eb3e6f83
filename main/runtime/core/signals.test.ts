/** Signals: kept before anybody waits, used once and in order, and what happens when they do not come. */
import { describe, expect, test } from 'vitest';
import { coreDriver, type Core, type Reply } from '../../../test/harness/core.ts';
import { outputWhenFired } from './signals.ts';
import { graphOf, step, type EdgeInput } from '../../../test/harness/graph.ts';

const waitFor = (signal: string, dueAt?: number): Reply => ({
  outcome: { suspend: true, signal, ...(dueAt === undefined ? {} : { dueAt }) },
});
const send = (core: Core, name: string, data: unknown = null, id = `${name}-1`) =>
  core.turn({ type: 'receive_signal', id, name, data, by: 'person:ada' });
const started = (edges: EdgeInput[] = [], more: object = {}) => {
  const core = coreDriver(graphOf({ a: step(more), b: step(), c: step() }, edges));
  core.start();
  return core;
};

describe('A signal', () => {
  test('ends the waiting of its step, and what it says is the output', () => {
    const core = started([['a', 'b']]);
    core.finish('c', { outcome: { ok: true, output: 3 } });
    core.finish('a', waitFor('go'));
    expect(core.state()).toMatchObject({ word: 'waiting', reason: 'signal' });
    expect(core.step('a')).toMatchObject({ status: 'signal', word: 'waiting', awaits: 'go' });
    expect(core.wakeAt()).toBeUndefined();
    expect(send(core, 'stop')).toBeUndefined();
    expect(core.step('a').status).toBe('signal');
    expect(send(core, 'go', { papers: 2 })).toBeUndefined();
    expect(core.step('a')).toMatchObject({ status: 'confirmed', output: { papers: 2 } });
    expect(core.step('a')).not.toHaveProperty('awaits');
    expect(core.running()).toEqual(['b']);
  });

  test('is durable when it arrives, kept until somebody waits for it, and used once', () => {
    const core = started();
    send(core, 'go', 1, 'first');
    send(core, 'go', 2, 'second');
    expect(core.buffer()).toEqual([]);
    core.crash();
    core.finish('a', waitFor('go'));
    core.finish('b', waitFor('go'));
    core.finish('c', waitFor('go'));
    expect([core.step('a').output, core.step('b').output]).toEqual([1, 2]);
    expect(core.step('c').status).toBe('signal');
    expect(core.state().signals).toMatchObject([
      { id: 'first', usedBy: 'a' },
      { id: 'second', usedBy: 'b' },
    ]);
  });

  test('with an id that is known already is the same signal', () => {
    const core = started();
    send(core, 'go', 1);
    const { length } = core.events();
    expect(send(core, 'go', 1)).toBeUndefined();
    core.finish('a', waitFor('go'));
    expect(send(core, 'go', 1)).toBeUndefined();
    core.finish('b', waitFor('go'));
    expect(core.step('b').status).toBe('signal');
    expect(core.types().filter((type) => type === 'signal_received')).toHaveLength(1);
    expect(core.events().length).toBeGreaterThan(length);
  });

  test('is what the checks of its step are evaluated on', () => {
    const core = started();
    send(core, 'go', 5);
    expect(outputWhenFired(core.state(), { ...core.step('a'), status: 'signal', awaits: 'go' })).toBe(5);
    expect(outputWhenFired(core.state(), { ...core.step('a'), status: 'signal', awaits: 'stop' })).toBeUndefined();
    expect(outputWhenFired(core.state(), { ...core.step('a'), status: 'timer', output: 1 })).toBe(1);
  });

  test('that was used is still used after a crash took the unsaved result of its step away', () => {
    const core = started();
    core.finish('a', waitFor('go'));
    send(core, 'go', 7);
    core.crash();
    expect(core.step('a')).toMatchObject({ status: 'confirmed', output: 7 });
  });

  test('to a run that takes none is refused with the reason', () => {
    const core = started();
    core.drive();
    expect(send(core, 'go')).toEqual({
      code: 'conflict',
      message: 'The run has already ended (complete), so it takes no signals',
    });
    const failed = started();
    failed.cancel();
    expect(send(failed, 'go')?.message).toBe('The run has already ended (cancelled), so it takes no signals');
  });

  test('to a run that is being cancelled is refused too; what undoes a change may wait for one', () => {
    const compensate = { kind: 'test', config: {}, effect: 'pure' as const };
    const graph = graphOf({
      a: step({ effect: 'once', checkpoint: true, compensate }),
      b: step({ effect: 'once', checkpoint: true }),
    });
    const core = coreDriver(graph);
    core.start();
    core.finish('a', { outcome: { ok: true, output: 1 } });
    core.cancel();
    expect(send(core, 'go')?.message).toBe('The run is being cancelled, so it takes no signals');
    core.finish('b', { outcome: { ok: true, output: 1 } });
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.finish('a!undo', waitFor('go'));
    expect(send(core, 'go')).toBeUndefined();
    expect(core.step('a').status).toBe('rolled_back');
  });

  test('of a sender that runs wild is refused once a thousand wait', () => {
    const core = started();
    for (let index = 0; index < 1_000; index += 1) expect(send(core, 'go', index, `id-${index}`)).toBeUndefined();
    expect(send(core, 'go', 0, 'one more')).toMatchObject({ code: 'refused' });
    core.finish('a', waitFor('go'));
    expect(send(core, 'go', 0, 'one more')).toBeUndefined();
  });
});

describe('A signal that does not come in time', () => {
  const late = (core: Core) => {
    core.finish('a', waitFor('go', core.now() + 5_000));
    expect(core.wakeAt()).toBe(core.now() + 5_000);
    core.crash();
    core.advance(5_000);
  };

  test('leads along the path from `timeout`', () => {
    const core = started(
      [
        ['a', 'b'],
        ['a:timeout', 'c'],
      ],
      { doneWhen: '{{ output.never }}' },
    );
    late(core);
    expect(core.step('a')).toMatchObject({ status: 'confirmed', ports: ['timeout'], output: null });
    expect(core.step('b').status).toBe('skipped');
    expect(core.running()).toEqual(['c']);
  });

  test('is a timeout of the step without such a path, and may be waited for again', () => {
    const retry = { retriers: [{ errors: ['timeout:signal'], intervalMs: 0, maxRetries: 1 }] };
    const core = started([], { retry });
    late(core);
    expect(core.step('a')).toMatchObject({
      status: 'running',
      attempts: [{ error: { class: 'timeout', code: 'signal', message: 'The signal "go" did not come in time' } }, {}],
    });
    core.finish('a', waitFor('go'));
    send(core, 'go', 'late');
    expect(core.step('a')).toMatchObject({ status: 'confirmed', output: 'late' });
  });

  test('a signal that came before the time was over wins, however late anybody looks', () => {
    const core = started();
    send(core, 'go', 1);
    core.finish('a', waitFor('go', core.now() - 1));
    expect(core.step('a')).toMatchObject({ status: 'confirmed', output: 1 });
  });
});
