// Puts the built app where Electron's own loader finds it, the way an installed app lies on disk: `resources/app`.
// Must never change the distribution it starts from (files are hard links: replaced, never written in place).
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { buildIfStale } from '../../.config/build.mjs';
import { nodeBundle } from '../../.config/vite.mjs';
import { cacheFolder, electronDistribution } from './electron-binary.ts';
import type { ElectronDistribution } from './electron-binary.ts';

export type StagedApp = {
  executable: string;
  electron: ElectronDistribution;
  /** The app's own folder inside the stage. */
  appFolder: string;
  dispose: () => void;
};

type StageOptions = {
  /** Bundled as the app's main file; by default `test/desktop/entry.ts`, or the real entry where Electron is current. */
  entry?: string;
  /** Leave the page and preload out: only for the proof that the harness itself works. */
  bare?: boolean;
};

const root = path.resolve(import.meta.dirname, '../..');
const DAY_MS = 86_400_000;

function removeForgottenStages(): void {
  for (const name of readdirSync(cacheFolder())) {
    const folder = path.join(cacheFolder(), name);
    if (name.startsWith('stage-') && Date.now() - statSync(folder).mtimeMs > DAY_MS)
      rmSync(folder, { recursive: true, force: true });
  }
}

function copyDistribution(from: string, to: string): void {
  try {
    execFileSync('cp', ['-al', `${from}/.`, to], { stdio: 'ignore' });
  } catch {
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  }
}

/** A package and what it needs at run time, as npm would have installed it. */
function copyPackage(name: string, to: string, done = new Set<string>()): void {
  const from = path.join(root, 'node_modules', name);
  if (done.has(name) || !existsSync(from)) return;
  done.add(name);
  cpSync(from, path.join(to, 'node_modules', name), { recursive: true });
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(path.join(from, 'package.json'), 'utf8'),
  ) as {
    dependencies?: Record<string, string>;
    optionalDependencies?: Record<string, string>;
  };
  for (const needed of [...Object.keys(dependencies), ...Object.keys(optionalDependencies)])
    copyPackage(needed, to, done);
}

/** Stages an unfused build for one test file; `dispose()` removes it. */
export async function stageApp(options: StageOptions = {}): Promise<StagedApp> {
  const electron = electronDistribution();
  removeForgottenStages();
  const folder = mkdtempSync(path.join(cacheFolder(), 'stage-'));
  copyDistribution(electron.folder, folder);
  const resources =
    process.platform === 'darwin'
      ? path.join(folder, 'Electron.app/Contents/Resources')
      : path.join(folder, 'resources');
  rmSync(path.join(resources, 'default_app.asar'), { force: true });
  const appFolder = path.join(resources, 'app');
  mkdirSync(appFolder);

  const isOld = electron.kind === 'old';
  const entry = options.entry ?? (isOld ? path.join(root, 'test/desktop/entry.ts') : undefined);
  if (!options.bare) {
    await buildIfStale();
    cpSync(path.join(root, 'out/main'), path.join(appFolder, 'out/main'), { recursive: true });
    cpSync(path.join(root, 'out/renderer'), path.join(appFolder, 'out/renderer'), { recursive: true });
    cpSync(path.join(root, 'resources'), path.join(appFolder, 'resources'), { recursive: true });
    copyPackage(isOld ? 'libsql' : 'better-sqlite3', appFolder);
  }
  if (entry) {
    const bundle = nodeBundle({ entries: { 'desktop-test': entry }, outDir: path.join(appFolder, 'out/main') });
    await build({ ...bundle, build: { ...bundle.build, emptyOutDir: false } });
  }
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  const main = entry ? 'out/main/desktop-test.cjs' : 'out/main/desktop.cjs';
  writeFileSync(
    path.join(appFolder, 'package.json'),
    JSON.stringify({ name: 'holdfast', productName: 'Holdfast', version, main }),
  );
  return {
    executable: path.join(folder, electron.executable),
    electron,
    appFolder,
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
