/** The lease between real processes: one holder, free after kill -9, kept while the holder is stopped, fence rising. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { betterSqlite3 } from '../store/drivers/better-sqlite3.ts';
import { StoreError } from '../store/port.ts';
import { defaultDataDir } from './folder.ts';
import { readNote, takeLease } from './lease.ts';
import { connectLocally, listenLocally } from './socket.ts';

let dataDir: string;
let children: ChildProcess[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-lease-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  rmSync(dataDir, { recursive: true, force: true });
});

const take = () => takeLease({ dataDir, driver: betterSqlite3, host: 'terminal' });
const reasonOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'taken',
    (error: unknown) => (error instanceof StoreError ? error.reason : String(error)),
  );

/** A process that takes the lease, says so and waits. */
async function holder(): Promise<ChildProcess> {
  const here = import.meta.dirname;
  const code = `import { takeLease } from ${JSON.stringify(path.join(here, 'lease.ts'))};
import { betterSqlite3 } from ${JSON.stringify(path.join(here, '../store/drivers/better-sqlite3.ts'))};
const lease = await takeLease({ dataDir: ${JSON.stringify(dataDir)}, driver: betterSqlite3, host: 'loopback' });
lease.announce({ socket: 'nowhere', token: 't' });
console.log('held');
setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve);
    child.once('exit', (exitCode) => reject(new Error(`The holder ended with ${exitCode}.`)));
  });
  return child;
}

async function gone(child: ChildProcess): Promise<void> {
  await new Promise((resolve) => child.once('exit', resolve));
}

test('one holder at a time, and the fence rises with each', async () => {
  const first = await take();
  expect(await reasonOf(take())).toBe('in_use');
  first.release();
  first.release();
  const second = await take();
  expect(second.fence).toBe(first.fence + 1);
  second.release();
});

test('kept while the holder is stopped, free when it is killed', async () => {
  const child = await holder();
  expect(readNote(dataDir)).toMatchObject({ pid: child.pid, host: 'loopback', fence: 1 });
  child.kill('SIGSTOP');
  expect(await reasonOf(take())).toBe('in_use');
  child.kill('SIGKILL');
  await gone(child);
  const lease = await take();
  expect(lease.fence).toBe(2);
  expect(readNote(dataDir)).toBeUndefined();
  lease.release();
});

test('a holder that ends soon is waited for', async () => {
  const first = await take();
  setTimeout(() => first.release(), 250);
  const second = await takeLease({ dataDir, driver: betterSqlite3, host: 'electron', waitMs: 5_000 });
  second.release();
});

test('a damaged fence or note is no obstacle, and the note is private', async () => {
  writeFileSync(path.join(dataDir, 'lease.fence'), 'oops');
  writeFileSync(path.join(dataDir, 'host.json'), '{"pid":');
  expect(readNote(dataDir)).toBeUndefined();
  const lease = await take();
  lease.announce({ socket: 's', token: 't' });
  if (process.platform !== 'win32') expect(statSync(path.join(dataDir, 'host.json')).mode & 0o777).toBe(0o600);
  lease.release();
});

test('the local socket answers only to its token, and hears nothing before', async () => {
  let wires = 0;
  const local = await listenLocally(dataDir, (wire) => {
    wires += 1;
    wire.onMessage((message) => wire.send({ echo: message }));
  });
  try {
    expect(await connectLocally({ socket: local.socket, token: 'wrong' })).toBeUndefined();
    expect(wires).toBe(0);
    const wire = await connectLocally(local);
    if (!wire) throw new Error('The right token was refused.');
    const answer = new Promise((resolve) => wire.onMessage(resolve));
    const text = 'Ünïcode 世界\n'.repeat(50_000);
    wire.send({ text });
    expect(await answer).toEqual({ echo: { text } });
    const closed = new Promise<void>((resolve) => wire.onClose(resolve));
    await local.close();
    await closed;
    expect(await connectLocally(local)).toBeUndefined();
  } finally {
    await local.close();
  }
});

test('a data folder with a long name gets its socket elsewhere', async () => {
  const long = path.join(dataDir, 'x'.repeat(90));
  const local = await listenLocally(long, () => {});
  expect(local.socket.startsWith(long)).toBe(false);
  expect(await connectLocally(local)).toBeDefined();
  await local.close();
});

test('the data folder is where each system keeps such things', () => {
  const of = (platform: string, env: Record<string, string> = {}): string =>
    defaultDataDir({ platform, env, home: '/home/ada' });
  expect(of('linux')).toBe('/home/ada/.local/share/Holdfast');
  expect(of('linux', { XDG_DATA_HOME: '/data' })).toBe('/data/Holdfast');
  expect(of('linux', { XDG_DATA_HOME: 'relative' })).toBe('/home/ada/.local/share/Holdfast');
  expect(of('darwin')).toBe('/home/ada/Library/Application Support/Holdfast');
  expect(of('win32', { APPDATA: '/appdata' })).toBe('/appdata/Holdfast');
  expect(of('linux', { HOLDFAST_DATA: '/elsewhere' })).toBe('/elsewhere');
});
