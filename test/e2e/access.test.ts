/**
 * Everything for everyone: axe finds nothing on any screen, light and dark, and a workflow is built, run, decided and
 * looked at without a mouse.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { draughtsman } from '../harness/draughtsman.ts';
import { visitor } from '../harness/first-minute.ts';
import { useStage } from '../harness/stage.ts';

const stage = useStage();
/** Colours are looked at in both schemes; everything else is the same page in either, so once is enough. */
async function findings(page: Page, screen: string): Promise<string[]> {
  const found: string[] = [];
  // Where the pointer was left it may show a hint, which is gone by the time one reads.
  await page.mouse.move(640, 400);
  await page.getByRole('tooltip').waitFor({ state: 'detached' });
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor({ state: 'attached' });
    // There are no frames to look into, which is what the other mode opens a page for each time.
    const axe = new AxeBuilder({ page }).setLegacyMode();
    axe.options({ resultTypes: ['violations'] });
    if (scheme === 'dark') axe.withRules('color-contrast');
    const { violations } = await axe.analyze();
    for (const { id, nodes } of violations)
      for (const { target, failureSummary } of nodes)
        found.push(`${screen}, ${scheme}: ${id} at ${target.join(' ')} – ${failureSummary ?? ''}`);
  }
  return found;
}

describe('axe', () => {
  it('finds nothing in the Designer, the editor, the live run and the inbox', async () => {
    const { page } = stage;
    const person = visitor(page);
    const hand = draughtsman(page);
    await page.getByRole('button', { name: 'Open Refund request' }).waitFor();
    const found = await findings(page, 'gallery');
    await person.openSample('Refund request');
    found.push(...(await findings(page, 'editor')));
    await hand.card('Propose a decision').click();
    await hand.panel.getByRole('textbox', { name: 'Done when' }).fill('output.');
    await page.getByRole('button', { name: '1 problem' }).click();
    found.push(...(await findings(page, 'step and problems')));
    await page.getByRole('button', { name: /^Undo: / }).click();
    await page.getByRole('button', { name: 'No problems' }).waitFor();
    await person.run();
    await person.sees(/Waits for Finance lead/);
    found.push(...(await findings(page, 'live run')));
    await page.getByRole('link', { name: /Open in inbox/ }).click();
    const decision = page.getByRole('group', { name: 'Decision', exact: true });
    await decision.waitFor();
    found.push(...(await findings(page, 'inbox')));
    await decision.getByRole('button', { name: /^Edit and approve/ }).click();
    found.push(...(await findings(page, 'inbox, editing')));
    await decision.getByRole('button', { name: 'Back', exact: true }).click();
    await person.approve();
    await page.getByText('Nothing waits for a decision').waitFor();
    expect(found).toEqual([]);
  });

  it('finds nothing in the runs, on the page of a run, in its rollback and in the settings', async () => {
    const { page } = stage;
    const person = visitor(page);
    await person.openSample('Refund request');
    await person.run();
    await person.sees(/Waits for Finance lead/);
    await page.getByRole('link', { name: /Open in inbox/ }).click();
    await person.approve();
    await page.getByRole('alert').getByText('Approved').waitFor();
    await person.openLatestRun();
    await person.sees(/^Complete$/);
    const found: string[] = [];
    for (const tab of ['Steps', 'Events', 'Data', 'Ledger']) {
      await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click();
      found.push(...(await findings(page, `run, ${tab}`)));
    }
    await page.getByRole('button', { name: 'Roll back', exact: true }).click();
    await page.getByRole('dialog').getByRole('listitem').first().waitFor();
    found.push(...(await findings(page, 'rollback')));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const main = page.getByRole('navigation', { name: 'Main' });
    await main.getByRole('link', { name: /^Runs/ }).click();
    await page.getByRole('table', { name: 'Runs' }).waitFor();
    found.push(...(await findings(page, 'runs')));
    await main.getByRole('link', { name: /^Settings/ }).click();
    await page.getByText('What the Sandbox systems were really asked to do').waitFor();
    found.push(...(await findings(page, 'settings')));
    expect(found).toEqual([]);
  });
});

describe('without a mouse', () => {
  /** Tab until the wanted element has the focus, as one does. */
  async function tabTo(page: Page, name: RegExp): Promise<void> {
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement;
        return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
      });
      if (name.test(focused.trim())) return;
    }
    throw new Error(`Tab does not lead to ${String(name)}`);
  }

  it('the sample is opened, run, approved with a key, and complete', async () => {
    const { page } = stage;
    const person = visitor(page);
    await page.getByRole('button', { name: 'Open Refund request' }).waitFor();
    await tabTo(page, /^Open Refund request/);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
    await tabTo(page, /^Run$/);
    await page.keyboard.press('Enter');
    await person.sees(/Waits for Finance lead/);
    await tabTo(page, /Open in inbox$/);
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'Decision', exact: true }).waitFor();
    await page.keyboard.press('1');
    await page.getByRole('alert').getByText('Approved').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.getByRole('table', { name: 'Runs' }).waitFor();
    await tabTo(page, /Refund request/);
    await page.keyboard.press('Enter');
    await person.sees(/^Complete$/);
  });

  it('a workflow is drawn from nothing, its form filled, its marks set, run and reviewed', async () => {
    const { page } = stage;
    const hand = draughtsman(page);
    await page.getByRole('button', { name: 'New workflow', exact: true }).waitFor();
    await tabTo(page, /^New workflow$/);
    await page.keyboard.press('Enter');
    await page.getByText('Add the first step').waitFor();
    for (const kind of ['make', 'wait']) {
      await page.keyboard.press('/');
      await page.getByRole('combobox', { name: 'Which step?' }).waitFor();
      await page.keyboard.type(kind);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'Add a step' }).waitFor({ state: 'detached' });
    }
    await hand.card('Wait').and(page.locator('.selected')).waitFor();
    await page.keyboard.press('c');
    await page.keyboard.press('Enter');
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.closest('[aria-label="Properties"]') !== null))
      .toBe(true);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('Let it rest');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('1 s');
    await tabTo(page, /^Note what|Review/);
    await page.keyboard.press('Space');
    const saved = await hand.document();
    const wait = Object.values(saved.steps).find((step) => step.kind === 'wait');
    expect(wait).toMatchObject({ label: 'Let it rest', checkpoint: true, config: { durationMs: 1_000 } });
    expect(wait?.gates).toBeDefined();
    expect(saved.edges).toHaveLength(1);
    await tabTo(page, /^Run$/);
    await page.keyboard.press('Enter');
    // While the step waits for its time there is nobody to go to yet.
    await page.getByText('Open in inbox').waitFor();
    await tabTo(page, /Open in inbox$/);
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'Decision', exact: true }).waitFor();
    await page.keyboard.press('1');
    await page.getByRole('alert').getByText('Approved').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.getByRole('table', { name: 'Runs' }).getByText('Complete').first().waitFor();
  });
});
