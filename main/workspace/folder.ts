/**
 * Where the data folder is when nobody says otherwise: the place where programs of this system keep their data.
 * Only names a path; the store creates and checks it.
 */
import { homedir } from 'node:os';
import path from 'node:path';

interface Surroundings {
  env: Record<string, string | undefined>;
  platform: string;
  home: string;
}

/** `HOLDFAST_DATA`, else XDG, AppData or Application Support. */
export function defaultDataDir(surroundings: Partial<Surroundings> = {}): string {
  const { env = process.env, platform = process.platform, home = homedir() } = surroundings;
  if (env['HOLDFAST_DATA']) return path.resolve(env['HOLDFAST_DATA']);
  if (platform === 'win32') return path.join(env['APPDATA'] ?? path.join(home, 'AppData', 'Roaming'), 'Holdfast');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Holdfast');
  const xdg = env['XDG_DATA_HOME'];
  return path.join(xdg && path.isAbsolute(xdg) ? xdg : path.join(home, '.local', 'share'), 'Holdfast');
}
