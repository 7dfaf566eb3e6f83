/**
 * SIGKILL at every hit of every fault point, and at random instants. After each kill a new process opens the same data
 * folder and goes on; then the world's ledger is compared with what the app says. Lost: confirmed here, nothing there.
 * Duplicate: done twice there.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultPoints, type FaultPoint } from '../../main/runtime/faults.ts';
import { runChild, startWorld, tempFolder, type World } from '../harness/processes.ts';
import type { Deed } from '../harness/world.ts';
import type { ChildPlan, ChildReport } from './child.ts';
import { keyedBehaviours, unkeyedBehaviours, type Behaviours } from './graph.ts';
import { seeded } from '../harness/core.ts';
import { firstSeed, sized, tally } from '../harness/size.ts';

const well: Behaviours = { keyed: 'ok', unkeyed: 'ok' };
const entry = fileURLToPath(new URL('child.ts', import.meta.url));
const folder = tempFolder();
let world: World;
let folders = 0;

beforeAll(async () => {
  world = await startWorld(join(folder.path, 'world.jsonl'));
});
afterAll(() => {
  world.stop();
  folder.remove();
});

function newPlan(runs: Behaviours[]): ChildPlan {
  folders += 1;
  return { dataDir: join(folder.path, `data-${folders}`), origin: world.origin, runs };
}

async function live(plan: ChildPlan, killAfterMs?: number): Promise<ChildReport | 'killed'> {
  const ended = await runChild(entry, {
    env: { CRASH_PLAN: JSON.stringify(plan) },
    ...(killAfterMs === undefined ? {} : { killAfterMs }),
  });
  if (ended.signal === 'SIGKILL') return 'killed';
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  return JSON.parse(ended.stdout) as ChildReport;
}

/** Each life recovers the run that the life before broke, then starts one of its own and is killed in it. */
async function killAtEveryHit(plan: ChildPlan, point: FaultPoint, hits: number): Promise<ChildPlan> {
  const times = sized({ small: 1, push: 3, soak: 1 });
  for (let time = 0; time < times; time += 1) {
    for (let hit = 1; hit <= hits; hit += 1) {
      plan.runs.push(well);
      expect(await live({ ...plan, fault: { point, hit } }), `hit ${hit} of ${point} was never reached`).toBe('killed');
    }
  }
  tally({ 'kills at fault points': hits * times });
  return plan;
}

/** Lives until every run has ended, with a person who looks at the world before answering. */
async function recover(plan: ChildPlan): Promise<{ runs: ChildReport['runs']; repeated: number; asked: number }> {
  const { fault: _fault, ...whole } = plan;
  let report = await live(whole);
  let asked = 0;
  // A call that a person had made again may be lost again: the world misbehaves at the first call that reaches it.
  for (let round = 0; round < 3; round += 1) {
    if (report === 'killed') throw new Error('Nobody killed this life');
    const parked = report.runs.filter((run) => run.word === 'escalated');
    if (parked.length === 0) break;
    for (const run of parked)
      expect(run).toMatchObject({ reason: 'in_doubt', openTasks: ['in_doubt'], tellOutcome: 'in_doubt' });
    asked += parked.length;
    const before = await world.deeds();
    const happened = (runId: string): boolean => before.some((deed) => deed.path === `/unkeyed/${runId}`);
    const answers = Object.fromEntries(
      parked.map((run) => [run.runId, happened(run.runId) ? ('happened' as const) : ('not_happened' as const)]),
    );
    report = await live({ ...whole, answers });
  }
  if (report === 'killed') throw new Error('Nobody killed this life');
  const repeated = report.runs.reduce((sum, run) => sum + run.repeated, 0);
  return { runs: report.runs, repeated, asked };
}

async function recoverAndJudge(plan: ChildPlan): Promise<{ repeated: number; asked: number }> {
  const recovered = await recover(plan);
  const deeds = await world.deeds();
  for (const run of recovered.runs) {
    expect(run).toMatchObject({ word: 'complete', openTasks: [] });
    placeOfOnly(deeds, `/keyed/${run.runId}`);
    placeOfOnly(deeds, `/unkeyed/${run.runId}`);
  }
  return recovered;
}

/** Everything was done once and undone once, the last change first. */
async function recoverAndJudgeRollback(plan: ChildPlan): Promise<{ repeated: number; asked: number }> {
  const recovered = await recover(plan);
  const deeds = await world.deeds();
  for (const run of recovered.runs) {
    expect(run).toMatchObject({ word: 'rolled_back', openTasks: [] });
    const places = ['keyed', 'unkeyed', 'keyed/undo-tell', 'keyed/undo-pay'].map((target) =>
      placeOfOnly(deeds, `/${target}/${run.runId}`),
    );
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    const [paid = -1, , , unpaid = -1] = places;
    expect(deeds[unpaid]?.payload).toBe(JSON.stringify({ deed: `deed_${paid + 1}` }));
  }
  return recovered;
}

/** Where in the world's ledger this was done; it must have been done exactly once. */
function placeOfOnly(deeds: Deed[], path: string): number {
  expect(
    deeds.filter((deed) => deed.path === path),
    `what was done to ${path}`,
  ).toHaveLength(1);
  return deeds.findIndex((deed) => deed.path === path);
}

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
    it(`${point}: nothing is lost, nothing happens twice`, { timeout: 400_000 }, async () => {
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
    it(`${point}: every change is undone exactly once`, { timeout: 400_000 }, async () => {
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
  const kills = sized({ small: 100, push: 500, soak: 150 });

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
        const anyRun = (): Behaviours => ({ keyed: pick(keyedBehaviours), unkeyed: pick(unkeyedBehaviours) });
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
