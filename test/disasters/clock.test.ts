/**
 * Clocks that jump while the application waits (libfaketime), and a machine that sleeps (SIGSTOP): no timer, retry or rung
 * of a ladder comes early or twice, and everything comes in the end.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { foldRun } from '../../shared/run/evolve.ts';
import { isOpen } from '../../shared/run/state.ts';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import { openStore } from '../../main/store/store.ts';
import { well } from '../crash/graph.ts';
import { seeded } from '../harness/core.ts';
import { tempFolder } from '../harness/processes.ts';
import { firstSeed, sized, tally } from '../harness/size.ts';
import { timersOf } from '../simulation/judge.ts';
import { startLife, type Life } from './life.ts';
import { isImpossible, run } from './possible.ts';

const entry = new URL('timekeeper.ts', import.meta.url).pathname;
const folder = tempFolder();
const lives = sized({ small: 2, push: 20, soak: 20 });

afterAll(() => folder.remove());

const libraries = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`);

/** Lives of one kind, two at a time: `disturb` goes on until the life has ended. */
async function manyLives(
  name: string,
  env: (clock: string) => Record<string, string>,
  disturb: Disturb,
): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < lives) {
      const seed = firstSeed + (next += 1);
      const dataDir = join(folder.path, `${name}-${next}`);
      const clock = `${dataDir}.clock`;
      setClock(clock, 0);
      const life = startLife({ dataDir, origin: '', runs: [well, well, well] }, env(clock), entry);
      let isOver = false;
      void life.ended.then(() => (isOver = true));
      await life.loaded;
      const disturbances = await disturb(life, seeded(seed), { clock, isOver: () => isOver });
      const { code, stderr } = await life.ended;
      const say = `Seed ${seed}: ${stderr} (again with HOLDFAST_SEED=${firstSeed})`;
      expect(code, say).toBe(0);
      await judge(dataDir, say);
      tally({ lives: 1, [name]: disturbances });
    }
  };
  await Promise.all([one(), one()]);
}

type Disturb = (life: Life, random: () => number, at: { clock: string; isOver(): boolean }) => Promise<number>;

function setClock(file: string, seconds: number): void {
  writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  renameSync(`${file}.new`, file);
}

async function judge(dataDir: string, say: string): Promise<void> {
  const store = await openStore({ dataDir, driver: betterSqlite3, clock: Date.now, fold: foldRun });
  const runs = await store.runs({});
  expect(runs, say).toHaveLength(3);
  for (const { runId } of runs) {
    const events = await store.events(runId);
    expect(timersOf(events), say).toEqual([]);
    const state = foldRun(events);
    expect(
      ['first', 'second', 'other'].map((id) => state?.steps[id]?.status),
      say,
    ).toEqual(Array(3).fill('confirmed'));
    expect(state?.steps['knock']?.attempts, say).toHaveLength(4);
    const open = Object.values(state?.tasks ?? {}).filter(isOpen);
    expect(open.map(({ step, owner, rung }) => `${step} ${owner} ${rung ?? 0}`).toSorted(), say).toEqual([
      'asked role:tester 3',
      'knock role:ops 0',
    ]);
  }
  await store.close();
}

test(`${lives} lives with a clock that jumps both ways`, { timeout: 1_200_000 }, async () => {
  const library = libraries.find((file) => existsSync(file));
  if (isImpossible('Clock jumps', library ? undefined : 'there is no libfaketime (Debian: apt-get install faketime)'))
    return;
  const env = (clock: string): Record<string, string> => ({
    LD_PRELOAD: library ?? '',
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  });
  await manyLives('clock jumps', env, async (_life, random, { clock, isOver }) => {
    let jumps = 0;
    for (; jumps < 6 && !isOver(); jumps += 1) {
      await sleep(random() * 120);
      setClock(clock, Math.floor((random() * 2 - 1) * 3_600));
    }
    // Back to the true time, later than every due time that was set before: nothing may be left waiting.
    setClock(clock, 2 * 3_600);
    return jumps;
  });
});

test(`${lives} lives that are put to sleep again and again`, { timeout: 1_200_000 }, async () => {
  if (isImpossible('Sleep', process.platform === 'linux' ? undefined : `it needs SIGSTOP and /proc`)) return;
  await manyLives(
    'sleeps',
    () => ({}),
    async (life, random, { isOver }) => {
      let sleeps = 0;
      while (!isOver()) {
        await sleep(random() * 150);
        if (isOver()) break;
        await life.stop();
        await sleep(random() * 400);
        life.goOn();
        sleeps += 1;
      }
      return sleeps;
    },
  );
});

test('the fake clock is really one', () => {
  const library = libraries.find((file) => existsSync(file));
  if (isImpossible('Clock jumps', library ? undefined : 'there is no libfaketime')) return;
  const clock = join(folder.path, 'try.clock');
  setClock(clock, 7_200);
  const program = 'process.stdout.write(String(Date.now()))';
  const env = [`LD_PRELOAD=${library}`, `FAKETIME_TIMESTAMP_FILE=${clock}`];
  const told = Number(run('env', ...env, process.execPath, '-e', program));
  expect(Math.round((told - Date.now()) / 3_600_000)).toBe(2);
});
