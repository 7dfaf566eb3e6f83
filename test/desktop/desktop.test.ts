/**
 * The app in the real Electron shell: window opens, sample opens, runs, is decided, completes; killed with SIGKILL and
 * started again it goes on. And the shell is as closed as the design asks: no Node in the page, no way out of it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { visitor } from '../harness/first-minute.ts';
import { startDisplay, type Display } from './display.ts';
import { launchDesktop, type RunningDesktop } from './launch.ts';
import { stageApp, type StagedApp } from './stage.ts';

let display: Display;
let staged: StagedApp;
let dataDir: string;
let desktop: RunningDesktop;

beforeAll(async () => {
  display = await startDisplay();
  staged = await stageApp();
});
afterAll(async () => {
  staged.dispose();
  await display.stop();
});
beforeEach(async () => {
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'holdfast-desktop-'));
  desktop = await launchDesktop({ staged, display, dataDir });
});
afterEach(async () => {
  await desktop.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

function deeds(action: string): number {
  const ledger = readFileSync(path.join(dataDir, 'sandbox/ledger.jsonl'), 'utf8');
  return ledger.split('\n').filter((line) => line.includes(`"${action}"`)).length;
}

describe('the desktop app', () => {
  it('opens a window, opens the sample, runs it, is decided, completes', async () => {
    const person = visitor(desktop.page);
    await person.openSample('Refund request');
    await person.run();
    await person.sees(/Waits for Finance lead/);
    await person.openInbox();
    await person.approve();
    await person.openLatestRun();
    await person.sees(/^Complete$/);
    expect(deeds('refund.created')).toBe(1);
  });

  it('killed while a run waits and launched again: the run is there, is decided, completes', async () => {
    const before = visitor(desktop.page);
    await before.openSample('Refund request');
    await before.run();
    await before.sees(/Waits for Finance lead/);
    await desktop.kill();
    desktop = await launchDesktop({ staged, display, dataDir });
    const after = visitor(desktop.page);
    await after.openInbox();
    await after.approve();
    await after.openLatestRun();
    await after.sees(/^Complete$/);
    expect(deeds('refund.created')).toBe(1);
  });

  it('killed right after the approval and launched again: the run goes on, the payment happens once', async () => {
    const before = visitor(desktop.page);
    await before.openSample('Refund request');
    await before.run();
    await before.sees(/Waits for Finance lead/);
    await before.openInbox();
    await before.approve();
    await desktop.kill();
    desktop = await launchDesktop({ staged, display, dataDir });
    await visitor(desktop.page).decideUntilComplete(() => deeds('message.sent') > 0);
    expect(deeds('refund.created')).toBe(1);
    expect(deeds('message.sent')).toBe(1);
  });

  it('gives the page nothing of Node and no way out', async () => {
    const seen = await desktop.page.evaluate(() => ({
      node: ['require', 'process', 'Buffer', 'module'].filter((name) => name in globalThis),
      bridge: Object.keys((globalThis as unknown as { holdfast: object }).holdfast).sort(),
      origin: location.origin,
    }));
    expect(seen).toEqual({ node: [], bridge: ['onMessage', 'send'], origin: expect.stringMatching(/^app:\/\//) });
    const settings = await desktop.app.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows();
      const contents = window?.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> };
      return contents.getLastWebPreferences();
    });
    expect(settings).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
    });
    const opened = await desktop.page.evaluate(() => window.open('https://example.com/') === null);
    expect(opened).toBe(true);
    await desktop.page.evaluate(() => {
      location.href = 'https://example.com/';
    });
    await desktop.page.waitForTimeout(300);
    expect(desktop.page.url()).toMatch(/^app:\/\//);
    const refused = await desktop.page.evaluate(() =>
      fetch('https://example.com/').then(
        () => false,
        () => true,
      ),
    );
    expect(refused).toBe(true);
  });

  it('a second launch on the same folder does not open a second host', async () => {
    await expect(launchDesktop({ staged, display, dataDir })).rejects.toThrow();
    expect(await desktop.page.title()).toMatch(/Holdfast/);
  });
});
