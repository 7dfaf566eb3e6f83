/**
 * One host and one Chromium for the tests of a file, and a fresh page for each test. Whatever a page reports as an error
 * is collected, so that a test ends by saying there was none.
 */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { openBrowser, startHost, type Host } from './host.ts';
import { tempFolder } from './processes.ts';

export interface Stage {
  readonly page: Page;
  readonly host: Host;
  readonly dataDir: string;
  /** Another window on the same host, in the same browser. */
  secondPage(): Promise<Page>;
  killHost(): Promise<void>;
  restartHost(): Promise<void>;
}

const shownWaitMs = 20_000;

export function useStage(): Stage {
  let browser: Browser;
  let host: Host;
  let page: Page;
  let folder: ReturnType<typeof tempFolder>;
  let faults: string[] = [];
  const dataDir = (): string => join(folder.path, 'data');

  const open = async (): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    const opened = await context.newPage();
    opened.setDefaultTimeout(shownWaitMs);
    opened.on('pageerror', (error) => faults.push(error.message));
    opened.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('WebSocket')) faults.push(message.text());
    });
    await opened.goto(host.url);
    await opened.getByRole('navigation', { name: 'Main' }).waitFor();
    return opened;
  };

  beforeAll(async () => {
    folder = tempFolder();
    browser = await openBrowser();
    host = await startHost({ dataDir: dataDir() });
  });
  afterAll(async () => {
    await browser.close();
    await host.kill();
    folder.remove();
  });
  beforeEach(async () => {
    faults = [];
    page = await open();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(faults).toEqual([]);
  });

  return {
    get page() {
      return page;
    },
    get host() {
      return host;
    },
    get dataDir() {
      return dataDir();
    },
    secondPage: open,
    killHost: () => host.kill(),
    restartHost: async () => {
      host = await startHost({ dataDir: dataDir(), port: host.port });
    },
  };
}
