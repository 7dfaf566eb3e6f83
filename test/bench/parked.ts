/**
 * Ten thousand runs that wait for a person: what they cost the memory of their host, and how fast an answer to one of
 * them moves its run. The hosts are processes of their own, so that each memory is that of one life.
 */
import { join } from 'node:path';
import { inHost } from './hosts.ts';
import { bareNodeMs, fsyncMs, median, rounded, rounds, type Figure } from './measure.ts';

const runs = 10_000;
const megabyte = 1024 * 1024;

export async function parked(folder: string): Promise<Figure[]> {
  const dataDir = join(folder, 'parked');
  const parking = await inHost('park', dataDir, { runs });
  const added = (parking.heapAfter - parking.heapBefore) / megabyte;
  const empty: number[] = [];
  const full: number[] = [];
  const starts: number[] = [];
  const startTimes: number[] = [];
  const answers: number[] = [];
  const answerTimes: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    empty.push((await inHost('open', join(folder, 'empty'), {})).memory);
    const before = (bareNodeMs() + bareNodeMs()) / 2;
    const opened = await inHost('open', dataDir, {});
    full.push(opened.memory);
    startTimes.push(opened.startMs);
    starts.push(opened.startMs / before);
    const beside = fsyncMs(folder);
    const answered = await inHost('answer', dataDir, { runs: 100 });
    answerTimes.push(answered.answerMs);
    answers.push(answered.answerMs / ((beside + fsyncMs(folder)) / 2));
  }
  const deltas = full.map((memory, index) => (memory - (empty[index] ?? 0)) / megabyte);
  return [
    {
      name: 'memory added by parking 10,000 runs at a gate, MB of heap',
      aim: '≤ 20',
      value: added,
      measured: `${rounded(parking.heapBefore / megabyte)} MB before, ${rounded(parking.heapAfter / megabyte)} MB after`,
    },
    {
      name: 'memory added to a host that starts with them, MB resident',
      aim: '≤ 20',
      value: median(deltas),
      measured: `${rounded(median(empty) / megabyte)} MB without, ${rounded(median(full) / megabyte)} MB with`,
    },
    {
      name: 'starting that host ÷ bare node -e 0',
      aim: '',
      value: median(starts),
      measured: `${rounded(median(startTimes))} ms`,
    },
    {
      name: 'answer → next step done, p50 ÷ one fsync',
      aim: '≤ 5',
      value: median(answers),
      measured: `${rounded(median(answerTimes))} ms`,
    },
  ];
}
