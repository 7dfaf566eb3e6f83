/** Simulated lives of data folders, by seed: `HOLDFAST_SEED` chooses the first one. */
import { expect, test } from 'vitest';
import { regressions, simulateSeeds } from './seeds.ts';

const sizes: Record<string, number> = { small: 60, push: 500 };
const count = sizes[process.env['HOLDFAST_TEST_SIZE'] ?? 'small'] ?? 60;
const given = process.env['HOLDFAST_SEED'];
const first = given === undefined ? 1_000 + (Date.now() % 1_000_000_000) : Number(given);

test('seeds that showed a mistake once show none any more', { timeout: 300_000 }, async () => {
  const { failures } = await simulateSeeds(regressions, { twiceEvery: 1 });
  expect(failures).toEqual([]);
});

test(
  `${count} new seeds: nothing is lost, nothing happens twice, everything ends or waits for somebody`,
  { timeout: 600_000 },
  async () => {
    const seeds = Array.from({ length: count }, (_, index) => first + index);
    const { failures, ...counts } = await simulateSeeds(seeds, { twiceEvery: 10 });
    console.log(`Simulated from seed ${first}: ${JSON.stringify(counts)}`);
    expect(failures).toEqual([]);
    // The lives were lives: hosts died in them and the world was changed.
    expect(counts.crashes).toBeGreaterThan(count / 4);
    expect(counts.deeds).toBeGreaterThan(count);
  },
);
