/** Whether a long run writes more per step than a short one: the bytes this process hands to the system, step by step. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApp } from '../../main/app.ts';
import { chain, completeRun } from './graphs.ts';
import { median, rounded, rounds, type Figure } from './measure.ts';

const counters = '/proc/self/io';
/** Single steps differ by the pages they happen to fill, so a step is the median of its neighbours. */
const neighbours = 40;

function bytesWritten(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(counters, 'utf8'))?.[1]);
}

export async function growth(folder: string): Promise<Figure[]> {
  if (!existsSync(counters)) return [];
  const app = await createApp({ dataDir: join(folder, 'growth'), host: 'terminal' });
  await app.start();
  const written: number[] = [];
  app.engine.onEvents((_runId, events) => {
    for (const event of events) if (event.type === 'step_confirmed') written.push(bytesWritten());
  });
  const around = (step: number): number => {
    const at = written.slice(step - neighbours / 2, step + neighbours / 2 + 1);
    return median(at.slice(1).map((bytes, index) => bytes - (at[index] ?? bytes)));
  };
  const first: number[] = [];
  const last: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    written.length = 0;
    await completeRun(app, chain(1_000 + neighbours));
    first.push(around(10 + neighbours / 2));
    last.push(around(1_000));
  }
  await app.stop();
  const ratios = last.map((bytes, index) => bytes / (first[index] ?? 1));
  return [
    {
      name: 'bytes written per step, around step 1,000 ÷ around step 10',
      aim: '≤ 1.1',
      value: median(ratios),
      measured: `${rounded(median(last))} bytes, ${rounded(median(first))} bytes`,
    },
  ];
}
