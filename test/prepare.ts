// Gets what the tests need and the machine lacks: a Chromium, and on Linux a virtual display.
// Must never skip in silence: what cannot be installed is one sentence and the end of the run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const DEBIAN_PACKAGES = ['chromium', 'xvfb'];
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}

/** The browser the tests drive: HOLDFAST_CHROMIUM, one on the PATH, or the one playwright-core installed. */
export function findChromium(): string | undefined {
  const named = process.env['HOLDFAST_CHROMIUM'];
  if (named) return existsSync(named) ? named : undefined;
  const installed = CHROMIUM_NAMES.map(onPath).find(Boolean);
  if (installed) return installed;
  const bundled = chromium.executablePath();
  return bundled && existsSync(bundled) ? bundled : undefined;
}

/** On Linux the desktop tests draw on a display of their own. */
export function hasVirtualDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(onPath('Xvfb'));
}

/** What is still missing, in words. */
function missing(): string[] {
  return [findChromium() ? '' : 'Chromium', hasVirtualDisplay() ? '' : 'Xvfb'].filter(Boolean);
}

function runQuietly(command: string, args: string[]): boolean {
  const result = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    shell: process.platform === 'win32',
  });
  return result.status === 0;
}

/** Installs what is missing. Returns the sentence to fail with, or undefined when everything is there. */
export function prepare(): string | undefined {
  const before = missing();
  if (before.length === 0) return undefined;
  console.log(`Installing ${before.join(' and ')} for the tests …`);
  if (process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get')) {
    runQuietly('apt-get', ['update', '-qq']);
    runQuietly('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...DEBIAN_PACKAGES]);
  } else if (!findChromium()) {
    runQuietly('npx', ['playwright-core', 'install', 'chromium']);
  }
  const after = missing();
  if (after.length === 0) return undefined;
  return `The tests need ${after.join(' and ')}, which could not be installed here: install it by hand (Debian: apt-get install ${DEBIAN_PACKAGES.join(' ')}) and run them again.`;
}
