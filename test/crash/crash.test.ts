/**
 * SIGKILL at every hit of every fault point, and at random instants. After each kill a new process opens the same data
 * folder and goes on; then the world's ledger is compared with what the app says. Lost: confirmed here, nothing there.
 * Duplicate: done twice there.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultPoints } from '../../main/runtime/faults.ts';
import { startWorld, tempFolder, type World } from '../harness/processes.ts';
import type { ChildPlan } from './child.ts';
import { keyedBehaviours, unkeyedBehaviours, well, type Behaviours } from './graph.ts';
import { livesIn } from './lives.ts';
import { seeded } from '../harness/core.ts';
import { firstSeed, sized, tally } from '../harness/size.ts';

const folder = tempFolder();
let world: World;

beforeAll(async () => {
  world = await startWorld(join(folder.path, 'world.jsonl'));
});
afterAll(() => {
  world.stop();
  folder.remove();
});

const lives = livesIn(folder.path, () => world);
const { newPlan, live, killAtEveryHit, recoverAndJudge, recoverAndJudgeRollback } = lives;

describe('SIGKILL at every hit of every fault point', () => {
  let hits: Record<string, number>;

  it('a life without faults passes every point', async () => {
    const report = await live(newPlan([well]));
    if (report === 'killed') throw new Error('Nobody killed this life');
    hits = report.hits;
    expect(Object.keys(hits).sort()).toEqual([...faultPoints].sort());
    expect(report.runs[0]).toMatchObject({ word: 'complete', repeated: 0 });
  });

  for (const point of faultPoints) {
    it.concurrent(`${point}: nothing is lost, nothing happens twice`, { timeout: 400_000 }, async () => {
      const whole = await killAtEveryHit(newPlan([]), point, hits[point] ?? 0);
      const { repeated, asked } = await recoverAndJudge(whole);
      // Only a call that may have been made is ever put to a person, and only then is work repeated.
      const times = sized({ small: 1, push: 3, soak: 1 });
      if (point === 'after_call') expect(asked).toBe(times);
      if (point === 'before_commit') expect(repeated).toBeLessThanOrEqual((hits[point] ?? 0) * times);
    });
  }
});

describe('SIGKILL in the middle of a rollback', () => {
  let hits: Record<string, number>;

  it('a rollback without faults passes every point', async () => {
    const report = await live({ ...newPlan([well]), rollback: true });
    if (report === 'killed') throw new Error('Nobody killed this life');
    hits = report.hits;
    expect(Object.keys(hits).sort()).toEqual([...faultPoints].sort());
    expect(report.runs[0]).toMatchObject({ word: 'rolled_back', repeated: 0 });
  });

  for (const point of faultPoints) {
    it.concurrent(`${point}: every change is undone exactly once`, { timeout: 400_000 }, async () => {
      const whole = await killAtEveryHit({ ...newPlan([]), rollback: true }, point, hits[point] ?? 0);
      expect(await recoverAndJudgeRollback(whole)).toMatchObject({ asked: 0 });
    });
  }

  const rounds = sized({ small: 2, push: 20, soak: 10 });
  for (let round = 1; round <= rounds; round += 1) {
    it(`at random instants, eight runs at once, round ${round} of ${rounds}`, { timeout: 120_000 }, async () => {
      const random = seeded(firstSeed + round);
      const answer = (): string => keyedBehaviours[Math.floor(random() * keyedBehaviours.length)] ?? 'ok';
      const runs = Array.from({ length: 8 }, () => ({ ...well, undo: answer() }));
      const plan: ChildPlan = { ...newPlan(runs), rollback: true };
      let kills = 0;
      for (let life = 0; life < 2; life += 1)
        if ((await live({ ...plan, killInRollbackMs: random() * 150 })) === 'killed') kills += 1;
      await recoverAndJudgeRollback(plan).catch((error: unknown) => {
        throw new Error(`Seed ${firstSeed} (HOLDFAST_SEED), round ${round}: ${String(error)}`, { cause: error });
      });
      tally({ 'kills in rollbacks': kills });
    });
  }
});

describe('SIGKILL at random instants', () => {
  const kills = sized({ small: 100, push: 500, soak: 80 });

  it(`${kills} kills: nothing is lost, nothing happens twice`, { timeout: 1_800_000 }, async () => {
    const counts = { kills: 0, lives: 0, runs: 0, asked: 0, repeated: 0 };
    let seed = firstSeed;
    await Promise.all([killer(), killer()]);
    tally(counts);

    /** Eight runs at once, and two more in every life, each killed in the middle; then everything must come to its end. */
    async function killer(): Promise<void> {
      while (counts.kills < kills) {
        seed += 1;
        const random = seeded(seed);
        const pick = (from: string[]): string => from[Math.floor(random() * from.length)] ?? 'ok';
        const anyRun = (): Behaviours => ({
          keyed: pick(keyedBehaviours),
          unkeyed: pick(unkeyedBehaviours),
          asked: pick(keyedBehaviours),
        });
        const plan = newPlan(Array.from({ length: 8 }, anyRun));
        for (let life = 0; life < 6; life += 1) {
          counts.lives += 1;
          if ((await live(plan, random() * 300)) === 'killed') counts.kills += 1;
          plan.runs.push(anyRun(), anyRun());
        }
        const { asked, repeated } = await recoverAndJudge(plan).catch((error: unknown) => {
          throw new Error(`Seed ${seed}: ${String(error)} (again with HOLDFAST_SEED=${seed - 1})`, { cause: error });
        });
        counts.runs += plan.runs.length;
        counts.asked += asked;
        counts.repeated += repeated;
      }
    }
  });
});
