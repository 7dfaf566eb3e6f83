/**
 * What a person does in the first minute, as sentences: shared by the browser tests and the desktop tests, so that both
 * shells are held to the same story. Everything is found by role and name, as a screen reader would.
 */
import type { Page } from 'playwright-core';

export function visitor(page: Page) {
  const waitMs = 30_000;
  const link = (name: string) => page.getByRole('navigation').getByRole('link', { name: new RegExp(`^${name}`) });
  const decision = page.getByRole('group', { name: 'Decision', exact: true });
  return {
    async openSample(name: string): Promise<void> {
      await link('Designer').click();
      await page.getByRole('button', { name: `Open ${name}` }).click({ timeout: waitMs });
      await page.getByRole('button', { name: 'Run', exact: true }).waitFor({ timeout: waitMs });
    },
    async run(): Promise<void> {
      await page.getByRole('button', { name: 'Run', exact: true }).click();
    },
    async sees(text: RegExp): Promise<void> {
      await page.getByText(text).first().waitFor({ timeout: waitMs });
    },
    async openInbox(): Promise<void> {
      await link('Inbox').click();
      await page.getByRole('heading', { name: 'Inbox' }).waitFor({ timeout: waitMs });
    },
    async approve(): Promise<void> {
      await decision.waitFor({ timeout: waitMs });
      await decision
        .getByRole('button', { name: /^Approve/ })
        .first()
        .click();
    },
    async openLatestRun(): Promise<void> {
      await link('Runs').click();
      await page.getByRole('table', { name: 'Runs' }).getByRole('row').nth(1).click({ timeout: waitMs });
    },
    /** Answers whatever the run still asks: approves a review, and says of an effect in doubt what the world says. */
    async decideUntilComplete(happened: () => boolean): Promise<void> {
      for (let round = 0; round < 8; round += 1) {
        await this.openLatestRun();
        const complete = page.getByText(/^Complete$/).first();
        const asks = page.getByRole('link', { name: 'Decide', exact: true });
        await complete.or(asks).first().waitFor({ timeout: waitMs });
        if (await complete.isVisible()) return;
        // The run may go on while we look; then there is nothing to decide and we look again.
        try {
          await asks.click({ timeout: 2_000 });
          await decision.waitFor({ timeout: 5_000 });
        } catch {
          continue;
        }
        const approval = decision.getByRole('button', { name: /^Approve/ });
        if (await approval.isVisible()) await approval.click();
        else {
          const answer = happened() ? /^It happened/ : /^It did not happen/;
          await decision.getByRole('button', { name: answer }).click();
          await decision.getByRole('button', { name: answer }).click();
        }
        await page.getByText('Nothing waits for a decision').waitFor({ timeout: waitMs });
      }
      throw new Error('The run still asks after eight looks');
    },
  };
}
