/** Simulated lives of data folders, by seed: `HOLDFAST_SEED` chooses the first one. */
import { expect, test } from 'vitest';
import { firstSeed, sized, tally } from '../harness/size.ts';
import { regressions, simulateSeeds } from './seeds.ts';

const count = sized({ small: 60, push: 500, soak: 1_000 });

test('seeds that showed a mistake once show none any more', { timeout: 300_000 }, async () => {
  const { failures } = await simulateSeeds(regressions, { twiceEvery: 1 });
  expect(failures).toEqual([]);
});

test(
  `${count} new seeds: nothing is lost, nothing happens twice, everything ends or waits for somebody`,
  { timeout: 600_000 },
  async () => {
    const seeds = Array.from({ length: count }, (_, index) => firstSeed + index);
    const { failures, ...counts } = await simulateSeeds(seeds, { twiceEvery: 10 });
    tally({ ...counts });
    expect(failures).toEqual([]);
    // The lives were lives: hosts died in them and the world was changed.
    expect(counts.crashes).toBeGreaterThan(count / 4);
    expect(counts.deeds).toBeGreaterThan(count);
  },
);
