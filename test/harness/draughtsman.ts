/**
 * What a person does in the editor, as sentences: cards by their label, wires from handle to handle, and the document
 * as it is saved – read through Export, so that a test never believes the screen alone.
 */
import { readFileSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import { documentSchema, type WorkflowDocument } from '../../shared/workflow/document.ts';

export function draughtsman(page: Page) {
  const card = (label: string): Locator => page.locator('.react-flow__node').filter({ hasText: label });
  const entry = (title: string): Locator =>
    page.getByRole('navigation', { name: 'Steps to add' }).getByRole('button', { name: title, exact: true });
  const panel = page.getByRole('complementary', { name: 'Properties' });

  /** Where it is once it has come to rest: an added step is brought into view with a short motion. */
  const middleOf = async (target: Locator): Promise<{ x: number; y: number }> => {
    let last = '';
    for (let still = 0; still < 3;) {
      const seen = JSON.stringify(await target.boundingBox());
      still = seen === last ? still + 1 : 0;
      last = seen;
      await page.waitForTimeout(60);
    }
    const box = await target.boundingBox();
    if (!box) throw new Error('It is not on the screen');
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  const drag = async (from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> => {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
    await page.mouse.move(to.x, to.y, { steps: 4 });
    await page.mouse.up();
  };

  return {
    card,
    panel,
    async startEmpty(): Promise<void> {
      await page.getByRole('button', { name: 'New workflow', exact: true }).click();
      await page.getByText('Add the first step').waitFor();
    },
    async add(title: string): Promise<void> {
      await entry(title).click();
      await card(title).waitFor();
    },
    /** Onto the canvas, at a place given in pixels from its middle. */
    async dropOnCanvas(title: string, offset: { x: number; y: number }): Promise<void> {
      const canvas = page.locator('.react-flow__pane');
      const box = await canvas.boundingBox();
      if (!box) throw new Error('There is no canvas');
      const targetPosition = { x: box.width / 2 + offset.x, y: box.height / 2 + offset.y };
      await entry(title).dragTo(canvas, { targetPosition });
      await card(title).waitFor();
    },
    async moveCard(label: string, by: { x: number; y: number }): Promise<void> {
      const from = await middleOf(card(label));
      await drag(from, { x: from.x + by.x, y: from.y + by.y });
    },
    async wire(from: string, to: string, port = 'out'): Promise<void> {
      const start = await middleOf(card(from).locator(`.react-flow__handle.source[data-handleid="${port}"]`));
      await drag(start, await middleOf(card(to).locator('.react-flow__handle.target')));
    },
    async saved(): Promise<void> {
      await page
        .getByRole('status')
        .filter({ hasText: /^Saved$/ })
        .waitFor();
    },
    /** The document as the host exports it. */
    async document(): Promise<WorkflowDocument> {
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      const file = await (await coming).path();
      return documentSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    },
  };
}
