/**
 * An effect nobody knows about, in the browser: the other system did the work and hung up. The person reads the question,
 * answers it in the inbox, and the run goes on from there; what was said stays in the ledger and in the record.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setUpDesk, type Desk } from '../cli/terminal.ts';
import { visitor } from '../harness/first-minute.ts';
import { useStage } from '../harness/stage.ts';

const stage = useStage();
let desk: Desk;
let server: Server;
/** Bodies that arrived; the first call of a test is cut off after the work. */
let calls: string[];

beforeAll(async () => {
  desk = setUpDesk();
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      calls.push(body);
      if (calls.length === 1) response.destroy();
      else response.setHeader('content-type', 'application/json').end('{"id":"msg_2"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  desk.clear();
});
beforeEach(() => {
  calls = [];
});

/** Started on the terminal, through the host that serves the page. */
async function runUntilInDoubt(name: string) {
  const { port } = server.address() as AddressInfo;
  const file = desk.write('tell.holdfast.json', {
    formatVersion: 1,
    id: `wf_${name}`,
    name: `Tell ${name}`,
    owner: 'role:support-lead',
    steps: {
      tell: {
        kind: 'http',
        label: 'Tell the customer',
        effect: 'once',
        checkpoint: true,
        config: { method: 'POST', url: `http://127.0.0.1:${port}/messages`, body: { text: name } },
      },
      note: { kind: 'transform', label: 'Keep the number', config: { value: '{{ $steps.tell.output.id }}' } },
    },
    edges: [{ id: 'e1', from: { step: 'tell', port: 'out' }, to: { step: 'note' } }],
  });
  const consent = ['--trust', '--allow-host', `127.0.0.1:${port}`];
  const run = await desk.run('run', file, '--data', stage.dataDir, ...consent, '--json');
  expect(JSON.parse(run.out)).toMatchObject({ state: 'escalated', reason: 'in_doubt' });
  expect(calls).toHaveLength(1);
  const person = visitor(stage.page);
  await person.openInbox();
  await stage.page.getByRole('heading', { name: 'Did “Tell the customer” happen? Nobody knows.' }).waitFor();
  await person.sees(/Look in the other system first/);
  return { person, decision: stage.page.getByRole('group', { name: 'Decision', exact: true }) };
}

describe('an effect in doubt, decided in the inbox', () => {
  it('it happened: the run goes on with what the other system answered, and asks nobody again', async () => {
    const { page } = stage;
    const { person, decision } = await runUntilInDoubt('Ada');
    await page.keyboard.press('1');
    await decision.getByRole('textbox').fill('{ "id": ');
    await decision.getByRole('button', { name: 'It happened', exact: true }).click();
    await decision.getByText(/JSON/).last().waitFor();
    await decision.getByRole('textbox').fill('{ "id": "msg_1" }');
    await decision.getByRole('button', { name: 'It happened', exact: true }).click();
    await page.getByText('Nothing waits for a decision').waitFor();
    await person.openLatestRun();
    await person.sees(/^Complete$/);
    await page.getByRole('tab', { name: 'Data' }).click();
    await page.getByText('"msg_1"').first().waitFor();
    await page.getByRole('tab', { name: /^Ledger/ }).click();
    await page.getByText(/^Happened, says /).waitFor();
    await page.getByRole('tab', { name: /^Events/ }).click();
    await page.getByText(/Nobody knows whether what “Tell the customer” asked for happened/).waitFor();
    expect(calls).toHaveLength(1);
  });

  it('it did not happen: the step is done again, and its second answer counts', async () => {
    const { page } = stage;
    const { person, decision } = await runUntilInDoubt('Grace');
    await decision.getByRole('button', { name: /^It did not happen/ }).click();
    await decision.getByRole('textbox').fill('The outbox is empty');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Nothing waits for a decision').waitFor();
    await person.openLatestRun();
    await person.sees(/^Complete$/);
    await page.getByRole('tab', { name: /^Ledger/ }).click();
    const row = page.getByRole('button', { name: /messages.*Confirmed/s });
    await row.click();
    await page.getByText('asked 2 times under the same key', { exact: true }).waitFor();
    expect(calls).toEqual(['{"text":"Grace"}', '{"text":"Grace"}']);
    const open = await desk.run('inbox', 'list', '--data', stage.dataDir, '--json');
    expect(open.out).toBe('');
  });
});
