// `npm run dist -- <electron-builder arguments>`: builds what is stale and packages it. HOLDFAST_ELECTRON_DIST, or the
// installed Electron, is used instead of a download, so that packaging works without a network.
// Must never drop a fuse silently: on a distribution too old to have the youngest one it says so.
import './guard.mjs';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildIfStale } from './build.mjs';
import { installedElectron } from './electron.mjs';

const root = path.resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
/** The youngest of our fuses, grantFileProtocolExtraPrivileges, came with this major. */
const ALL_FUSES_MAJOR = 29;

function distribution() {
  const given =
    args.map((arg) => /^(?:-c|--config)\.electronDist=(.+)$/.exec(arg)?.[1]).find(Boolean) ??
    process.env.HOLDFAST_ELECTRON_DIST;
  if (given) {
    if (!existsSync(given)) throw new Error(`The Electron distribution ${given} does not exist.`);
    return path.resolve(given);
  }
  const otherPlatform = {
    darwin: /^--?(l|linux|w|win|windows)$/,
    linux: /^--?(m|mac|o|macos|w|win|windows)$/,
    win32: /^--?(m|mac|o|macos|l|linux)$/,
  }[process.platform];
  const binary = installedElectron();
  if (!binary || args.some((arg) => otherPlatform?.test(arg))) return undefined;
  return process.platform === 'darwin' ? path.resolve(path.dirname(binary), '../../..') : path.dirname(binary);
}

/** A copy of the configuration without the fuse; electron-builder has no way to unset a key from the command line. */
function withoutYoungestFuse() {
  const settings = readFileSync(path.join(root, 'electron-builder.yml'), 'utf8');
  const copy = path.join(root, 'out/electron-builder.testing.yml');
  writeFileSync(copy, settings.replace(/^ *grantFileProtocolExtraPrivileges:.*\n/m, ''));
  return copy;
}

function majorOf(folder) {
  const file = path.join(folder, 'version');
  return existsSync(file)
    ? Number(readFileSync(file, 'utf8').trim().replace(/^v/, '').split('.')[0])
    : Number.POSITIVE_INFINITY;
}

try {
  const electronDist = distribution();
  await buildIfStale();
  const extra = electronDist ? [`-c.electronDist=${electronDist}`] : [];
  if (electronDist && majorOf(electronDist) < ALL_FUSES_MAJOR) {
    console.log(
      `Electron ${majorOf(electronDist)} is too old for one of the fuses (grantFileProtocolExtraPrivileges): this package is for testing only.`,
    );
    extra.push('-c', withoutYoungestFuse());
  }
  const passedOn = args.filter((arg) => !/^(-c|--config)\.electronDist=/.test(arg));
  const child = spawn(
    process.execPath,
    [path.join(root, 'node_modules/electron-builder/cli.js'), ...passedOn, ...extra, '--publish', 'never'],
    { cwd: root, stdio: 'inherit' },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.once('close', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  console.error(`Holdfast could not be packaged: ${error.message}`);
  process.exitCode = 1;
}
