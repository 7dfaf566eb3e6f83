/**
 * libsql behind the store's driver surface, for shells too old for the product's own driver. Test-only: the product
 * never names it. Loaded on first use, so that files importing this start where the module is absent.
 */
import { createRequire } from 'node:module';
import type { SqlDatabase, SqlDriver } from '../../main/store/port.ts';

type Constructor = new (path: string) => SqlDatabase;

export const libsql: SqlDriver = {
  name: 'libsql',
  minimumVersion: '3.45.0',
  open(path) {
    const require = createRequire(import.meta.url);
    const Database = require('libsql') as Constructor;
    return new Database(path);
  },
};
