// `npm start`: builds what is stale, opens the desktop app where that is possible, and otherwise says in one sentence why
// not and serves the same app to a browser. Ctrl+C stops it cleanly.
// Must never leave a process behind, and must never fail because Electron is missing.
import './guard.mjs';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildIfStale } from './build.mjs';
import { findElectron, hasDisplay } from './electron.mjs';

const root = path.resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const STARTUP_MS = 5_000;

/** Resolves to 'done' when the app was used and closed, 'broken' when Electron gave up before it really ran. */
function runDesktop(binary) {
  return new Promise((resolve) => {
    const startedAt = Date.now();
    let stopping = false;
    const child = spawn(binary, [root, ...args], { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        stopping = true;
        child.kill(signal);
      });
    }
    child.once('error', () => resolve('broken'));
    child.once('close', (code) => {
      const broken = !stopping && code !== 0 && Date.now() - startedAt < STARTUP_MS;
      if (!broken) process.exitCode = stopping ? 0 : (code ?? 1);
      resolve(broken ? 'broken' : 'done');
    });
  });
}

/** The loopback host runs in this very process, so that signals need no forwarding and nothing can be orphaned. */
function runLoopback() {
  const entry = path.join(root, 'out/main/loopback.cjs');
  const open = hasDisplay() && !args.includes('--no-open') && !args.includes('--open') ? ['--open'] : [];
  process.argv = [process.execPath, entry, ...args.filter((arg) => arg !== '--no-open'), ...open];
  createRequire(import.meta.url)(entry);
}

try {
  await buildIfStale({ onBuild: (part) => console.log(`Building ${part === 'main' ? 'the app' : 'the page'} …`) });
} catch (error) {
  console.error(`Holdfast could not be built: ${error.message}`);
  process.exit(1);
}

const electron = await findElectron();
const outcome = electron.binary ? await runDesktop(electron.binary) : 'none';
if (outcome !== 'done') {
  const reason = electron.reason ?? 'Electron did not start on this machine';
  console.log(`The desktop window is not available because ${reason}; Holdfast opens in a browser instead.`);
  runLoopback();
}
