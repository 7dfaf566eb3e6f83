/**
 * The first minute in a real browser against the real host – and the same with the host killed by SIGKILL in the middle:
 * the page says so, reconnects by itself, the run goes on, and the payment happens once.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { visitor } from '../harness/first-minute.ts';
import { openBrowser, startHost, type Host } from '../harness/host.ts';
import { tempFolder } from '../harness/processes.ts';

let browser: Browser;
let page: Page;
let host: Host;
let faults: string[];
let folder: ReturnType<typeof tempFolder>;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  folder = tempFolder();
  host = await startHost({ dataDir: join(folder.path, 'data') });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('WebSocket')) faults.push(message.text());
  });
  await page.goto(host.url);
});
afterEach(async () => {
  await page.close();
  await host.kill();
  folder.remove();
});

/** What the Sandbox systems really did, from the ledger they keep themselves. */
function deeds(action: string): number {
  const ledger = readFileSync(join(folder.path, 'data/sandbox/ledger.jsonl'), 'utf8');
  return ledger.split('\n').filter((line) => line.includes(`"${action}"`)).length;
}

async function restart(): Promise<void> {
  await host.kill();
  await visitor(page).sees(/trying again/i);
  host = await startHost({ dataDir: join(folder.path, 'data'), port: host.port });
}

describe('the first minute', () => {
  it('open the sample, run it, approve in the inbox, complete', async () => {
    const person = visitor(page);
    await person.openSample('Refund request');
    await person.run();
    await person.sees(/Waits for Finance lead/);
    await person.openInbox();
    await person.approve();
    await person.openLatestRun();
    await person.sees(/^Complete$/);
    expect(deeds('refund.created')).toBe(1);
    expect(faults).toEqual([]);
  });

  it('the host is killed while the run waits: the page comes back and the run completes, paid once', async () => {
    const person = visitor(page);
    await person.openSample('Refund request');
    await person.run();
    await person.sees(/Waits for Finance lead/);
    await restart();
    await person.openInbox();
    await person.approve();
    await person.openLatestRun();
    await person.sees(/^Complete$/);
    expect(deeds('refund.created')).toBe(1);
    expect(faults).toEqual([]);
  });

  it.each([0, 15, 40])(
    'the host is killed %i ms after the approval: nothing is lost, nothing is paid twice',
    async (delayMs) => {
      const person = visitor(page);
      await person.openSample('Refund request');
      await person.run();
      await person.sees(/Waits for Finance lead/);
      await person.openInbox();
      await person.approve();
      await page.waitForTimeout(delayMs);
      await restart();
      // Not decided yet, or decided; and if the mail was being sent, the run asks whether it was.
      await person.decideUntilComplete(() => deeds('message.sent') > 0);
      expect(deeds('refund.created')).toBe(1);
      expect(deeds('message.sent')).toBe(1);
      expect(faults).toEqual([]);
    },
  );
});
