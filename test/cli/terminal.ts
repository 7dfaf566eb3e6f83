/** The command line as a person uses it: a process of its own, a data folder of its own, exit code and both outputs. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
export const refund = path.join(root, 'resources/samples/refund.holdfast.json');

export interface Finished {
  code: number | null;
  out: string;
  err: string;
}

export interface Desk {
  folder: string;
  dataDir: string;
  /** Runs `holdfast …` with this desk's data folder. */
  run(...args: string[]): Promise<Finished>;
  /** The same, without waiting. */
  begin(...args: string[]): { child: ChildProcess; finished: Promise<Finished> };
  /** A loopback host on this data folder. */
  host(...args: string[]): Promise<{ child: ChildProcess; url: string; finished: Promise<Finished> }>;
  write(name: string, content: unknown): string;
  clear(): void;
}

export function setUpDesk(): Desk {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-cli-'));
  const dataDir = path.join(folder, 'data');
  const children = new Set<ChildProcess>();

  function begin(entry: string, args: string[]): { child: ChildProcess; finished: Promise<Finished> } {
    const child = spawn(process.execPath, [path.join(root, entry), ...args], {
      cwd: folder,
      env: { ...process.env, HOLDFAST_DATA: dataDir, NODE_OPTIONS: '', npm_lifecycle_event: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const finished = new Promise<Finished>((resolve) => {
      child.once('close', (code) => {
        children.delete(child);
        resolve({ code, out, err });
      });
    });
    return { child, finished };
  }

  return {
    folder,
    dataDir,
    run: (...args) => begin('main/cli.ts', args).finished,
    begin: (...args) => begin('main/cli.ts', args),
    host: async (...args) => {
      const { child, finished } = begin('main/loopback.ts', ['--data', dataDir, ...args]);
      const url = await new Promise<string>((resolve, reject) => {
        let text = '';
        child.stdout?.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const found = /http:\/\/127\.0\.0\.1:\d+\/#token=[0-9a-f]+/.exec(text);
          if (found) resolve(found[0]);
        });
        void finished.then(({ code, err }) => reject(new Error(`The host ended with ${code}: ${err}`)));
      });
      return { child, url, finished };
    },
    write: (name, content) => {
      const file = path.join(folder, name);
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
      return file;
    },
    clear: () => {
      for (const child of children) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Json = Record<string, unknown>;

/** The one object, or one per line, that `--json` prints. */
export function linesOf(out: string): Json[] {
  return out
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);
}

export function resultOf(finished: Finished): Json {
  const [result, ...more] = linesOf(finished.out);
  if (!result || more.length > 0) throw new Error(`Expected one line of JSON: ${finished.out}\n${finished.err}`);
  return result;
}

/** What the payment service really did, from its own ledger on disk. */
export function sandboxActions(dataDir: string): string[] {
  const text = readFileSync(path.join(dataDir, 'sandbox', 'ledger.jsonl'), 'utf8');
  return linesOf(text).map((entry) => String(entry['action']));
}
