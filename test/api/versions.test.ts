/** A run is pinned to the version it started with: whatever happens to the draft meanwhile never reaches it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDeskApp, who, type DeskApp } from '../harness/desk-app.ts';

let desk: DeskApp;
beforeEach(async () => {
  desk = await openDeskApp();
});
afterEach(() => desk.close());

const workflow = (value: string) => ({
  formatVersion: 1,
  id: 'wf_pinned',
  name: 'Pinned',
  owner: 'role:lead',
  steps: {
    ask: { kind: 'transform', config: { value: 1 }, gates: { after: { owner: 'role:lead', when: 'always' } } },
    tell: { kind: 'transform', config: { value } },
  },
  edges: [{ id: 'e1', from: { step: 'ask', port: 'out' }, to: { step: 'tell' } }],
});

async function approve(runId: string): Promise<void> {
  const item = (await desk.openItems()).find((one) => one.runId === runId);
  const digest = item?.digest === undefined ? {} : { digest: item.digest };
  await desk.client.call('inbox.decide', { ...who(), taskId: item?.taskId ?? '', answer: 'approve', ...digest });
}

const edit = async (value: string): Promise<void> => {
  const { revision } = await desk.client.call('workflows.get', { id: 'wf_pinned' });
  const { commandId } = who();
  await desk.client.call('workflows.save', { commandId, id: 'wf_pinned', revision, document: workflow(value) });
};

test('a draft that is edited and started again while a run waits changes only the runs that start then', async () => {
  const first = await desk.start(workflow('old'));
  const { version } = await desk.settled(first);
  await edit('new');
  const { runId: second } = await desk.client.call('runs.start', { ...who(), workflowId: 'wf_pinned' });
  await desk.settled(second);
  await desk.restart();
  expect((await desk.app.engine.read(first))?.document).toMatchObject(workflow('old'));
  await approve(first);
  await approve(second);
  expect(await desk.settled(first)).toMatchObject({ word: 'complete', output: 'old', version });
  const other = await desk.settled(second);
  expect(other).toMatchObject({ word: 'complete', output: 'new' });
  expect(other.version).not.toBe(version);
});

test('a draft that is deleted while a run waits leaves the run as it is', async () => {
  const runId = await desk.start(workflow('old'));
  await desk.settled(runId);
  await desk.client.call('workflows.delete', { commandId: who().commandId, id: 'wf_pinned' });
  await desk.restart();
  await approve(runId);
  expect(await desk.settled(runId)).toMatchObject({ word: 'complete', output: 'old' });
});
