/**
 * Data folders and files that must be refused in one sentence, unchanged, and disks that fail while writing.
 * Must never accept a refusal that does not name the file.
 */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SqlDriver } from '../../main/store/port.ts';
import { child, fileIn, filledFolder, isWindows, refusalOf, watched } from './file.ts';
import { openIn, temporaryFolder } from './folder.ts';
import { appendOf, eventsOf, started, wholeRun } from './history.ts';
import { allOk } from './suite.ts';

export function describeRefusals(name: string, driver: SqlDriver): void {
  describe(`refused files: ${name}`, () => {
    const notOurs: [string, string, (file: string) => void][] = [
      ['text', 'corrupt', (file) => writeFileSync(file, 'not a database at all')],
      ['garbage of many pages', 'corrupt', (file) => writeFileSync(file, Buffer.alloc(20_000, 7))],
      ['a file cut in the middle', 'corrupt', (file) => truncateSync(file, Math.floor(statSync(file).size / 2))],
      ['an overwritten schema page', 'corrupt', (file) => overwrite(file, 100, 3_000)],
      ['tables of another program', 'corrupt', (file) => replaceBy(file, 'CREATE TABLE theirs (a)')],
      [
        'another program id',
        'corrupt',
        (file) => replaceBy(file, 'CREATE TABLE theirs (a); PRAGMA application_id = 77'),
      ],
      ['a file from the future', 'from_the_future', (file) => change(file, 'PRAGMA user_version = 99')],
    ];

    function overwrite(file: string, from: number, length: number): void {
      const bytes = readFileSync(file);
      bytes.fill(0xa5, from, from + length);
      writeFileSync(file, bytes);
    }
    function change(file: string, sql: string): void {
      const db = driver.open(file);
      db.exec(sql);
      db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
      db.close();
    }
    /** Made elsewhere and put in place: a connection that was closed here may still hold locks until it is collected. */
    function replaceBy(file: string, sql: string): void {
      const theirs = path.join(temporaryFolder(), 'theirs.db');
      change(theirs, sql);
      for (const rest of [file, `${file}-wal`, `${file}-shm`]) rmSync(rest, { force: true });
      copyFileSync(theirs, file);
    }

    it.each(notOurs)(
      '%s: %s, in one sentence that names the file, and the file is unchanged',
      async (_what, reason, damage) => {
        const dataDir = await filledFolder(driver);
        const file = fileIn(dataDir);
        damage(file);
        const before = readFileSync(file);
        const error = await refusalOf(dataDir, driver);
        expect(error.reason).toBe(reason);
        expect(error.message).toContain(file);
        expect(readFileSync(file).equals(before)).toBe(true);
      },
    );

    it('a future that is only in the log is seen too', async () => {
      const dataDir = await filledFolder(driver);
      const other = driver.open(fileIn(dataDir));
      other.exec('PRAGMA user_version = 99');
      expect((await refusalOf(dataDir, driver)).reason).toBe('from_the_future');
      other.close();
    });

    it('a driver older than its floor is refused before anything is created', async () => {
      const dataDir = path.join(temporaryFolder(), 'new');
      expect((await refusalOf(dataDir, { ...driver, minimumVersion: '3.999.0' })).reason).toBe('too_old');
      expect(existsSync(dataDir)).toBe(false);
    });

    it('a driver that cannot be loaded is a sentence', async () => {
      const missing: SqlDriver = {
        ...driver,
        open() {
          throw Object.assign(new Error("Cannot find module 'x'"), { code: 'MODULE_NOT_FOUND' });
        },
      };
      expect((await refusalOf(temporaryFolder(), missing)).message).toContain('install Holdfast again');
    });

    it('a file in the place of the folder is a sentence', async () => {
      const file = path.join(temporaryFolder(), 'file');
      writeFileSync(file, 'x');
      expect(await refusalOf(file, driver)).toMatchObject({ reason: 'unreadable' });
      expect(await refusalOf(path.join(file, 'below'), driver)).toMatchObject({ reason: 'unreadable' });
    });

    it.skipIf(isWindows).each([
      ['a read-only folder', 'read_only', 0o555, undefined],
      ['a read-only file', 'read_only', 0o777, 0o444],
      ['an unreadable file', 'unreadable', 0o777, 0o000],
      ['a folder without any rights', 'unreadable', 0o000, undefined],
    ] as const)('%s: %s', async (_what, reason, folderMode, fileMode) => {
      const dataDir = await filledFolder(driver);
      const before = readFileSync(fileIn(dataDir));
      // As root every right is granted, so the child gives root up; the folder is made its own where it may write.
      if (process.getuid?.() === 0) chownSync(dataDir, 65_534, 65_534);
      if (process.getuid?.() === 0 && fileMode === undefined) chownSync(fileIn(dataDir), 65_534, 65_534);
      if (fileMode !== undefined) chmodSync(fileIn(dataDir), fileMode);
      chmodSync(dataDir, folderMode);
      const { lines } = await child('open', dataDir, name);
      chmodSync(dataDir, 0o700);
      chmodSync(fileIn(dataDir), 0o600);
      expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ reason, message: expect.stringContaining(dataDir) });
      expect(readFileSync(fileIn(dataDir)).equals(before)).toBe(true);
    });

    it('a full disk undoes the append, and the store goes on when there is space again', async () => {
      const { driver: spy, last } = watched(driver);
      const store = await openIn(temporaryFolder(), spy);
      await store.append([appendOf(wholeRun('r1'))]);
      last().exec('PRAGMA max_page_count = 1');
      const big = eventsOf('r2', [started({ input: 'x'.repeat(500_000) })]);
      await expect(store.append([appendOf(wholeRun('r3')), appendOf(big)])).rejects.toMatchObject({ reason: 'full' });
      last().exec('PRAGMA max_page_count = 1000000');
      expect(await store.run('r3')).toBeUndefined();
      await store.append([appendOf(wholeRun('r3')), appendOf(big)]);
      expect(await store.doctor({})).toSatisfy(allOk);
    });

    it('a writer elsewhere is told as in use', async () => {
      const dataDir = temporaryFolder();
      const { driver: spy, last } = watched(driver);
      const store = await openIn(dataDir, spy);
      last().exec('PRAGMA busy_timeout = 1');
      const other = driver.open(fileIn(dataDir));
      other.exec('BEGIN IMMEDIATE');
      await expect(store.append([appendOf(wholeRun('r1'))])).rejects.toMatchObject({ reason: 'in_use' });
      other.exec('ROLLBACK');
      other.close();
      await store.append([appendOf(wholeRun('r1'))]);
    });
  });
}
