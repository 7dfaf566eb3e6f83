/**
 * `node test/simulation/main.ts --from 1 --count 500`: simulates these seeds and prints a line of counts, and a sentence
 * with the seed for each one that broke a rule. `--tell` prints everything that happens;
 * `--until-broken` stops at the first such seed. Every tenth seed is lived twice, which must give the same log.
 */
import { parseArgs } from 'node:util';
import { tally } from '../harness/size.ts';
import { simulateSeeds } from './seeds.ts';

const { values } = parseArgs({
  options: {
    from: { type: 'string' },
    count: { type: 'string' },
    tell: { type: 'boolean' },
    'until-broken': { type: 'boolean' },
  },
});
const from = Number(values.from ?? 1);
const count = Number(values.count ?? 100);
const seeds = Array.from({ length: count }, (_, index) => from + index);
const { failures, ...counts } = await simulateSeeds(seeds, {
  twiceEvery: 10,
  untilBroken: values['until-broken'] ?? false,
  ...(values.tell ? { tell: console.log } : {}),
});
for (const failure of failures) console.error(failure);
tally({ ...counts });
process.exitCode = failures.length > 0 ? 1 : 0;
