/** The product's driver: the store suite, and everything about the file itself. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import type { SqlDriver } from '../../main/store/port.ts';
import { applyPragmas, wrongPragmas } from '../../main/store/pragmas.ts';
import { openIn, temporaryFolder } from './folder.ts';
import { describeSqlite } from './sqlite.ts';
import { describeStore } from './suite.ts';

describeStore('better-sqlite3', (dataDir) => openIn(dataDir, betterSqlite3));
describeSqlite('better-sqlite3', betterSqlite3);

/** The product's driver as if nobody had asked it for FULL. */
const unasked: SqlDriver = {
  ...betterSqlite3,
  open(file) {
    const db = betterSqlite3.open(file);
    return {
      prepare: (sql) => db.prepare(sql),
      exec: (sql) => (sql.includes('synchronous') ? undefined : db.exec(sql)),
      close: () => db.close(),
    };
  },
};

it('a forgotten synchronous=FULL looks right before the first write and is caught after it (planted)', async () => {
  const db = unasked.open(path.join(temporaryFolder(), 'plain.db'));
  applyPragmas(db);
  expect(wrongPragmas(db)).toEqual([]);
  db.exec('CREATE TABLE written (a)');
  expect(wrongPragmas(db)).toEqual(['synchronous is 1 instead of 2']);
  db.close();
  await expect(openIn(temporaryFolder(), unasked)).rejects.toThrow('synchronous is 1 instead of 2');
});
