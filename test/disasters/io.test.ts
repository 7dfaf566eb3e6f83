/**
 * A disk that fails: fsync, write and open that return an error (libfiu), and a file system that is full. The application
 * says one clear sentence and stops; nothing is called whose intent is not on the disk; and when the disk works again, the
 * next life goes on from what is there.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { foldRun } from '../../shared/run/evolve.ts';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import { openStore } from '../../main/store/store.ts';
import type { ChildPlan } from '../crash/child.ts';
import { livesIn } from '../crash/lives.ts';
import { well } from '../crash/graph.ts';
import { seeded } from '../harness/core.ts';
import { startWorld, tempFolder, type World } from '../harness/processes.ts';
import { firstSeed, sized, tally } from '../harness/size.ts';
import { startLife, type Life } from './life.ts';
import { isImpossible, run, whyNotRoot } from './possible.ts';

const folder = tempFolder();
const random = seeded(firstSeed);
let world: World;
const lives = livesIn(folder.path, () => world);

beforeAll(async () => {
  world = await startWorld(join(folder.path, 'world.jsonl'));
});
afterAll(() => {
  world.stop();
  folder.remove();
});

const fifo = join(folder.path, 'fiu');
const preload = ['fiu_run_preload.so', 'fiu_posix_preload.so'];

function whyNoFaults(): string | undefined {
  if (process.platform !== 'linux') return `libfiu is for Linux, this is ${process.platform}`;
  try {
    run('fiu-run', '-x', 'true');
    return undefined;
  } catch {
    return 'there is no fiu-run (Debian: apt-get install fiu-utils)';
  }
}

/** The environment in which this process can be told later which calls fail. */
function fallible(): Record<string, string> {
  const libraries = preload.map((name) => `/usr/lib/fiu/${name}`).join(' ');
  return { LD_PRELOAD: libraries, FIU_ENABLE: '', FIU_CTRL_FIFO: fifo };
}

const errors = { EIO: 5, ENOSPC: 28 };

const commands = {
  always: (point: string) => `enable name=${point}`,
  once: (point: string) => `enable name=${point},onetime`,
  sometimes: (point: string) => `enable_random name=${point},probability=0.1`,
};

/** From now on these calls of the process fail. */
function breakCalls(life: Life, point: string, error: keyof typeof errors, how: keyof typeof commands): void {
  const command = `${commands[how](point)},failinfo=${errors[error]}`;
  run('fiu-ctrl', '-f', fifo, '-c', command, String(life.pid));
}

/** Whatever the world saw was announced on the disk before. */
async function expectIntents(dataDir: string): Promise<void> {
  const store = await openStore({ dataDir, driver: betterSqlite3, clock: Date.now, fold: foldRun });
  try {
    for (const finding of await store.doctor({})) expect(finding, finding.message).toMatchObject({ ok: true });
    const intended = new Set((await store.ledger({})).map(({ key }) => key));
    const runs = new Set((await store.runs({})).map(({ runId }) => runId));
    for (const { path, key } of await world.deeds()) {
      if (![...runs].some((runId) => path.includes(runId))) continue;
      expect(intended, `${path} was called without an intent on the disk`).toContain(key?.replaceAll('"', ''));
    }
  } finally {
    await store.close();
  }
}

/** One sentence for people: what, where and what to do. */
const clear = /^(?:There is no space left for|\S+ cannot be (?:read or )?written|\S+ cannot be read).*: .+\.$/;

const failing = [
  { what: 'fsync', point: 'posix/io/sync/*', error: 'EIO' },
  { what: 'write', point: 'posix/io/rw/pwrite*', error: 'EIO' },
  { what: 'write on a full disk', point: 'posix/io/rw/pwrite*', error: 'ENOSPC' },
] as const;

const rounds = sized({ small: 1, push: 4, soak: 10 });

for (const { what, point, error } of failing) {
  test(
    `a failing ${what}: a clear sentence, and it goes on when the disk works again`,
    { timeout: 600_000 },
    async () => {
      if (isImpossible(`Failing ${what}`, whyNoFaults())) return;
      for (let round = 0; round < rounds; round += 1) {
        const plan = lives.newPlan(Array.from({ length: 10 }, () => well));
        const life = startLife(plan, fallible());
        // The n-th event is the last one that works.
        const after = round === 0 ? 10 : 1 + Math.floor(random() * 60);
        await life.hasWritten(after);
        breakCalls(life, point, error, round % 2 === 1 ? 'once' : 'always');
        const { code, stderr } = await life.ended;
        // On a busy machine all may be done before the disk is told to fail.
        if (code !== 0) expect(life.sentence(), stderr).toMatch(clear);
        await expectAcknowledged(life, plan);
        await expectIntents(plan.dataDir);
        await lives.recoverAndJudge(plan);
        tally({ [code === 0 ? 'failures that came too late' : `failing ${what}`]: 1 });
      }
    },
  );
}

async function expectAcknowledged(life: Life, plan: ChildPlan): Promise<void> {
  const store = await openStore({ dataDir: plan.dataDir, driver: betterSqlite3, clock: Date.now, fold: foldRun });
  for (const [runId, seq] of life.acknowledged)
    expect((await store.events(runId)).length, `${runId} said that event ${seq} is there`).toBeGreaterThanOrEqual(seq);
  await store.close();
}

test('failing opens: a clear sentence, and nothing is changed', { timeout: 600_000 }, async () => {
  if (isImpossible('Failing open', whyNoFaults())) return;
  const plan: ChildPlan = { ...lives.newPlan([well]), waitsForGo: true };
  const { waitsForGo: _waits, ...again } = plan;
  let refusals = 0;
  for (let round = 0; round < 2 * rounds; round += 1) {
    const life = startLife(plan, fallible());
    await life.loaded;
    // All of them at first, then one in ten, so that the failure comes later and later.
    breakCalls(life, 'posix/io/oc/open', 'EIO', round === 0 ? 'always' : 'sometimes');
    life.go();
    const { code, stderr } = await life.ended;
    if (code === 0) continue;
    refusals += 1;
    // Where Node itself cannot load a file of the program, the sentence is Node's.
    expect(life.sentence(), stderr).toMatch(/^\/\S+ cannot be read or written \(.+\): .+\.$|^Cannot /);
  }
  await lives.recoverAndJudge(again);
  expect(refusals).toBeGreaterThan(0);
  tally({ 'failing opens': refusals });
});

test(
  'a disk that fills up: a clear sentence, nothing half written, and freed space is enough',
  { timeout: 600_000 },
  async () => {
    if (isImpossible('Full disk', whyNotRoot())) return;
    const small = join(folder.path, 'small');
    mkdirSync(small);
    run('mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small);
    try {
      const plan = livesIn(small, () => world).newPlan(Array.from({ length: 60 }, () => well));
      let fillings = 0;
      for (let round = 0; round < rounds; round += 1) {
        const life = startLife(plan);
        const { stderr } = await life.ended;
        if (life.sentence() !== undefined) {
          fillings += 1;
          expect(life.sentence(), stderr).toMatch(clear);
        }
        run('mount', '-o', `remount,size=${2 * round + 3}m`, small);
        await expectAcknowledged(life, plan);
        await expectIntents(plan.dataDir);
        plan.runs.push(...Array.from({ length: 60 }, () => well));
      }
      expect(fillings).toBeGreaterThan(0);
      run('mount', '-o', 'remount,size=64m', small);
      await lives.recoverAndJudge(plan);
      tally({ 'full disks': fillings });
    } finally {
      run('umount', '-l', small);
    }
  },
);
