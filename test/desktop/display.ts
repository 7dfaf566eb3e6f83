// A virtual display of its own for the desktop tests on Linux; elsewhere the screen that is there.
// Must never use or disturb a display somebody is sitting at.
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export type Display = { name: string | undefined; stop: () => Promise<void> };

const START_TIMEOUT_MS = 20_000;

/** Xvfb picks a free number itself and writes it to the pipe when it is ready for connections. */
export async function startDisplay(): Promise<Display> {
  if (process.platform !== 'linux') return { name: undefined, stop: async () => {} };
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1440x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const number = await new Promise<string>((resolve, reject) => {
    const complain = (what: string) =>
      reject(new Error(`Xvfb ${what}; the desktop tests need it (Debian: apt-get install xvfb).`));
    const timer = setTimeout(() => complain('did not start in time'), START_TIMEOUT_MS);
    let errors = '';
    let written = '';
    server.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    server.once('error', () => complain('is not installed'));
    server.once('exit', () => complain(`stopped: ${errors.trim()}`));
    (server.stdio[3] as Readable).on('data', (chunk: Buffer) => {
      written += chunk.toString();
      if (!written.includes('\n')) return;
      clearTimeout(timer);
      resolve(written.trim());
    });
  }).catch((error: unknown) => {
    server.kill('SIGKILL');
    throw error;
  });
  return {
    name: `:${number}`,
    stop: async () => {
      server.kill('SIGTERM');
      await ended;
    },
  };
}
