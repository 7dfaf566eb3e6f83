/**
 * What keeps a database sound over the years: upgrades behind a copy, backups, and a doctor who sees what somebody
 * else has done to the file and rebuilds what can be derived.
 */
import { copyFileSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { logRoomFor } from '../../main/store/log-room.ts';
import { loadMigrations } from '../../main/store/migrate.ts';
import type { SqlDriver } from '../../main/store/port.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import { applyPragmas } from '../../main/store/pragmas.ts';
import { fileIn, filledFolder, isWindows, refusalOf, tamper } from './file.ts';
import { openIn, temporaryFolder } from './folder.ts';
import { appendOf, eventsOf, started, wholeRun } from './history.ts';
import { allOk } from './suite.ts';

export function describeUpkeep(name: string, driver: SqlDriver): void {
  describe(`layouts: ${name}`, () => {
    const current = loadMigrations().length;
    const next = { version: current + 1, name: '9999_note.sql', sql: 'ALTER TABLE setting ADD COLUMN note TEXT;' };

    it('are upgraded behind a verified copy, and the older program then refuses the file', async () => {
      const dataDir = await filledFolder(driver);
      const said: string[] = [];
      const store = await openIn(dataDir, driver, {
        migrations: [...loadMigrations(), next],
        log: (message) => said.push(message),
      });
      expect(await store.events('r1')).toEqual(wholeRun('r1'));
      const copies = readdirSync(dataDir).filter((file) => file.startsWith('backup-'));
      expect(copies).toEqual([`backup-v${current}-20270115T080000000Z.db`]);
      expect(said.join('\n')).toContain(`backup-v${current}-`);
      await store.close();
      expect((await refusalOf(dataDir, driver)).reason).toBe('from_the_future');

      const restored = temporaryFolder();
      copyFileSync(path.join(dataDir, copies[0] ?? ''), fileIn(restored));
      const old = await openIn(restored, driver);
      expect(await old.events('r1')).toEqual(wholeRun('r1'));
      expect(await old.doctor({})).toSatisfy(allOk);
    });

    it('of the first version hold the same runs afterwards, each with its row', async () => {
      const dataDir = temporaryFolder();
      const parked = wholeRun('r2').slice(0, 4);
      const first = driver.open(fileIn(dataDir));
      applyPragmas(first);
      first.exec(loadMigrations()[0]?.sql ?? '');
      first.exec('PRAGMA user_version = 1');
      const insert = first.prepare('INSERT INTO run_event (run_id, seq, at, type, body) VALUES (?, ?, ?, ?, ?)');
      for (const { runId, seq, at, type, ...rest } of [...wholeRun('r1'), ...parked, ...wholeRun('broken')])
        insert.run(runId, seq, at, type, JSON.stringify(rest));
      first.close();

      const said: string[] = [];
      const upgraded = await openIn(dataDir, driver, {
        fold: (events) => {
          if (events[0]?.runId === 'broken') throw new Error('It does not fold');
          return foldRun(events);
        },
        log: (message) => said.push(message),
      });
      expect(said.join('\n')).toContain('Run broken of an older version cannot be folded');
      expect(await upgraded.events('broken')).toEqual(wholeRun('broken'));
      await upgraded.close();

      const store = await openIn(dataDir, driver);
      expect(await store.events('r1')).toEqual(wholeRun('r1'));
      expect(await store.events('r2')).toEqual(parked);
      expect((await store.runs({})).map(({ runId, word }) => [runId, word])).toEqual([
        ['r2', 'waiting'],
        ['r1', 'complete'],
      ]);
      expect(await store.metrics({ limit: 10 })).toMatchObject([{ runId: 'r2' }, { metrics: { repairs: 1 } }]);
      expect(await store.tasks({ state: 'open' })).toMatchObject([{ runId: 'r2' }]);
      await store.append([appendOf(wholeRun('r2'), 4)]);
      expect(await store.doctor({ rebuild: true })).toSatisfy(allOk);
      expect(await store.runs({})).toHaveLength(3);
    });

    it('stay as they were when an upgrade fails in the middle', async () => {
      const dataDir = await filledFolder(driver);
      const broken = { ...next, sql: `${next.sql} DELETE FROM setting; INSERT INTO nowhere VALUES (1);` };
      await expect(openIn(dataDir, driver, { migrations: [...loadMigrations(), broken] })).rejects.toThrow(/nowhere/);
      const store = await openIn(dataDir, driver);
      expect(await store.events('r1')).toEqual(wholeRun('r1'));
    });

    it('make no copy of a new database, nor when nothing changes', async () => {
      const dataDir = await filledFolder(driver);
      await (await openIn(dataDir, driver)).close();
      expect(readdirSync(dataDir).filter((file) => file.startsWith('backup-'))).toEqual([]);
    });
  });

  describe(`tampering: ${name}`, () => {
    it.each([
      ['UPDATE run_event SET at = 0', /append-only/],
      ['DELETE FROM run_event', /append-only/],
      ['UPDATE run_number SET number = 9', /does not change/],
      ['DELETE FROM run_number', /does not change/],
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
      expect(() => tamper(driver, dataDir, (db) => db.exec(sql))).toThrow(message);
    });

    const dump = (dataDir: string): unknown =>
      tamper(driver, dataDir, (db) =>
        [
          'run ORDER BY run_id',
          'task ORDER BY task_id',
          'effect ORDER BY key',
          'run_spend ORDER BY run_id, period',
        ].map((table) => db.prepare(`SELECT * FROM ${table}`).all()),
      );

    it('of a projection is seen by doctor, and a rebuild brings back every row as it was', async () => {
      const dataDir = temporaryFolder();
      const store = await openIn(dataDir, driver);
      await store.append(['r1', 'r2', 'r3'].map((runId) => appendOf(wholeRun(runId))));
      await store.append([appendOf(wholeRun('r4').slice(0, 11))]);
      const before = dump(dataDir);
      tamper(driver, dataDir, (db) => {
        db.exec("UPDATE run SET word = 'failed' WHERE run_id = 'r1'");
        db.exec("DELETE FROM task WHERE task_id = 'r2-gate'; UPDATE run SET metrics = '{}' WHERE run_id = 'r2'");
        db.exec("UPDATE run_spend SET spent_micros = spent_micros + 1 WHERE run_id = 'r2'");
        db.exec("UPDATE effect SET status = 'failed' WHERE key = 'r3-pay'");
        db.exec("DELETE FROM task WHERE run_id = 'r4'; DELETE FROM run WHERE run_id = 'r4'");
        db.exec(
          `INSERT INTO run (run_id, workflow_id, word, started_at, data, metrics)
           SELECT 'ghost', workflow_id, word, 1, data, metrics FROM run WHERE run_id = 'r1'`,
        );
      });
      const message = (await store.doctor({})).find((finding) => finding.check === 'projections')?.message;
      for (const part of [
        'row of run r1',
        'row of run r2',
        'tasks of run r2',
        'what run r2 spent',
        'ledger of run r3',
        'row of run r4',
        'run ghost',
      ]) {
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
      tamper(driver, dataDir, (db) => db.exec('DROP TRIGGER run_event_no_delete; DELETE FROM run_event WHERE seq = 5'));
      const findings = await store.doctor({ rebuild: true });
      expect(findings.find((finding) => finding.check === 'journal')).toMatchObject({ ok: false });
      expect(findings.find((finding) => finding.check === 'projections')?.message).toContain('nothing was rebuilt');
      expect(dump(dataDir)).toEqual(before);
    });

    it('of a large payload is seen', async () => {
      const dataDir = temporaryFolder();
      const store = await openIn(dataDir, driver);
      await store.append([appendOf(eventsOf('r1', [started({ input: 'x'.repeat(100_000) })]))]);
      expect(
        tamper(driver, dataDir, (db) => db.prepare('SELECT length(content) AS size FROM blob').all()),
      ).toMatchObject([{ size: expect.any(Number) }]);
      tamper(driver, dataDir, (db) => db.exec("DROP TRIGGER blob_no_update; UPDATE blob SET content = '1'"));
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

  describe(`the log: ${name}`, () => {
    /** What a reader finds in the file alone, without its log. */
    const inFileAlone = async (dataDir: string, runId: string): Promise<number> => {
      const alone = temporaryFolder();
      copyFileSync(fileIn(dataDir), fileIn(alone));
      return (await (await openIn(alone, driver)).events(runId)).length;
    };

    it('is folded into the file in a quiet moment and at the end', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const dataDir = temporaryFolder();
        const store = await openIn(dataDir, driver);
        await store.append([appendOf(wholeRun('r0'))]);
        vi.advanceTimersByTime(60_000);
        for (const runId of ['r1', 'r2']) {
          await store.append([appendOf(wholeRun(runId))]);
          expect(await inFileAlone(dataDir, runId)).toBe(0);
          vi.advanceTimersByTime(60_000);
          expect(await inFileAlone(dataDir, runId)).toBe(21);
        }
        await store.append([appendOf(wholeRun('r3'))]);
        await store.close();
        expect(await inFileAlone(dataDir, 'r3')).toBe(21);
      } finally {
        vi.useRealTimers();
      }
    });

    it('grows ahead of the writer, holds nothing that was not committed, and then keeps its size', async () => {
      const dataDir = temporaryFolder();
      const store = await openIn(dataDir, driver);
      const logBytes = (): number => statSync(`${fileIn(dataDir)}-wal`).size;
      const sizes = new Set<number>();
      for (let run = 0; run < 400; run += 1) {
        await store.append([appendOf(wholeRun(`r${run}`))]);
        sizes.add(logBytes());
      }
      // A page more with every commit would be hundreds of sizes.
      expect(sizes.size).toBeLessThan(20);
      expect(Math.max(...sizes)).toBe(logBytes());
      expect(logBytes()).toBeLessThan(5_000_000);
      const killed = temporaryFolder();
      for (const end of ['', '-wal']) copyFileSync(`${fileIn(dataDir)}${end}`, `${fileIn(killed)}${end}`);
      const reopened = await openIn(killed, driver);
      expect(await reopened.runs({})).toHaveLength(400);
      expect(await reopened.doctor({})).toSatisfy(allOk);
    });

    it('needs no room ahead', () => {
      const room = logRoomFor(path.join(temporaryFolder(), 'no', 'folder.db'), 1_000);
      expect(() => room.keepAhead()).not.toThrow();
      expect(() => room.close()).not.toThrow();
    });
  });

  describe(`copies: ${name}`, () => {
    it('are verified, private, and open as a store', async () => {
      const dataDir = await filledFolder(driver);
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
      const dataDir = await filledFolder(driver);
      const store = await openIn(dataDir, driver);
      const target = path.join(temporaryFolder(), 'taken');
      writeFileSync(target, 'mine');
      expect((await store.doctor({ backup: target }))[0]).toMatchObject({ ok: false });
      expect(readFileSync(target, 'utf8')).toBe('mine');
      const nowhere = path.join(dataDir, 'no', 'folder.db');
      expect((await store.doctor({ backup: nowhere }))[0]).toMatchObject({ ok: false });
    });
  });
}
