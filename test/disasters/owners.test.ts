/**
 * Several processes on one data folder: however they come, exactly one has it; it stays the owner while it sleeps, and when
 * it is killed, awake or asleep, another one takes over and everything it had acknowledged is there.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { foldRun } from '../../shared/run/evolve.ts';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import { openStore } from '../../main/store/store.ts';
import { tempFolder } from '../harness/processes.ts';
import { firstSeed, sized, tally } from '../harness/size.ts';
import { startLife, type Life } from './life.ts';
import { isImpossible } from './possible.ts';

const entry = new URL('owner.ts', import.meta.url).pathname;
const folder = tempFolder();
const rounds = sized({ small: 2, push: 20, soak: 20 });
const together = 3;

afterAll(() => folder.remove());

/** Starts them at the same moment; gives the one that has the folder, when all the others have been refused. */
async function race(dataDir: string): Promise<Life> {
  const rivals = Array.from({ length: together }, () =>
    startLife({ dataDir, origin: '', runs: [], waitsForGo: true }, {}, entry),
  );
  await Promise.all(rivals.map(({ loaded }) => loaded));
  for (const rival of rivals) rival.go();
  await Promise.all(rivals.map((rival) => rival.hasWritten(1)));
  const owners = rivals.filter((rival) => rival.sentence() === undefined);
  for (const rival of rivals) {
    if (!owners.includes(rival))
      expect(rival.sentence()).toMatch(/^The data folder \S+ is in use by .+; close it first, or choose /);
  }
  const [owner] = owners;
  if (owners.length !== 1 || !owner) {
    for (const one of owners) one.kill();
    throw new Error(`${owners.length} processes own the folder (round after seed ${firstSeed})`);
  }
  return owner;
}

test(
  `${rounds} times ${together} processes at once: one owner, and another one after it`,
  { timeout: 1_200_000 },
  async () => {
    if (isImpossible('Two processes', process.platform === 'win32' ? 'it needs signals' : undefined)) return;
    const dataDir = join(folder.path, 'shared');
    for (let round = 0; round < rounds; round += 1) {
      const owner = await race(dataDir);
      await owner.hasWritten(5);
      const isAsleep = round % 2 === 1 && process.platform === 'linux';
      if (isAsleep) {
        await owner.stop();
        // Asleep it is still the owner: whoever comes now is refused, and nothing is written behind its back.
        const late = startLife({ dataDir, origin: '', runs: [], waitsForGo: true }, {}, entry);
        await late.loaded;
        late.go();
        await late.ended;
        expect(late.sentence()).toMatch(/is in use by/);
        if (round % 4 === 1) {
          owner.goOn();
          const before = owner.acknowledged.get('owner') ?? 0;
          await owner.hasWritten(before + 5);
        }
      } else {
        await sleep(20);
      }
      owner.kill();
      await owner.ended;
      await expectWritten(dataDir, owner);
      tally({ races: 1 });
    }
  },
);

/** What it said was written is there, and the folder is free and whole. */
async function expectWritten(dataDir: string, owner: Life): Promise<void> {
  const store = await openStore({ dataDir, driver: betterSqlite3, clock: Date.now, fold: foldRun });
  expect(await store.setting(`owner-${owner.pid}`)).toBeGreaterThanOrEqual(owner.acknowledged.get('owner') ?? 0);
  for (const finding of await store.doctor({})) expect(finding, finding.message).toMatchObject({ ok: true });
  await store.close();
}
