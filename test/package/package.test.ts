// Packages the app for real, without a network, and checks what is in it and what is not.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { electronDistribution } from '../desktop/electron-binary.ts';
import type { ElectronDistribution } from '../desktop/electron-binary.ts';
import { listAsar } from './asar.ts';
import type { AsarFile } from './asar.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** What the fuse wire holds for an enabled fuse: the character 1. */
const FUSE_ON = '1'.charCodeAt(0);
const TARGETS: Partial<Record<NodeJS.Platform, string>> = { linux: '--linux', darwin: '--mac', win32: '--win' };

let electron: ElectronDistribution;
let output: string;
let resources: string;
let files: AsarFile[];

const paths = () => files.map((file) => file.path);

beforeAll(() => {
  electron = electronDistribution();
  output = mkdtempSync(path.join(os.tmpdir(), 'holdfast-package-'));
  const dist = spawnSync(
    process.execPath,
    ['.config/dist.mjs', TARGETS[process.platform] ?? '--linux', 'dir', `-c.directories.output=${output}`],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, HOLDFAST_ELECTRON_DIST: electron.folder, CSC_IDENTITY_AUTO_DISCOVERY: 'false' },
    },
  );
  expect(dist.status, `${dist.stdout}\n${dist.stderr}`).toBe(0);
  const unpacked = path.join(output, readdirSync(output).find((name) => /unpacked|^mac/.test(name)) ?? '');
  resources =
    process.platform === 'darwin'
      ? path.join(unpacked, 'Holdfast.app/Contents/Resources')
      : path.join(unpacked, 'resources');
  files = listAsar(path.join(resources, 'app.asar'));
});

afterAll(() => rmSync(output, { recursive: true, force: true }));

it.each([
  'package.json',
  'out/main/desktop.cjs',
  'out/main/preload.cjs',
  ...readdirSync(path.join(root, 'main/store/migrations')).map((name) => `out/main/migrations/${name}`),
  'out/renderer/index.html',
  'resources/samples/refund.holdfast.json',
  'resources/workflow.schema.json',
  'resources/icons/256x256.png',
  'node_modules/better-sqlite3/lib/index.js',
])('contains %s', (file) => {
  expect(paths()).toContain(file);
});

it('keeps the native module outside the archive, for this platform only', () => {
  const natives = files.filter((file) => file.path.endsWith('.node'));
  expect(natives.map((file) => path.basename(file.path))).toContain(`${process.platform}-${process.arch}.node`);
  expect(natives.filter((file) => !file.isUnpacked || !file.path.includes(`-${process.arch}`))).toEqual([]);
  for (const native of natives) expect(existsSync(path.join(resources, 'app.asar.unpacked', native.path))).toBe(true);
});

it('carries no sources, tests, maps or settings of the repository', () => {
  expect(paths().filter((file) => /\.(tsx?|map|mts)$|\.test\.|(^|\/)\.[^/]+$/.test(file))).toEqual([]);
  expect([...new Set(paths().map((file) => file.split('/')[0]))].sort()).toEqual([
    'LICENSE',
    'node_modules',
    'out',
    'package.json',
    'resources',
  ]);
});

it('carries no package but the native module', () => {
  const packages = new Set(paths().flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []));
  expect([...packages]).toEqual(['better-sqlite3']);
});

it('sets every fuse that this Electron has', async () => {
  const executable = path.join(
    resources,
    process.platform === 'darwin'
      ? '../MacOS/Holdfast'
      : process.platform === 'win32'
        ? '../Holdfast.exe'
        : '../holdfast',
  );
  const wire = await getCurrentFuseWire(executable);
  const isOn = (fuse: FuseV1Options) => wire[fuse] === FUSE_ON;
  expect(isOn(FuseV1Options.RunAsNode)).toBe(false);
  expect(isOn(FuseV1Options.EnableNodeOptionsEnvironmentVariable)).toBe(false);
  expect(isOn(FuseV1Options.EnableNodeCliInspectArguments)).toBe(false);
  expect(isOn(FuseV1Options.EnableCookieEncryption)).toBe(true);
  expect(isOn(FuseV1Options.EnableEmbeddedAsarIntegrityValidation)).toBe(true);
  expect(isOn(FuseV1Options.OnlyLoadAppFromAsar)).toBe(true);
  if (electron.kind === 'installed') expect(isOn(FuseV1Options.GrantFileProtocolExtraPrivileges)).toBe(false);
});
