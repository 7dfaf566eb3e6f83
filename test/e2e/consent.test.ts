/**
 * An imported workflow that leaves the Sandbox: nothing of it starts before the person saw what it touches and allowed
 * exactly that; once allowed it is not asked again.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { useStage } from '../harness/stage.ts';

const stage = useStage();

it('asks before the first run, starts nothing on no, and does not ask twice', async () => {
  const { page } = stage;
  let calls = 0;
  const outside = createServer((_request, response) => {
    calls += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(outside.address() as AddressInfo).port}/orders`;
  const text = JSON.stringify({
    formatVersion: 1,
    id: 'wf_outside',
    name: 'Reaches outside',
    owner: 'role:lead',
    steps: { order: { kind: 'http', label: 'Order it', config: { method: 'POST', url }, checkpoint: true } },
    edges: [],
  });
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Import a file' }).click();
  await (await choosing).setFiles({ name: 'outside.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  const run = page.getByRole('button', { name: 'Run', exact: true });
  await run.click();
  const dialog = page.getByRole('dialog', { name: 'Let this workflow reach outside?' });
  await dialog.getByText(`POST ${url}`).waitFor();
  await dialog.getByText('Happens once').waitFor();
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('navigation').getByRole('link', { name: /^Runs/ }).click();
  await page
    .getByText(/Nothing has run yet/)
    .first()
    .waitFor();
  await page.goBack();

  await run.click();
  await dialog.getByRole('button', { name: 'Allow and run' }).click();
  const asked = page.getByText(/^Waits for Lead/);
  await asked.waitFor();
  await page.reload();
  await run.click();
  await asked.waitFor();
  expect(await dialog.count()).toBe(0);
  // Consent to the workflow is none to a private address: the request never left.
  expect(calls).toBe(0);
  outside.close();
});
