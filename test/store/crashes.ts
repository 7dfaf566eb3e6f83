/**
 * Ends in the middle: a torn log, and SIGKILL of a process that appends. What was acknowledged must be there.
 */
import { chownSync, copyFileSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SqlDriver } from '../../main/store/port.ts';
import { seeded } from '../harness/core.ts';
import { firstSeed, sized, tally } from '../harness/size.ts';
import { child, fileIn } from './file.ts';
import { openIn, temporaryFolder } from './folder.ts';
import { appendOf, wholeRun } from './history.ts';
import { allOk } from './suite.ts';

const KILL_ROUNDS = sized({ small: 10, push: 20, soak: 20 });

export function describeCrashes(name: string, driver: SqlDriver): void {
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
      // Behind what was written there may be room for more.
      const written = readFileSync(`${fileIn(torn)}-wal`).findLastIndex((byte) => byte !== 0);
      truncateSync(`${fileIn(torn)}-wal`, written - 100);
      const reopened = await openIn(torn, driver);
      expect(await reopened.events('r1')).toEqual(events.slice(0, -1));
      expect(await reopened.doctor({})).toSatisfy(allOk);
    });

    it('several processes that open a new folder at once do not spoil it', async () => {
      const dataDir = temporaryFolder();
      if (process.getuid?.() === 0) chownSync(dataDir, 65_534, 65_534);
      const outcomes = await Promise.all([1, 2, 3].map(() => child('open', dataDir, name)));
      for (const { lines } of outcomes) {
        const outcome = JSON.parse(lines[0] ?? '{}') as { opened?: boolean; reason?: string };
        expect(outcome.opened === true || outcome.reason === 'in_use', lines[0]).toBe(true);
      }
      expect(await (await openIn(dataDir, driver)).doctor({})).toSatisfy(allOk);
    });

    it('SIGKILL in the middle of appends loses no acknowledged one', { timeout: 300_000 }, async () => {
      const dataDir = temporaryFolder();
      const acknowledged = new Map<string, number>();
      const random = seeded(firstSeed);
      for (let round = 0; round < KILL_ROUNDS; round += 1) {
        const delayMs = 20 + Math.floor(random() * 250);
        const { lines } = await child('append', dataDir, name, `round-${round}`, delayMs);
        const last = lines[lines.length - 1]?.split(' ');
        if (last) acknowledged.set(`round-${round}`, Number(last[1]));
        const store = await openIn(dataDir, driver);
        expect(await store.doctor({}), `killed ${delayMs} ms after the first append`).toSatisfy(allOk);
        for (const [runId, seq] of acknowledged) {
          expect(
            (await store.events(runId)).length,
            `${runId}, killed after ${delayMs} ms (HOLDFAST_SEED=${firstSeed})`,
          ).toBeGreaterThanOrEqual(seq);
          expect(await store.commandSeen(`${runId}-command-${seq}`)).toBe(true);
        }
        await store.close();
      }
      tally({ 'kills of the store': KILL_ROUNDS });
      expect(acknowledged.size).toBe(KILL_ROUNDS);
      expect(Math.max(...acknowledged.values())).toBeGreaterThan(10);
    });
  });
}
