/**
 * The settings that make commits durable: proved after writes, and a driver that drops one is refused.
 * Whatever this accepts, a power cut will test.
 */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SqlDriver } from '../../main/store/port.ts';
import { wrongPragmas } from '../../main/store/pragmas.ts';
import { fileIn, isWindows, refusalOf, watched } from './file.ts';
import { openIn, temporaryFolder } from './folder.ts';
import { appendOf, wholeRun } from './history.ts';

export function describeSettings(name: string, driver: SqlDriver): void {
  describe(`settings: ${name}`, () => {
    it('hold after writes, on the first and on every later opening', async () => {
      const dataDir = temporaryFolder();
      for (const runId of ['r1', 'r2']) {
        const { driver: spy, last } = watched(driver);
        const store = await openIn(dataDir, spy);
        await store.append([appendOf(wholeRun(runId))]);
        expect(store.facts()).toMatchObject({
          driver: name,
          path: fileIn(dataDir),
          sqliteVersion: expect.stringMatching(/^3\.\d+\.\d+$/),
          pragmas: { journal_mode: 'wal', synchronous: 2, foreign_keys: 1, trusted_schema: 0, auto_vacuum: 2 },
        });
        expect(Number(store.facts().pragmas['wal_autocheckpoint'])).toBeLessThanOrEqual(1_000);
        expect(wrongPragmas(last())).toEqual([]);
        await store.close();
      }
    });

    it('are refused when the driver commits with NORMAL (planted)', async () => {
      const dataDir = temporaryFolder();
      const forgetful: SqlDriver = {
        ...driver,
        open(file) {
          const db = driver.open(file);
          return {
            prepare: (sql) => db.prepare(sql),
            exec: (sql) => db.exec(sql.replace(/synchronous = FULL/, 'synchronous = NORMAL')),
            close: () => db.close(),
          };
        },
      };
      expect((await refusalOf(dataDir, forgetful)).message).toContain('synchronous is 1 instead of 2');
    });

    it('are examined by doctor', async () => {
      const { driver: spy, last } = watched(driver);
      const store = await openIn(temporaryFolder(), spy);
      last().exec('PRAGMA synchronous = NORMAL');
      const wrong = (await store.doctor({})).filter((finding) => !finding.ok);
      expect(wrong).toMatchObject([{ check: 'pragmas', message: expect.stringContaining('synchronous is 1') }]);
    });

    it.skipIf(isWindows)('keep the folder and the files private', async () => {
      const dataDir = path.join(temporaryFolder(), 'deep', 'folder');
      const store = await openIn(dataDir, driver);
      await store.append([appendOf(wholeRun('r1'))]);
      expect(statSync(dataDir).mode & 0o777).toBe(0o700);
      for (const file of readdirSync(dataDir)) expect(statSync(path.join(dataDir, file)).mode & 0o777).toBe(0o600);
    });
  });
}
