/** Group commit: who shares a transaction, who waits for the next one, and who hears of a failure. */
import { describe, expect, test } from 'vitest';
import { initialState } from '../../shared/run/changes.ts';
import type { RunAppend } from '../store/port.ts';
import { createCommitter } from './committer.ts';

const append = (runId: string): RunAppend => ({ runId, events: [], state: initialState(runId, 0), commandIds: [] });

/** A store that writes when it is told to. */
function slowStore() {
  const groups: string[][] = [];
  const open: { resolve(): void; reject(error: Error): void }[] = [];
  return {
    groups,
    append: (batch: RunAppend[]) => {
      groups.push(batch.map((one) => one.runId));
      return new Promise<void>((resolve, reject) => open.push({ resolve, reject }));
    },
    /** Lets the oldest transaction end. */
    end(error?: Error) {
      const first = open.shift();
      if (error) first?.reject(error);
      else first?.resolve();
    },
  };
}

const turnOfTheLoop = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

describe('The committer', () => {
  test('writes what all runs have ready in one turn as one transaction', async () => {
    const store = slowStore();
    const committer = createCommitter(store);
    const both = Promise.all([committer.append(append('a')), committer.append(append('b'))]);
    expect(store.groups).toEqual([]);
    await turnOfTheLoop();
    expect(store.groups).toEqual([['a', 'b']]);
    store.end();
    await both;
  });

  test('lets runs join that are ready a little later in the same turn', async () => {
    const store = slowStore();
    const committer = createCommitter(store);
    void committer.append(append('a'));
    await Promise.resolve();
    void committer.append(append('b'));
    await turnOfTheLoop();
    expect(store.groups).toEqual([['a', 'b']]);
    store.end();
    await committer.drained();
  });

  test('gathers the next group while one is being written', async () => {
    const store = slowStore();
    const committer = createCommitter(store);
    const order: string[] = [];
    void committer.append(append('a')).then(() => order.push('a'));
    await turnOfTheLoop();
    void committer.append(append('b')).then(() => order.push('b'));
    void committer.append(append('c')).then(() => order.push('c'));
    await turnOfTheLoop();
    expect(store.groups).toEqual([['a']]);
    store.end();
    await turnOfTheLoop();
    expect(order).toEqual(['a']);
    expect(store.groups).toEqual([['a'], ['b', 'c']]);
    store.end();
    await committer.drained();
    expect(order).toEqual(['a', 'b', 'c']);
  });

  test('tells everybody in a group that it failed, and goes on with the next one', async () => {
    const store = slowStore();
    const committer = createCommitter(store);
    const first = Promise.allSettled([committer.append(append('a')), committer.append(append('b'))]);
    await turnOfTheLoop();
    const second = committer.append(append('c'));
    store.end(new Error('The disk is full'));
    expect(await first).toMatchObject([
      { status: 'rejected', reason: { message: 'The disk is full' } },
      { status: 'rejected', reason: { message: 'The disk is full' } },
    ]);
    await turnOfTheLoop();
    store.end();
    await expect(second).resolves.toBeUndefined();
    expect(store.groups).toEqual([['a', 'b'], ['c']]);
  });

  test('is drained at once when nothing waits, and again after it was busy', async () => {
    const store = slowStore();
    const committer = createCommitter(store);
    await committer.drained();
    void committer.append(append('a'));
    await turnOfTheLoop();
    let isDrained = false;
    const drained = committer.drained().then(() => {
      isDrained = true;
    });
    await turnOfTheLoop();
    expect(isDrained).toBe(false);
    store.end();
    await drained;
    void committer.append(append('b'));
    await turnOfTheLoop();
    expect(store.groups).toEqual([['a'], ['b']]);
    store.end();
    await committer.drained();
  });
});
