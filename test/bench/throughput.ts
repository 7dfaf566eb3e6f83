/** How fast durable steps go, alone and together, and how long whoever shares the process has to wait meanwhile. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import { createApp, type App } from '../../main/app.ts';
import { chain, completeRun } from './graphs.ts';
import { fsyncMs, fsyncsPerSecond, interleaved, median, rounded, rounds, type Figure } from './measure.ts';

const length = 100;
const together = 50;

async function stepsPerSecond(app: App, runs: number): Promise<number> {
  const document = chain(length);
  const begin = performance.now();
  await Promise.all(Array.from({ length: runs }, () => completeRun(app, document)));
  return (runs * length * 1000) / (performance.now() - begin);
}

/** The first 100 steps of a new folder. */
async function coldStepsPerSecond(dataDir: string): Promise<number> {
  const fresh = await createApp({ dataDir, host: 'terminal' });
  await fresh.start();
  const rate = await stepsPerSecond(fresh, 1);
  await fresh.stop();
  return rate;
}

/** The 99th percentile of how late the event loop comes round while 50 runs execute, in milliseconds. */
async function loopDelayMs(app: App): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await stepsPerSecond(app, together);
  delay.disable();
  return delay.percentile(99) / 1e6;
}

/** Start to finish of runs of one step, one after the other. */
async function oneStepMs(app: App): Promise<number> {
  const document = chain(1);
  const times: number[] = [];
  for (let run = 0; run < 60; run += 1) {
    const begin = performance.now();
    await completeRun(app, document);
    times.push(performance.now() - begin);
  }
  return median(times);
}

export async function throughput(folder: string): Promise<Figure[]> {
  const app = await createApp({ dataDir: join(folder, 'throughput'), host: 'terminal' });
  await app.start();
  // What a host that has been up for a while has behind it: compiled code and a log that has its size.
  for (let run = 0; run < 12; run += 1) await stepsPerSecond(app, 1);
  const perSecond = { yardstick: () => fsyncsPerSecond(folder), units: ['steps/s', 'fsyncs/s'] as [string, string] };
  const figures = [
    await interleaved({
      name: 'durable steps/s, one run of 100 ÷ fsyncs/s',
      aim: '≥ 0.5',
      measure: () => stepsPerSecond(app, 1),
      ...perSecond,
    }),
    await interleaved({
      name: 'the same, the first run of a new folder ÷ fsyncs/s',
      aim: '',
      measure: (round) => coldStepsPerSecond(join(folder, `cold-${round}`)),
      ...perSecond,
    }),
    await interleaved({
      name: 'durable steps/s, 50 such runs at once ÷ fsyncs/s',
      aim: '≥ 4',
      measure: () => stepsPerSecond(app, together),
      ...perSecond,
    }),
    await interleaved({
      name: 'one-step run, start to finish ÷ one fsync',
      aim: '≤ 5',
      measure: () => oneStepMs(app),
      yardstick: () => fsyncMs(folder),
      units: ['ms', 'ms'],
    }),
  ];
  const delays: number[] = [];
  for (let round = 0; round < rounds; round += 1) delays.push(await loopDelayMs(app));
  const measured = `${delays.map(rounded).join(', ')} ms`;
  figures.push({
    name: 'event-loop delay p99 while 50 runs execute, ms',
    aim: '≤ 20',
    value: median(delays),
    measured,
  });
  await app.stop();
  return figures;
}
