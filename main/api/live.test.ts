/** Live queries: coalesced, one read at a time, no value twice, silent after the end. */
import { expect, test } from 'vitest';
import { createLive } from './live.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a burst of changes is one read, and an equal value is not sent again', async () => {
  const live = createLive();
  const controller = new AbortController();
  let reads = 0;
  let value = 'a';
  const seen: string[] = [];
  const end = live.watch(
    ['runs'],
    () => {
      reads += 1;
      return Promise.resolve(value);
    },
    (next) => seen.push(next),
    controller.signal,
  );
  await pause(10);
  expect([reads, seen]).toEqual([1, ['a']]);
  value = 'b';
  for (let change = 0; change < 100; change += 1) live.changed('runs');
  live.changed('inbox');
  await pause(120);
  expect([reads, seen]).toEqual([2, ['a', 'b']]);
  live.changed('runs');
  await pause(120);
  expect([reads, seen]).toEqual([3, ['a', 'b']]);
  live.changed('ledger');
  await pause(120);
  expect(reads).toBe(3);
  controller.abort();
  await end;
  value = 'c';
  live.changed('runs');
  await pause(120);
  expect([reads, seen]).toEqual([3, ['a', 'b']]);
});

test('a change during a slow read is not lost, and reads never overlap', async () => {
  const live = createLive();
  const controller = new AbortController();
  let running = 0;
  let most = 0;
  let value = 0;
  const seen: number[] = [];
  void live.watch(
    ['runs'],
    async () => {
      running += 1;
      most = Math.max(most, running);
      const read = value;
      await pause(80);
      running -= 1;
      return read;
    },
    (next) => seen.push(next),
    controller.signal,
  );
  await pause(20);
  value = 1;
  live.changed('runs');
  await pause(400);
  controller.abort();
  expect([most, seen]).toEqual([1, [0, 1]]);
});

test('a read that fails ends the watch with its error', async () => {
  const live = createLive();
  const failing = live.watch(
    ['runs'],
    () => Promise.reject(new Error('disk')),
    () => {},
    new AbortController().signal,
  );
  await expect(failing).rejects.toThrow('disk');
});
