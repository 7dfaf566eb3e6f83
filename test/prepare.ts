// Gets what the tests need and the machine lacks: a Chromium, and on Linux a virtual display.
// Must never skip in silence: what cannot be installed is one sentence and the end of the run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

/** What Electron is linked against and a server does not have; the name of the package depends on the Debian release. */
const ELECTRON_LIBRARIES = [
  { file: 'libgtk-3.so.0', packages: ['libgtk-3-0t64', 'libgtk-3-0'] },
  { file: 'libasound.so.2', packages: ['libasound2t64', 'libasound2'] },
  { file: 'libnss3.so', packages: ['libnss3'] },
  { file: 'libgbm.so.1', packages: ['libgbm1'] },
];
/** Failing disks and jumping clocks; where they cannot be installed, the tests that use them say so and do nothing. */
const DISASTERS = [
  { file: 'fiu-run', packages: ['fiu-utils'] },
  { file: 'faketime', packages: ['faketime'] },
];
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

function canInstall(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get') !== undefined;
}

function outputOf(command: string, args: string[]): string {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return stdout ?? '';
}

function knownLibraries(): string {
  const command = ['ldconfig', '/sbin/ldconfig'].find((name) => spawnSync(name, ['-V']).status === 0);
  return command ? outputOf(command, ['-p']) : '';
}

type Need = { what: string; packages: string[] };

/** What is still missing, with the Debian packages that bring it, the first known one of each list. */
function missing(): Need[] {
  const needs: Need[] = [];
  if (!findChromium()) needs.push({ what: 'Chromium', packages: ['chromium'] });
  if (process.platform !== 'linux') return needs;
  if (!hasVirtualDisplay()) needs.push({ what: 'Xvfb', packages: ['xvfb'] });
  for (const { file, packages } of DISASTERS) if (canInstall() && !onPath(file)) needs.push({ what: file, packages });
  const known = knownLibraries();
  if (known === '') return needs;
  for (const { file, packages } of ELECTRON_LIBRARIES) if (!known.includes(file)) needs.push({ what: file, packages });
  return needs;
}

const named = (needs: Need[]) => needs.map((need) => need.what).join(', ');

function debianPackages(needs: Need[]): string[] {
  const isKnown = (name: string) => /^Package: /m.test(outputOf('apt-cache', ['show', name]));
  return needs.flatMap(({ packages }) => packages.find(isKnown) ?? packages.slice(-1));
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
  console.log(`Installing for the tests: ${named(before)} …`);
  if (canInstall()) {
    runQuietly('apt-get', ['update', '-qq']);
    runQuietly('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...debianPackages(before)]);
  } else if (!findChromium()) {
    runQuietly('npx', ['playwright-core', 'install', 'chromium']);
  }
  const after = missing().filter((need) => !DISASTERS.some(({ file }) => file === need.what));
  if (after.length === 0) return undefined;
  const byHand = after.map((need) => need.packages.at(-1)).join(' ');
  return `The tests need ${named(after)}, which could not be installed here: install it by hand (Debian: apt-get install ${byHand}) and run them again.`;
}
