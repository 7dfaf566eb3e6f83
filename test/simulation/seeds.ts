/**
 * Simulates many seeds and says which ones broke a rule and how to see it again. Seeds that failed once stay in the
 * list of regressions and are simulated every time.
 */
import { prepareTemplate, simulationFolder } from './disk.ts';
import { simulate } from './simulate.ts';

/** Each one showed a mistake when it was new. */
export const regressions: readonly number[] = [10, 935524713, 935539165];

export interface Simulated {
  seeds: number;
  lives: number;
  crashes: number;
  events: number;
  deeds: number;
  /** A sentence each, with the seed. */
  failures: string[];
}

export async function simulateSeeds(
  seeds: readonly number[],
  {
    twiceEvery,
    untilBroken = false,
    tell,
  }: { twiceEvery: number; untilBroken?: boolean; tell?: (line: string) => void },
): Promise<Simulated> {
  const folder = simulationFolder();
  const total: Simulated = { seeds: seeds.length, lives: 0, crashes: 0, events: 0, deeds: 0, failures: [] };
  try {
    await prepareTemplate(folder.path);
    for (const [index, seed] of seeds.entries()) {
      if (untilBroken && total.failures.length > 0) break;
      const again = `again with HOLDFAST_SEED=${seed}, or node test/simulation/main.ts --from ${seed} --count 1`;
      const first = await simulate(seed, folder.path, tell);
      total.lives += 1;
      total.crashes += first.crashes;
      total.events += first.events;
      total.deeds += first.deeds;
      if (first.broken.length > 0)
        total.failures.push(`Seed ${seed} (${again}): ${first.broken.slice(0, 5).join('; ')}`);
      if (index % twiceEvery !== 0) continue;
      const second = await simulate(seed, folder.path);
      total.lives += 1;
      if (second.hash !== first.hash) total.failures.push(`Seed ${seed} gave another log the second time (${again})`);
    }
  } finally {
    folder.remove();
  }
  return total;
}
