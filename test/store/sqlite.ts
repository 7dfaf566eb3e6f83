/**
 * What only a database file can do: settings that must hold, files that must be refused unchanged, layouts that are
 * upgraded behind a copy, tampering that doctor must see, and a process that dies in the middle of an append.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadMigrations } from '../../main/store/migrate.ts';
import { StoreError } from '../../main/store/port.ts';
import type { SqlDatabase, SqlDriver } from '../../main/store/port.ts';
import { wrongPragmas } from '../../main/store/pragmas.ts';
import { openIn, temporaryFolder } from './folder.ts';
import { appendOf, eventsOf, started, wholeRun } from './history.ts';
import { allOk } from './suite.ts';

const isWindows = process.platform === 'win32';
const KILL_ROUNDS = 10;

export function describeSqlite(name: string, driver: SqlDriver): void {
  const fileIn = (dataDir: string): string => path.join(dataDir, 'holdfast.db');

  /** Opens the file beside the store and works on it as a stranger would. */
  function tamper<T>(dataDir: string, work: (db: SqlDatabase) => T): T {
    const db = driver.open(fileIn(dataDir));
    try {
      return work(db);
    } finally {
      db.close();
    }
  }

  /** A driver that hands out the connections it opened. */
  function watched(): { driver: SqlDriver; last: () => SqlDatabase } {
    let last: SqlDatabase | undefined;
    return {
      driver: { ...driver, open: (file) => (last = driver.open(file)) },
      last: () => {
        if (!last) throw new Error('Nothing was opened.');
        return last;
      },
    };
  }

  async function refusal(dataDir: string, by: SqlDriver = driver): Promise<StoreError> {
    const error = await openIn(dataDir, by).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof StoreError)) throw new Error(`Expected a refusal, got ${String(error)}`);
    expect(error.message).toMatch(/^[^\n]+: [^\n]+\.$/);
    return error;
  }

  /** A folder with one closed store in it that holds a run. */
  async function filled(): Promise<string> {
    const dataDir = temporaryFolder();
    const store = await openIn(dataDir, driver);
    await store.append([appendOf(wholeRun('r1'))]);
    await store.close();
    return dataDir;
  }

  describe(`settings: ${name}`, () => {
    it('hold after writes, on the first and on every later opening', async () => {
      const dataDir = temporaryFolder();
      for (const runId of ['r1', 'r2']) {
        const { driver: spy, last } = watched();
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
      expect((await refusal(dataDir, forgetful)).message).toContain('synchronous is 1 instead of 2');
    });

    it('are examined by doctor', async () => {
      const { driver: spy, last } = watched();
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
        const dataDir = await filled();
        const file = fileIn(dataDir);
        damage(file);
        const before = readFileSync(file);
        const error = await refusal(dataDir);
        expect(error.reason).toBe(reason);
        expect(error.message).toContain(file);
        expect(readFileSync(file).equals(before)).toBe(true);
      },
    );

    it('a future that is only in the log is seen too', async () => {
      const dataDir = await filled();
      const other = driver.open(fileIn(dataDir));
      other.exec('PRAGMA user_version = 99');
      expect((await refusal(dataDir)).reason).toBe('from_the_future');
      other.close();
    });

    it('a driver older than its floor is refused before anything is created', async () => {
      const dataDir = path.join(temporaryFolder(), 'new');
      expect((await refusal(dataDir, { ...driver, minimumVersion: '3.999.0' })).reason).toBe('too_old');
      expect(existsSync(dataDir)).toBe(false);
    });

    it('a driver that cannot be loaded is a sentence', async () => {
      const missing: SqlDriver = {
        ...driver,
        open() {
          throw Object.assign(new Error("Cannot find module 'x'"), { code: 'MODULE_NOT_FOUND' });
        },
      };
      expect((await refusal(temporaryFolder(), missing)).message).toContain('install Holdfast again');
    });

    it('a file in the place of the folder is a sentence', async () => {
      const file = path.join(temporaryFolder(), 'file');
      writeFileSync(file, 'x');
      expect(await refusal(file)).toMatchObject({ reason: 'unreadable' });
      expect(await refusal(path.join(file, 'below'))).toMatchObject({ reason: 'unreadable' });
    });

    it.skipIf(isWindows).each([
      ['a read-only folder', 'read_only', 0o555, undefined],
      ['a read-only file', 'read_only', 0o777, 0o444],
      ['an unreadable file', 'unreadable', 0o777, 0o000],
      ['a folder without any rights', 'unreadable', 0o000, undefined],
    ] as const)('%s: %s', async (_what, reason, folderMode, fileMode) => {
      const dataDir = await filled();
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
      const { driver: spy, last } = watched();
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
      const { driver: spy, last } = watched();
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

  describe(`layouts: ${name}`, () => {
    const second = { version: 2, name: '0002_note.sql', sql: 'ALTER TABLE setting ADD COLUMN note TEXT;' };

    it('are upgraded behind a verified copy, and the older program then refuses the file', async () => {
      const dataDir = await filled();
      const said: string[] = [];
      const store = await openIn(dataDir, driver, {
        migrations: [...loadMigrations(), second],
        log: (message) => said.push(message),
      });
      expect(await store.events('r1')).toEqual(wholeRun('r1'));
      const copies = readdirSync(dataDir).filter((file) => file.startsWith('backup-'));
      expect(copies).toEqual(['backup-v1-20270115T080000000Z.db']);
      expect(said.join('\n')).toContain('backup-v1-');
      await store.close();
      expect((await refusal(dataDir)).reason).toBe('from_the_future');

      const restored = temporaryFolder();
      copyFileSync(path.join(dataDir, copies[0] ?? ''), fileIn(restored));
      const old = await openIn(restored, driver);
      expect(await old.events('r1')).toEqual(wholeRun('r1'));
      expect(await old.doctor({})).toSatisfy(allOk);
    });

    it('stay as they were when an upgrade fails in the middle', async () => {
      const dataDir = await filled();
      const broken = { ...second, sql: `${second.sql} DELETE FROM setting; INSERT INTO nowhere VALUES (1);` };
      await expect(openIn(dataDir, driver, { migrations: [...loadMigrations(), broken] })).rejects.toThrow(/nowhere/);
      const store = await openIn(dataDir, driver);
      expect(await store.events('r1')).toEqual(wholeRun('r1'));
    });

    it('make no copy of a new database, nor when nothing changes', async () => {
      const dataDir = await filled();
      await (await openIn(dataDir, driver)).close();
      expect(readdirSync(dataDir).filter((file) => file.startsWith('backup-'))).toEqual([]);
    });
  });

  describe(`tampering: ${name}`, () => {
    it.each([
      ['UPDATE run_event SET at = 0', /append-only/],
      ['DELETE FROM run_event', /append-only/],
      ["UPDATE workflow_version SET document = '{}'", /immutable/],
      ['DELETE FROM workflow_version', /immutable/],
      ['DELETE FROM effect', /keeps every row/],
      ["UPDATE effect SET class = 'pure'", /does not change/],
      ["UPDATE setting SET value = '{'", /CHECK/],
    ])('%s is refused by the database itself', async (sql, message) => {
      const dataDir = temporaryFolder();
      const store = await openIn(dataDir, driver);
      await store.append([appendOf(wholeRun('r1'))]);
      await store.saveVersion({ digest: 'd', workflowId: 'w', document: JSON.parse('{"steps":{}}'), createdAt: 1 });
      await store.saveSetting('a', 1);
      expect(() => tamper(dataDir, (db) => db.exec(sql))).toThrow(message);
    });

    const dump = (dataDir: string): unknown =>
      tamper(dataDir, (db) =>
        ['run ORDER BY run_id', 'task ORDER BY task_id', 'effect ORDER BY key'].map((table) =>
          db.prepare(`SELECT * FROM ${table}`).all(),
        ),
      );

    it('of a projection is seen by doctor, and a rebuild brings back every row as it was', async () => {
      const dataDir = temporaryFolder();
      const store = await openIn(dataDir, driver);
      await store.append(['r1', 'r2', 'r3'].map((runId) => appendOf(wholeRun(runId))));
      await store.append([appendOf(wholeRun('r4').slice(0, 11))]);
      const before = dump(dataDir);
      tamper(dataDir, (db) => {
        db.exec("UPDATE run SET word = 'failed' WHERE run_id = 'r1'");
        db.exec("DELETE FROM task WHERE task_id = 'r2-gate'");
        db.exec("UPDATE effect SET status = 'failed' WHERE key = 'r3-pay'");
        db.exec("DELETE FROM task WHERE run_id = 'r4'; DELETE FROM run WHERE run_id = 'r4'");
        db.exec("INSERT INTO run SELECT 'ghost', workflow_id, NULL, word, 1, NULL, data FROM run WHERE run_id = 'r1'");
      });
      const message = (await store.doctor({})).find((finding) => finding.check === 'projections')?.message;
      for (const part of ['row of run r1', 'tasks of run r2', 'ledger of run r3', 'row of run r4', 'run ghost']) {
        expect(message).toContain(part);
      }
      expect(dump(dataDir)).not.toEqual(before);
      expect(await store.doctor({ rebuild: true })).toSatisfy(allOk);
      expect(dump(dataDir)).toEqual(before);
      expect(await store.doctor({})).toSatisfy(allOk);
    });

    it('of the journal is seen, and nothing is rebuilt from it', async () => {
      const dataDir = temporaryFolder();
      const store = await openIn(dataDir, driver);
      await store.append([appendOf(wholeRun('r1'))]);
      const before = dump(dataDir);
      tamper(dataDir, (db) => db.exec('DROP TRIGGER run_event_no_delete; DELETE FROM run_event WHERE seq = 5'));
      const findings = await store.doctor({ rebuild: true });
      expect(findings.find((finding) => finding.check === 'journal')).toMatchObject({ ok: false });
      expect(findings.find((finding) => finding.check === 'projections')?.message).toContain('nothing was rebuilt');
      expect(dump(dataDir)).toEqual(before);
    });

    it('of a large payload is seen', async () => {
      const dataDir = temporaryFolder();
      const store = await openIn(dataDir, driver);
      await store.append([appendOf(eventsOf('r1', [started({ input: 'x'.repeat(100_000) })]))]);
      expect(tamper(dataDir, (db) => db.prepare('SELECT length(content) AS size FROM blob').all())).toMatchObject([
        { size: expect.any(Number) },
      ]);
      tamper(dataDir, (db) => db.exec("DROP TRIGGER blob_no_update; UPDATE blob SET content = '1'"));
      const journal = (await store.doctor({})).find((finding) => finding.check === 'journal');
      expect(journal).toMatchObject({ ok: false, message: expect.stringContaining('payload') });
    });

    it('of a page in the middle never passes', async () => {
      const dataDir = temporaryFolder();
      const store = await openIn(dataDir, driver);
      for (let index = 0; index < 40; index += 1) await store.append([appendOf(wholeRun(`run-${index}`))]);
      await store.close();
      const bytes = readFileSync(fileIn(dataDir));
      bytes.fill(0x5a, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 6_000);
      writeFileSync(fileIn(dataDir), bytes);
      const outcome = await openIn(dataDir, driver)
        .then((opened) => opened.doctor({}))
        .then(allOk, (error: unknown) => error);
      if (outcome !== false) expect(outcome).toMatchObject({ reason: 'corrupt' });
    });
  });

  describe(`copies: ${name}`, () => {
    it('are verified, private, and open as a store', async () => {
      const dataDir = await filled();
      const store = await openIn(dataDir, driver);
      const elsewhere = temporaryFolder();
      const findings = await store.doctor({ backup: fileIn(elsewhere) });
      expect(findings).toSatisfy(allOk);
      expect(findings[0]?.message).toContain(fileIn(elsewhere));
      if (!isWindows) expect(statSync(fileIn(elsewhere)).mode & 0o777).toBe(0o600);
      const copy = await openIn(elsewhere, driver);
      expect(await copy.events('r1')).toEqual(wholeRun('r1'));
      expect(await copy.doctor({})).toSatisfy(allOk);
    });

    it('never overwrite a file and leave none behind when they fail', async () => {
      const dataDir = await filled();
      const store = await openIn(dataDir, driver);
      const target = path.join(temporaryFolder(), 'taken');
      writeFileSync(target, 'mine');
      expect((await store.doctor({ backup: target }))[0]).toMatchObject({ ok: false });
      expect(readFileSync(target, 'utf8')).toBe('mine');
      const nowhere = path.join(dataDir, 'no', 'folder.db');
      expect((await store.doctor({ backup: nowhere }))[0]).toMatchObject({ ok: false });
    });
  });

  describe(`crashes: ${name}`, () => {
    it('a torn end of the log costs nothing that came before it', async () => {
      const dataDir = temporaryFolder();
      const store = await openIn(dataDir, driver);
      const events = wholeRun('r1');
      for (let seq = 1; seq <= events.length; seq += 1) {
        await store.append([appendOf(events.slice(0, seq), seq - 1)]);
      }
      const torn = path.join(temporaryFolder(), 'torn');
      mkdirSync(torn);
      copyFileSync(fileIn(dataDir), fileIn(torn));
      copyFileSync(`${fileIn(dataDir)}-wal`, `${fileIn(torn)}-wal`);
      truncateSync(`${fileIn(torn)}-wal`, statSync(`${fileIn(torn)}-wal`).size - 100);
      const reopened = await openIn(torn, driver);
      expect(await reopened.events('r1')).toEqual(events.slice(0, -1));
      expect(await reopened.doctor({})).toSatisfy(allOk);
    });

    it('SIGKILL in the middle of appends loses no acknowledged one', { timeout: 60_000 }, async () => {
      const dataDir = temporaryFolder();
      const acknowledged = new Map<string, number>();
      for (let round = 0; round < KILL_ROUNDS; round += 1) {
        const delayMs = 20 + Math.floor(Math.random() * 250);
        const { lines } = await child('append', dataDir, name, `round-${round}`, delayMs);
        const last = lines[lines.length - 1]?.split(' ');
        if (last) acknowledged.set(`round-${round}`, Number(last[1]));
        const store = await openIn(dataDir, driver);
        expect(await store.doctor({}), `killed ${delayMs} ms after the first append`).toSatisfy(allOk);
        for (const [runId, seq] of acknowledged) {
          expect((await store.events(runId)).length, `${runId}, killed after ${delayMs} ms`).toBeGreaterThanOrEqual(
            seq,
          );
          expect(await store.commandSeen(`${runId}-command-${seq}`)).toBe(true);
        }
        await store.close();
      }
      expect(acknowledged.size).toBe(KILL_ROUNDS);
      expect(Math.max(...acknowledged.values())).toBeGreaterThan(10);
    });
  });
}

/** Runs child.ts; with `killAfterMs` it is killed that long after its first line. */
function child(
  mode: 'append' | 'open',
  dataDir: string,
  driverName: string,
  runId = '',
  killAfterMs?: number,
): Promise<{ lines: string[] }> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [
      path.join(import.meta.dirname, 'child.ts'),
      mode,
      dataDir,
      driverName,
      runId,
    ]);
    let output = '';
    let complaint = '';
    let killTimer: ReturnType<typeof setTimeout> | undefined;
    started.stdout.on('data', (chunk) => {
      output += String(chunk);
      if (killAfterMs !== undefined) killTimer ??= setTimeout(() => started.kill('SIGKILL'), killAfterMs);
    });
    started.stderr.on('data', (chunk) => (complaint += String(chunk)));
    started.once('error', reject);
    started.once('close', (code, signal) => {
      clearTimeout(killTimer);
      const wasKilled = killAfterMs !== undefined && signal === 'SIGKILL';
      if (code !== 0 && !wasKilled) reject(new Error(`The child ended with ${code ?? signal}: ${complaint}`));
      else resolve({ lines: output.slice(0, output.lastIndexOf('\n')).split('\n').filter(Boolean) });
    });
  });
}
