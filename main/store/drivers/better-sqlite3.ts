/**
 * The driver the product ships with. The native module is loaded on first use only, so that the bundle starts on
 * runtimes where it cannot be loaded and another driver is injected. Must never be imported for its side effects.
 */
import { createRequire } from 'node:module';
import type { SqlDatabase, SqlDriver } from '../port.ts';

type Constructor = new (path: string) => SqlDatabase;

/** 3.51.3 repaired a race that could lose commits when the write-ahead log starts over. */
const MINIMUM_SQLITE = '3.51.3';

export const betterSqlite3: SqlDriver = {
  name: 'better-sqlite3',
  minimumVersion: MINIMUM_SQLITE,
  open(path) {
    const load = createRequire(typeof __filename === 'string' ? __filename : import.meta.url);
    const Database = load('better-sqlite3') as Constructor;
    return new Database(path);
  },
};
