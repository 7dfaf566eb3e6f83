/**
 * Figures, never assertions: `npm run bench [-- throughput growth parked starts]`. Every figure is a ratio to a
 * yardstick of the same machine, measured interleaved with it, or a number of bytes or milliseconds with its aim.
 */
import { tempFolder } from '../harness/processes.ts';
import { growth } from './growth.ts';
import type { Figure } from './measure.ts';
import { parked } from './parked.ts';
import { starts } from './starts.ts';
import { throughput } from './throughput.ts';

const parts: Record<string, (folder: string) => Promise<Figure[]>> = { throughput, growth, parked, starts };
const asked = process.argv.slice(2);
const chosen = Object.entries(parts).filter(([name]) => asked.length === 0 || asked.includes(name));

for (const [, measure] of chosen) {
  const folder = tempFolder();
  try {
    for (const { value, name, aim, measured } of await measure(folder.path)) {
      const beside = [aim && `aim ${aim}`, measured].filter(Boolean).join('; ');
      process.stdout.write(`${value.toFixed(2).padStart(7)}  ${name}  (${beside})\n`);
    }
  } finally {
    folder.remove();
  }
}
