/**
 * The real loopback host as a process of its own, and a real Chromium looking at it. A host can be killed with SIGKILL
 * and started again on the same port and folder, as a person would after a crash.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { findChromium } from '../prepare.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Host {
  url: string;
  port: number;
  pid: number;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Ctrl+C; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export async function startHost(options: { dataDir: string; port?: number }): Promise<Host> {
  const args = [join(root, 'out/main/loopback.cjs'), '--port', String(options.port ?? 0), '--data', options.dataDir];
  const child = spawn(process.execPath, [...args, '--no-open'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const url = await addressOf(child);
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return gone;
  };
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGINT'),
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(output);
      if (found) resolve(found[0]);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`The host ended with ${code}: ${output}`)));
  });
}

export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('There is no Chromium; run npm test, which installs it');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
