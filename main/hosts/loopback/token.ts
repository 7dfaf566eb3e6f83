/**
 * The key of the loopback host, kept in the data folder so that an open page finds its host again after a restart.
 * Readable by its owner only; a file that is damaged is replaced.
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
