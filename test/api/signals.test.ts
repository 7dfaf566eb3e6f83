// Signals through the application and a real database file: before, after and between two lives, and once.

import { mkdtempSync, rmSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createApp, type App } from '../../main/app.ts';

let dataDir: string;
let app: App;
beforeEach(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-signals-'));
  await begin();
});
afterEach(async () => {
  await app.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function begin(): Promise<void> {
  app = await createApp({ dataDir, host: 'terminal' });
  await app.start();
}

const never = new AbortController().signal;
const document = {
  formatVersion: 1,
  id: 'wf_waits',
  name: 'Waits',
  owner: 'role:lead',
  steps: {
    hear: { kind: 'wait', config: { signal: 'papers' } },
    say: { kind: 'transform', config: { value: '{{ "got " & $steps.hear.output.pages }}' } },
  },
  edges: [{ id: 'e', from: { step: 'hear', port: 'out' }, to: { step: 'say' } }],
};
const start = async (): Promise<string> => {
  const started = await app.handlers['runs.startDocument']({ commandId: randomUUID(), document }, never);
  return String(started?.runId);
};
const send = async (runId: string, pages: number, id?: string) =>
  app.handlers['runs.signal'](
    {
      commandId: randomUUID(),
      runId,
      name: 'papers',
      data: { pages },
      by: 'person:ada',
      ...(id === undefined ? {} : { id }),
    },
    never,
  );

test('a run that waits for a signal is parked, and goes on in the next life when it comes', async () => {
  const runId = await start();
  expect(await app.engine.settled(runId, 60_000)).toMatchObject({ word: 'waiting', reason: 'signal' });
  await app.stop();
  await begin();
  await send(runId, 7);
  expect(await app.engine.settled(runId, 60_000)).toMatchObject({ word: 'complete', output: 'got 7' });
  await expect(send(runId, 8)).rejects.toThrow('The run has already ended (complete), so it takes no signals');
});

test('the same signal from two commands, in two lives, counts once', async () => {
  const runId = await start();
  await app.engine.settled(runId, 60_000);
  await send(runId, 1, 'delivery-1');
  await app.stop();
  await begin();
  await app.engine.settled(runId, 60_000);
  const view = await app.engine.read(runId);
  expect(view?.events.filter((event) => event.type === 'signal_received')).toHaveLength(1);
  const again = await start();
  await send(again, 2, 'delivery-1');
  await send(again, 3, 'delivery-1').catch(() => undefined);
  expect(await app.engine.settled(again, 60_000)).toMatchObject({ output: 'got 2' });
});

test('a signal to a run that is not there says so', async () => {
  await expect(send('run_nowhere', 1)).rejects.toThrow('There is no run run_nowhere in this data folder');
});
