/**
 * The key and the last port of the loopback host, kept in the data folder so that an open page finds its host again
 * after a restart. Readable by their owner only; a key that is damaged is replaced.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export function loopbackToken(dataDir: string): string {
  const file = path.join(dataDir, 'loopback.token');
  try {
    const stored = readFileSync(file, 'utf8').trim();
    if (/^[0-9a-f]{64}$/.test(stored)) {
      chmodSync(file, 0o600);
      return stored;
    }
  } catch {
    // Made below: there is none yet, or it cannot be read.
  }
  const token = randomBytes(32).toString('hex');
  writeFileSync(`${file}.new`, `${token}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return token;
}

const PORT_FILE = 'loopback.port';

/** The port of the last time, so that a page that was left open finds its host; 0 when there was none. */
export function lastPort(dataDir: string): number {
  try {
    const port = Number.parseInt(readFileSync(path.join(dataDir, PORT_FILE), 'utf8'), 10);
    return port > 0 && port <= 65_535 ? port : 0;
  } catch {
    return 0;
  }
}

export function rememberPort(dataDir: string, port: number): void {
  writeFileSync(path.join(dataDir, PORT_FILE), `${port}\n`, { mode: 0o600 });
}
