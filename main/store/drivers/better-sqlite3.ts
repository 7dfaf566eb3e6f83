/**
 * The driver the product ships with. The native module is loaded on first use only, so that the bundle starts on
 * runtimes where it cannot be loaded and another driver is injected. Must never be imported for its side effects.
 */
import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';
import type { SqlDriver } from '../port.ts';

/** 3.51.3 repaired a race that could lose commits when the write-ahead log starts over. */
const MINIMUM_SQLITE = '3.51.3';

export const betterSqlite3: SqlDriver = {
  name: 'better-sqlite3',
  minimumVersion: MINIMUM_SQLITE,
  open(path) {
    // The bundler turns import.meta.url into the address of the CommonJS file it writes.
    const require = createRequire(import.meta.url);
    const Database = require('better-sqlite3') as typeof BetterSqlite3;
    return new Database(path);
  },
};
