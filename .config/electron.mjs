// Finds out whether the desktop app can be opened on this machine, and gets Electron's binary the first time.
// Must never hang (the download is bounded), never retry a failed download by itself, never switch the sandbox off.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const electronPackage = path.resolve(import.meta.dirname, '..', 'node_modules', 'electron');
const failureNote = path.join(electronPackage, '.download-failed');
const DOWNLOAD_TIMEOUT_MS = 60_000;

/** The installed Electron executable, or undefined when its binary has not been downloaded. */
export function installedElectron() {
  const pathFile = path.join(electronPackage, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const executable = path.join(
    process.env.ELECTRON_OVERRIDE_DIST_PATH ?? path.join(electronPackage, 'dist'),
    readFileSync(pathFile, 'utf8'),
  );
  return existsSync(executable) ? executable : undefined;
}

/** Remembered so that every later start is quick; `npm ci` and deleting the note forget it. */
function noteFailure() {
  try {
    rmSync(path.join(electronPackage, 'path.txt'), { force: true });
    writeFileSync(
      failureNote,
      `Electron could not be downloaded on ${new Date().toISOString()}; delete this file to try again.\n`,
    );
  } catch {
    // A read-only checkout just tries again next time.
  }
}

/** Electron's own installer, once, quiet, bounded. */
function downloadOnce() {
  if (existsSync(failureNote)) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(electronPackage, 'install.js')], { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), DOWNLOAD_TIMEOUT_MS);
    const word = setTimeout(() => console.log('Getting Electron, the first time only …'), 1_500);
    const stop = () => child.kill('SIGKILL');
    process.once('exit', stop);
    child.once('close', () => {
      clearTimeout(timer);
      clearTimeout(word);
      process.off('exit', stop);
      const binary = installedElectron();
      if (!binary) noteFailure();
      resolve(binary);
    });
  });
}

export function hasDisplay() {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/** `{ binary }` when the desktop app can be opened, else `{ reason }`: half a sentence for the person who started it. */
export async function findElectron() {
  if (!hasDisplay()) return { reason: 'there is no display' };
  if (process.platform === 'linux' && process.getuid?.() === 0)
    return { reason: 'Electron keeps its sandbox on, which does not work for root' };
  const binary = installedElectron() ?? (await downloadOnce());
  if (binary) return { binary };
  return {
    reason: `Electron's binary could not be downloaded (delete ${path.relative(process.cwd(), failureNote)} to try again)`,
  };
}
