/**
 * What a run did, on its page: events, data and ledger show what really happened, a rollback is previewed and done, and
 * a rejection keeps its reason, and what was changed in the inbox is what is done.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { visitor } from '../harness/first-minute.ts';
import { useStage } from '../harness/stage.ts';

const stage = useStage();

/** What the Sandbox systems really did, from the ledger they keep themselves. */
function deeds(action: string): number {
  const ledger = readFileSync(join(stage.dataDir, 'sandbox/ledger.jsonl'), 'utf8');
  return ledger.split('\n').filter((line) => line.includes(`"${action}"`)).length;
}

async function waitingRefund() {
  const person = visitor(stage.page);
  await person.openSample('Refund request');
  await person.run();
  await person.sees(/Waits for Finance lead/);
  return person;
}

describe('the page of a run', () => {
  it('shows its events, data and ledger, and rolls it back in reverse order', async () => {
    const { page } = stage;
    const person = await waitingRefund();
    await person.openInbox();
    await person.approve();
    await person.openLatestRun();
    await person.sees(/^Complete$/);
    const canvas = page.locator('.react-flow');
    await canvas.getByText('skipped').waitFor();

    await page.getByRole('tab', { name: /^Events/ }).click();
    const events = page.getByRole('region', { name: 'Events' });
    await events.getByRole('button').first().click();
    await events.getByText('"run_started"').waitFor();

    await page.getByRole('tab', { name: 'Data' }).click();
    await page.getByRole('region', { name: 'What the run was given' }).getByText('"ord_1042"').waitFor();
    await page.getByRole('region', { name: 'Propose a decision' }).getByText('4900').waitFor();

    await page.getByRole('tab', { name: /^Ledger/ }).click();
    const pay = page.getByRole('button', { name: /sandbox:\/\/payments\/refunds.*Confirmed/s });
    await pay.click();
    await page.getByRole('region', { name: 'Request' }).getByText('4900').waitFor();
    await page.getByText('asked once').waitFor();

    const reversed = deeds('refund.reversed');
    await page.getByRole('button', { name: 'Roll back', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Roll this run back?' });
    const undone = dialog.getByRole('region', { name: 'Will be undone' }).getByRole('listitem');
    await undone.nth(2).waitFor();
    expect((await undone.allInnerTexts()).map((text) => text.split(' – ')[0])).toEqual([
      'Tell the customer',
      'Note it in the CRM',
      'Pay the refund',
    ]);
    expect(deeds('refund.reversed')).toBe(reversed);
    await dialog.getByLabel('Why').fill('The parcel was found');
    await dialog.getByRole('button', { name: 'Roll back', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await person.sees(/^Rolled back$/);
    expect(deeds('refund.reversed')).toBe(reversed + 1);
    expect(await page.getByRole('button', { name: 'Roll back', exact: true }).count()).toBe(0);
  });
});

describe('a decision in the inbox', () => {
  it('a rejection needs its reason, ends the run, pays nothing and is kept', async () => {
    const { page } = stage;
    const paid = deeds('refund.created');
    const person = await waitingRefund();
    await person.openInbox();
    const decision = page.getByRole('group', { name: 'Decision', exact: true });
    await decision.getByRole('button', { name: /^Reject/ }).click();
    await decision.getByRole('button', { name: 'Reject', exact: true }).click();
    await decision.getByText('Say why').waitFor();
    await decision.getByRole('textbox').fill('Bought more than a year ago');
    await decision.getByRole('button', { name: 'Reject', exact: true }).click();
    await page.getByText('Nothing waits for a decision').waitFor();
    await page.getByText('Done', { exact: true }).click();
    await page.getByText('Bought more than a year ago').first().waitFor();
    await person.openLatestRun();
    await person.sees(/^Failed$/);
    expect(deeds('refund.created')).toBe(paid);
  });

  it('what was edited before it was approved is what is paid', async () => {
    const { page } = stage;
    const person = await waitingRefund();
    await person.openInbox();
    const decision = page.getByRole('group', { name: 'Decision', exact: true });
    await decision.getByRole('button', { name: /^Edit and approve/ }).click();
    await page.getByLabel('Amount in cents').fill('1200');
    await decision.getByRole('button', { name: 'Approve with changes' }).click();
    await page.getByText('Nothing waits for a decision').waitFor();
    await person.openLatestRun();
    await person.sees(/^Complete$/);
    expect(readFileSync(join(stage.dataDir, 'sandbox/ledger.jsonl'), 'utf8')).toContain('"amount":1200');
  });
});
