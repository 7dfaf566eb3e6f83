// The harness of the desktop tests, on the smallest possible app: when this fails, the machine is at fault, not the app.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDisplay } from './display.ts';
import type { Display } from './display.ts';
import { launchDesktop } from './launch.ts';
import { stageApp } from './stage.ts';
import type { StagedApp } from './stage.ts';

let display: Display;
let staged: StagedApp;
let dataDir: string;

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'holdfast-harness-'));
  display = await startDisplay();
  staged = await stageApp({ entry: path.join(import.meta.dirname, 'bare-entry.ts'), bare: true });
});

afterAll(async () => {
  staged.dispose();
  await display.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

it('opens a window of a staged app, kills it and opens it again', async () => {
  const first = await launchDesktop({ staged, display, dataDir });
  expect(await first.page.textContent('h1')).toBe('It opens');
  expect(await first.app.evaluate(({ app }) => app.getName())).toBe('Holdfast');
  await first.kill();
  expect(() => process.kill(first.pid, 0)).toThrow('ESRCH');

  const second = await launchDesktop({ staged, display, dataDir });
  expect(await second.page.title()).toBe('Bare');
  await second.close();
  expect(() => process.kill(second.pid, 0)).toThrow('ESRCH');
});
