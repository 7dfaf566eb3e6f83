/**
 * Lives of the application under test, one process each, on one data folder after the other; and the judge who compares
 * what the app says with the world's ledger. Lost: confirmed here, nothing there. Duplicate: done twice there.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { FaultPoint } from '../../main/runtime/faults.ts';
import { runChild, type World } from '../harness/processes.ts';
import { sized, tally } from '../harness/size.ts';
import type { Deed } from '../harness/world.ts';
import type { ChildPlan, ChildReport } from './child.ts';
import { well, type Behaviours } from './graph.ts';

export const crashChild = fileURLToPath(new URL('child.ts', import.meta.url));

export type Lives = ReturnType<typeof livesIn>;

export function livesIn(folder: string, world: () => World) {
  let folders = 0;

  function newPlan(runs: Behaviours[]): ChildPlan {
    folders += 1;
    return { dataDir: join(folder, `data-${folders}`), origin: world().origin, runs };
  }

  async function live(plan: ChildPlan, killAfterMs?: number): Promise<ChildReport | 'killed'> {
    const ended = await runChild(crashChild, {
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
        expect(await live({ ...plan, fault: { point, hit } }), `hit ${hit} of ${point} was never reached`).toBe(
          'killed',
        );
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
      const before = await world().deeds();
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
    const deeds = await world().deeds();
    for (const run of recovered.runs) {
      expect(run).toMatchObject({ word: 'complete', openTasks: [] });
      placeOfOnly(deeds, `/keyed/${run.runId}`);
      placeOfOnly(deeds, `/asked/${run.runId}`);
      placeOfOnly(deeds, `/unkeyed/${run.runId}`);
    }
    return recovered;
  }

  /** Everything was done once and undone once, the last change first. */
  async function recoverAndJudgeRollback(plan: ChildPlan): Promise<{ repeated: number; asked: number }> {
    const recovered = await recover(plan);
    const deeds = await world().deeds();
    for (const run of recovered.runs) {
      expect(run).toMatchObject({ word: 'rolled_back', openTasks: [] });
      const order = ['keyed', 'asked', 'unkeyed', 'keyed/undo-tell', 'keyed/undo-book', 'keyed/undo-pay'];
      const places = order.map((target) => placeOfOnly(deeds, `/${target}/${run.runId}`));
      expect(places).toEqual(places.toSorted((one, other) => one - other));
      const [paid = -1] = places;
      const unpaid = places.at(-1) ?? -1;
      expect(deeds[unpaid]?.payload).toBe(JSON.stringify({ deed: `deed_${paid + 1}` }));
    }
    return recovered;
  }

  return { newPlan, live, killAtEveryHit, recover, recoverAndJudge, recoverAndJudgeRollback };
}

/** Where in the world's ledger this was done; it must have been done exactly once. */
function placeOfOnly(deeds: Deed[], path: string): number {
  expect(
    deeds.filter((deed) => deed.path === path),
    `what was done to ${path}`,
  ).toHaveLength(1);
  return deeds.findIndex((deed) => deed.path === path);
}
