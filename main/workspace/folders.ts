/**
 * Where the installed app's own files are: samples, the built page, its version. Found from the running file upwards, so
 * that the sources, the bundle and the package all work. Never looks into the data folder.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { guarded } from '../store/failure.ts';

export interface AppFolders {
  root: string;
  samples: string;
  /** The built page: index.html and its assets. */
  page: string;
  preload: string;
  icons: string;
  version: string;
}

export function appFolders(): AppFolders {
  const here = typeof __filename === 'string' ? __filename : fileURLToPath(import.meta.url);
  for (let folder = path.dirname(here); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const version = versionIn(path.join(folder, 'package.json'));
    if (version === undefined) continue;
    return {
      root: folder,
      samples: path.join(folder, 'resources', 'samples'),
      page: path.join(folder, 'out', 'renderer'),
      preload: path.join(folder, 'out', 'main', 'preload.cjs'),
      icons: path.join(folder, 'resources', 'icons'),
      version,
    };
  }
  throw new Error(`Holdfast's own files were not found above ${here}: install it again.`);
}

function versionIn(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const content = JSON.parse(guarded(file, () => readFileSync(file, 'utf8'))) as { name?: unknown; version?: unknown };
  return content.name === 'holdfast' && typeof content.version === 'string' ? content.version : undefined;
}
