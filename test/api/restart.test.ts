/** A host that starts again: what it reads of the runs that wait, and that none of them is forgotten. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createApp, type App } from '../../main/app.ts';
import type { RunState } from '../../shared/run/state.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { documentOf, step } from '../harness/graph.ts';

let dataDir: string;
let app: App;
let now = 1_800_000_000_000;

beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-restart-'));
});

afterEach(async () => {
  await app.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const open = async (): Promise<void> => {
  app = await createApp({ dataDir, host: 'terminal', clock: () => now });
};

const transform = { kind: 'transform', config: { value: 1 } };
const asked = documentOf(
  { ask: step({ ...transform, gates: { after: { owner: 'role:lead', when: 'always' } } }), after: step(transform) },
  [['ask', 'after']],
);
const sleeps = documentOf({ nap: step({ kind: 'wait', config: { durationMs: 86_400_000 } }), after: step(transform) }, [
  ['nap', 'after'],
]);

async function park(document: WorkflowDocument): Promise<RunState> {
  const ids = { version: randomUUID(), commandId: randomUUID() };
  const { runId } = await app.engine.startRun({ document, input: {}, env: {}, by: 'person:ada', ...ids });
  return app.engine.settled(runId, 1_000);
}

test('runs that wait are not read when the host starts, and go on when their answer or their time comes', async () => {
  await open();
  await app.start();
  const reviewed = await park(asked);
  const asleep = await park(sleeps);
  expect([reviewed.reason, asleep.reason]).toEqual(['review', 'timer']);
  await app.stop();

  await open();
  const reads = vi.spyOn(app.store, 'events');
  await app.start();
  expect(reads).not.toHaveBeenCalled();
  const [task] = await app.store.tasks({ state: 'open' });
  const answer = { commandId: randomUUID(), runId: reviewed.runId, taskId: task?.taskId ?? '', by: 'person:grace' };
  await app.engine.decideTask({ ...answer, answer: 'approve' });
  expect(await app.engine.settled(reviewed.runId, 1_000)).toMatchObject({ word: 'complete' });
  expect(reads.mock.calls.map(([runId]) => runId)).not.toContain(asleep.runId);
  await app.stop();

  now += 86_400_001;
  await open();
  await app.start();
  expect(await app.engine.settled(asleep.runId, 1_000)).toMatchObject({ word: 'complete' });
});
