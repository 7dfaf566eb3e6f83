/** The Sandbox opens when something first speaks to it, and tells at once what is wrong with what it already holds. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StoreError } from '../store/port.ts';
import { sandboxOnDemand } from './on-demand.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-sandbox-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = (dir: string) => ({ dir: path.join(folder, dir), clock: () => 0 });

test('nothing is opened or written until it is spoken to, and then once', async () => {
  const sandbox = await sandboxOnDemand(options('new'));
  expect(existsSync(path.join(folder, 'new'))).toBe(false);
  const [one, other] = await Promise.all([sandbox.resolve('crm'), sandbox.resolve('crm')]);
  expect(one).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/crm$/);
  expect(other).toBe(one);
  expect(await sandbox.resolve('nowhere')).toBeUndefined();
  expect(await sandbox.entries()).toEqual([]);
  await sandbox.close();
});

test('closing what was never opened is nothing', async () => {
  await (await sandboxOnDemand(options('new'))).close();
  expect(existsSync(path.join(folder, 'new'))).toBe(false);
});

test('damage to what it holds is told when the app opens, a folder it cannot have when it is needed', async () => {
  mkdirSync(path.join(folder, 'damaged'));
  writeFileSync(path.join(folder, 'damaged', 'ledger.jsonl'), '{"no": "entry"}\nnot json\n');
  await expect(sandboxOnDemand(options('damaged'))).rejects.toMatchObject({ reason: 'corrupt' });
  writeFileSync(path.join(folder, 'file'), '');
  const blocked = await sandboxOnDemand(options('file'));
  await expect(blocked.resolve('crm')).rejects.toThrow(StoreError);
  await blocked.close();
});
