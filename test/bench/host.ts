/** One life of the application for the bench; what it does and tells is in hosts.ts. */
import { createApp, type App } from '../../main/app.ts';
import { chain, completeRun, gated, startRun } from './graphs.ts';
import type { HostWork, Order } from './hosts.ts';
import { median } from './measure.ts';

/** How many callers start runs at the same time. */
const callers = 100;

function tell<K extends keyof HostWork>(told: HostWork[K]['told']): Promise<void> {
  return new Promise((resolve) => void process.send?.(told, undefined, undefined, () => resolve()));
}

/** After everything that nobody holds any more is gone. */
function memory(): NodeJS.MemoryUsage {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage();
}

async function park(app: App, runs: number): Promise<HostWork['park']['told']> {
  await startParked(app, callers);
  const before = memory().heapUsed;
  await startParked(app, runs);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { heapBefore: before, heapAfter: memory().heapUsed };
}

async function startParked(app: App, runs: number): Promise<void> {
  const document = gated();
  let left = runs;
  const caller = async (): Promise<void> => {
    for (; left > 0;) {
      left -= 1;
      const state = await app.engine.settled(await startRun(app, document), 60_000);
      if (state.reason !== 'review') throw new Error(`A run of the bench is ${state.word}: ${state.reason}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

async function answerMs(app: App, runs: number): Promise<number> {
  const waiting = (await app.store.tasks({ state: 'open' })).slice(0, runs);
  const times: number[] = [];
  for (const { taskId, runId } of waiting) {
    const done = new Promise<void>((resolve) => {
      const stop = app.engine.onEvents((changed, events) => {
        if (changed !== runId || !events.some((event) => event.type === 'step_confirmed' && event.step === 'next'))
          return;
        stop();
        resolve();
      });
    });
    const begin = performance.now();
    await app.engine.decideTask({ commandId: `answer-${taskId}`, runId, taskId, answer: 'approve', by: 'role:bench' });
    await done;
    times.push(performance.now() - begin);
  }
  return median(times);
}

async function execute(app: App, { runs, length }: HostWork['execute']['asked']): Promise<void> {
  let steps = 0;
  app.engine.onEvents((_runId, events) => {
    for (const event of events) if (event.type === 'step_confirmed') steps += 1;
    void tell<'execute'>({ steps });
  });
  await Promise.all(Array.from({ length: runs }, () => completeRun(app, chain(length))));
}

process.once('message', (order: Order) => {
  void (async () => {
    const begin = performance.now();
    const app = await createApp({ dataDir: order.dataDir, host: 'terminal' });
    await app.start();
    const startMs = performance.now() - begin;
    if (order.work === 'open') {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await tell<'open'>({ memory: memory().rss, startMs });
    } else {
      const asked = order.asked as HostWork['execute']['asked'];
      if (order.work === 'park') await tell<'park'>(await park(app, asked.runs));
      else if (order.work === 'answer') await tell<'answer'>({ answerMs: await answerMs(app, asked.runs) });
      else await execute(app, asked);
    }
    await app.stop();
    process.disconnect?.();
  })();
});
