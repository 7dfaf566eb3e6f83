/**
 * The settings every connection must have, how they are set, and the proof that they hold.
 * The proof counts only after a first write: until then a driver answers FULL and then quietly commits with NORMAL,
 * which loses acknowledged commits on a power cut. Must never accept a setting it has not read back.
 */
import type { SqlDatabase } from './port.ts';
import { scalar } from './sql.ts';

type Value = string | number;

const JOURNAL_LIMIT_BYTES = 32 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 5_000;
/** Pages after which the log is folded into the file and starts over. */
export const AUTO_CHECKPOINT_PAGES = 1_000;

const isMac = process.platform === 'darwin';

/** In the order they are set. `word` is what is written where the value read back is a number. */
const settings: readonly { name: string; word?: string; value: Value }[] = [
  { name: 'busy_timeout', value: BUSY_TIMEOUT_MS },
  { name: 'auto_vacuum', word: 'INCREMENTAL', value: 2 },
  { name: 'journal_mode', word: 'WAL', value: 'wal' },
  { name: 'synchronous', word: 'FULL', value: 2 },
  { name: 'foreign_keys', word: 'ON', value: 1 },
  { name: 'trusted_schema', word: 'OFF', value: 0 },
  { name: 'journal_size_limit', value: JOURNAL_LIMIT_BYTES },
  { name: 'wal_autocheckpoint', value: AUTO_CHECKPOINT_PAGES },
  // On macOS fsync alone does not reach the platter.
  ...(isMac
    ? [
        { name: 'fullfsync', word: 'ON', value: 1 },
        { name: 'checkpoint_fullfsync', word: 'ON', value: 1 },
      ]
    : []),
];

/** Sets all of them. `auto_vacuum` takes effect on a file without tables only and is left alone by SQLite otherwise. */
export function applyPragmas(db: SqlDatabase): void {
  for (const { name, word, value } of settings) db.exec(`PRAGMA ${name} = ${word ?? value}`);
}

export function readPragmas(db: SqlDatabase): Record<string, Value> {
  return Object.fromEntries(settings.map(({ name }) => [name, scalar(db, `PRAGMA ${name}`) ?? 'unknown']));
}

/** What does not hold, in words; empty when all do. */
export function wrongPragmas(db: SqlDatabase): string[] {
  const found = readPragmas(db);
  return settings
    .filter(({ name, value }) => found[name] !== value)
    .map(({ name, value }) => `${name} is ${found[name]} instead of ${value}`);
}
