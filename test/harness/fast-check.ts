/** Every property starts from `HOLDFAST_SEED` when it is given; fast-check itself prints the seed of a failure. */
import fc from 'fast-check';

const seed = process.env['HOLDFAST_SEED'];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
