/**
 * Power cuts: the data folder is on an ext4 of its own, in an image that is copied while the application writes. The copy is
 * what the disk would hold had the power gone at that moment; the next life goes on from it. An image is a moment only
 * when nothing was written while it was copied, so it is compared with its original afterwards, and copied again.
 */
import { cpSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { foldRun } from '../../shared/run/evolve.ts';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import { openStore } from '../../main/store/store.ts';
import { keyedBehaviours, unkeyedBehaviours } from '../crash/graph.ts';
import { livesIn } from '../crash/lives.ts';
import { seeded } from '../harness/core.ts';
import { startWorld, tempFolder, type World } from '../harness/processes.ts';
import { firstSeed, sized, tally } from '../harness/size.ts';
import { startLife } from './life.ts';
import { isImpossible, run, whyNotRoot } from './possible.ts';

const cuts = sized({ small: 2, push: 20, soak: 30 });
const cutsPerFolder = 5;
const folder = tempFolder();
const mounted = join(folder.path, 'disk');
let world: World;

beforeAll(async () => {
  mkdirSync(mounted);
  world = await startWorld(join(folder.path, 'world.jsonl'));
});
afterAll(() => {
  world.stop();
  folder.remove();
});

function whyNot(): string | undefined {
  const reason = whyNotRoot();
  if (reason !== undefined) return reason;
  try {
    withDisk(newImage('try.img'), () => undefined);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

function newImage(name: string): string {
  const image = join(folder.path, name);
  writeFileSync(image, '');
  truncateSync(image, 48 * 2 ** 20);
  run('mkfs.ext4', '-q', '-F', image);
  return image;
}

function withDisk<T>(image: string, work: () => T): T {
  run('mount', '-o', 'loop', image, mounted);
  let isAsync = false;
  try {
    const result = work();
    if (result instanceof Promise) {
      isAsync = true;
      return result.finally(() => run('umount', mounted)) as T;
    }
    return result;
  } finally {
    if (!isAsync) run('umount', mounted);
  }
}

/** What is on the disk at one moment: nothing changed between the copy and the look at it. */
function copyAtOneMoment(image: string): string {
  const copy = `${image}.cut`;
  for (let tries = 0; tries < 50; tries += 1) {
    cpSync(image, copy);
    try {
      run('cmp', '-s', image, copy);
      return copy;
    } catch {
      // It was written to meanwhile; that would be no moment.
    }
  }
  throw new Error('The disk never stood still');
}

test(`${cuts} power cuts: what was acknowledged is there, and the runs go on`, { timeout: 1_800_000 }, async () => {
  if (isImpossible('Power cut', whyNot())) return;
  const lives = livesIn(mounted, () => world);
  const counts = { 'power cuts': 0, 'acknowledged events checked': 0, runs: 0 };
  let seed = firstSeed;
  while (counts['power cuts'] < cuts) {
    seed += 1;
    await lifeOfADisk(seed).catch((error: unknown) => {
      throw new Error(`Seed ${seed}: ${String(error)} (again with HOLDFAST_SEED=${seed - 1})`, { cause: error });
    });
  }
  tally(counts);

  async function lifeOfADisk(diskSeed: number): Promise<void> {
    const random = seeded(diskSeed);
    const pick = (from: string[]): string => from[Math.floor(random() * from.length)] ?? 'ok';
    const image = newImage(`disk-${diskSeed}.img`);
    const plan = lives.newPlan([]);
    const acknowledged = new Map<string, number>();
    for (let cut = 0; cut < Math.min(cuts, cutsPerFolder); cut += 1) {
      for (let more = 0; more < 6; more += 1) {
        plan.runs.push({
          keyed: pick(keyedBehaviours),
          unkeyed: pick(unkeyedBehaviours),
          asked: pick(keyedBehaviours),
        });
      }
      await withDisk(image, async () => {
        const life = startLife(plan);
        await life.hasWritten(1 + random() * 250);
        for (const [runId, seq] of life.acknowledged) acknowledged.set(runId, seq);
        await life.stop();
        copyAtOneMoment(image);
        life.kill();
        await life.ended;
      });
      // The power is back: this is all there is.
      renameSync(`${image}.cut`, image);
      await withDisk(image, () => expectAll(acknowledged, plan.dataDir));
      counts['power cuts'] += 1;
      counts['acknowledged events checked'] += [...acknowledged.values()].reduce((sum, seq) => sum + seq, 0);
    }
    await withDisk(image, () => lives.recoverAndJudge(plan));
    counts.runs += plan.runs.length;
    run('rm', '-f', image);
  }
});

async function expectAll(acknowledged: Map<string, number>, dataDir: string): Promise<void> {
  const store = await openStore({ dataDir, driver: betterSqlite3, clock: Date.now, fold: foldRun });
  try {
    for (const finding of await store.doctor({})) expect(finding, finding.message).toMatchObject({ ok: true });
    for (const [runId, seq] of acknowledged) {
      const events = await store.events(runId);
      expect(events.length, `${runId} said that event ${seq} is on the disk`).toBeGreaterThanOrEqual(seq);
    }
  } finally {
    await store.close();
  }
}
