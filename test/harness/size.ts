/**
 * How large the random tests are: `small` inside `npm test`, `push` on every push, `soak` for one of the many rounds of
 * `npm run soak`. And where they tell what they counted, so that a soak can add it up.
 */
import { appendFileSync } from 'node:fs';

export type Size = 'small' | 'push' | 'soak';

const named = process.env['HOLDFAST_TEST_SIZE'];
export const size: Size = named === 'push' || named === 'soak' ? named : 'small';

export function sized<T>(by: Record<Size, T>): T {
  return by[size];
}

/** Cases of a property: this many in `npm test`, more where there is more time. */
export function cases(small: number): number {
  return small * sized({ small: 1, push: 5, soak: 4 });
}

const given = process.env['HOLDFAST_SEED'];

/** The seed of this process: `HOLDFAST_SEED`, else a new one. Whoever fails says it. */
export const firstSeed: number = given === undefined ? 1_000 + (Date.now() % 1_000_000_000) : Number(given);

/** Prints what a test counted, for people and for `npm run soak`. */
export function tally(counts: Record<string, number>): void {
  const line = JSON.stringify(counts);
  console.log(`Counted from seed ${firstSeed}: ${line}`);
  const file = process.env['HOLDFAST_COUNTS'];
  if (file !== undefined) appendFileSync(file, `${line}\n`);
}
