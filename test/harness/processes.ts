/**
 * Real processes for tests: the world server, and children that run the application and are killed with SIGKILL.
 * Every process started here is remembered and ended by its id.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Deed } from './world.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

export function tempFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface World {
  origin: string;
  port: number;
  deeds(): Promise<Deed[]>;
  stop(): void;
}

export async function startWorld(ledgerFile: string): Promise<World> {
  const child = fork(join(here, 'world.ts'), [ledgerFile], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const port = Number(await firstLine(child));
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    port,
    deeds: async () => (await fetch(`${origin}/deeds`)).json() as Promise<Deed[]>,
    stop: () => child.kill('SIGTERM'),
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('exit', (code) => reject(new Error(`It ended with ${code} before its first line`)));
  });
}

export interface Ended {
  /** `SIGKILL` when the fault fired or the test killed it. */
  signal: NodeJS.Signals | null;
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a test entry to its end; `killAfterMs` sends SIGKILL from outside, so long after its first message. */
export async function runChild(
  entry: string,
  options: { env?: Record<string, string>; args?: string[]; killAfterMs?: number } = {},
): Promise<Ended> {
  const child = fork(entry, options.args ?? [], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...options.env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  let timer: NodeJS.Timeout | undefined;
  const { killAfterMs } = options;
  child.once('message', () => {
    if (killAfterMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  });
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}
