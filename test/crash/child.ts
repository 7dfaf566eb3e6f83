/**
 * One life of the application under test. It starts the given runs (the same command ids every time, so a second life
 * finds the runs of the first), answers what its parent tells it to, waits until every run ended or is parked, and
 * prints their states. With a fault named, it kills itself with SIGKILL at exactly the n-th hit of that point.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import { createApp } from '../../main/app.ts';
import type { FaultPoint } from '../../main/runtime/faults.ts';
import { crashGraph, type Behaviours } from './graph.ts';

export interface ChildPlan {
  dataDir: string;
  origin: string;
  runs: Behaviours[];
  /** Hits are those of the last run alone (with `rollback`: of its rollback); the others are settled before. */
  fault?: { point: FaultPoint; hit: number };
  /** Answers to the open in-doubt tasks, by run id. */
  answers?: Record<string, 'happened' | 'not_happened'>;
  /** Complete runs are rolled back, the last one alone. */
  rollback?: boolean;
  /** Loaded, it waits until it is told to begin. */
  waitsForGo?: true;
  /** Kills itself this long after it asked for the first rollback. */
  killInRollbackMs?: number;
}

export interface ChildReport {
  hits: Record<string, number>;
  runs: { runId: string; word: string; reason?: string; tellOutcome?: string; repeated: number; openTasks: string[] }[];
}

/** Its parent counts the time to its death from here: everything is loaded, and nothing has begun. */
process.send?.('loaded');
/** What a life tells its parent: what is on the disk, that it had to stop, or that it could not begin. */
export type ChildNews = { runId: string; seq: number } | { halted: string } | { refused: string };

const plan = JSON.parse(process.env['CRASH_PLAN'] ?? '{}') as ChildPlan;
if (plan.waitsForGo) await once(process, 'message');
const hits: Record<string, number> = {};
let isCounting = !plan.rollback && !plan.fault;
const faults = {
  hit(point: FaultPoint): void {
    if (!isCounting) return;
    hits[point] = (hits[point] ?? 0) + 1;
    if (plan.fault?.point === point && plan.fault.hit === hits[point]) process.kill(process.pid, 'SIGKILL');
  },
};
const { hostname, port } = new URL(plan.origin);
const app = await createApp({
  dataDir: plan.dataDir,
  host: 'terminal',
  faults,
  onHalt: (error) => {
    process.send?.({ halted: messageOf(error) } satisfies ChildNews);
    // Long enough to see whether anything is still called.
    process.on('uncaughtException', () => undefined);
    setTimeout(() => process.exit(3), 200);
  },
}).catch(refuse);
app.engine.onEvents((runId, events) => {
  const last = events.findLast((event) => !event.lazy);
  if (last) process.send?.({ runId, seq: last.seq } satisfies ChildNews);
});
const consent = { commandId: 'crash-consent', host: hostname, port: Number(port), by: 'person:tester' };
await app.handlers['hosts.allow'](consent, new AbortController().signal);
// The world misbehaves on purpose, in many runs at once; that it is called again soon is part of every life.
await app.store.saveSetting('breaker', { failures: 5, openMs: 200, longestOpenMs: 1_000 }).catch(refuse);
await app.start().catch(refuse);
const runIds: string[] = [];
for (const [index, behaviours] of plan.runs.entries()) {
  if (plan.fault && !plan.rollback && index === plan.runs.length - 1) {
    for (const earlier of runIds) await app.engine.settled(earlier, 60_000);
    isCounting = true;
  }
  const document = crashGraph(plan.origin, behaviours);
  const version = createHash('sha256').update(canonicalText(document)).digest('hex');
  const start = {
    document,
    version,
    input: {},
    env: {},
    by: 'person:tester',
    commandId: `${plan.dataDir}-${index}`,
  };
  runIds.push((await app.engine.startRun(start)).runId);
}
for (const [runId, answer] of Object.entries(plan.answers ?? {})) {
  const view = await app.engine.read(runId);
  const task = Object.values(view?.state.tasks ?? {}).find((open) => open.kind === 'in_doubt' && !open.decision);
  if (!task) continue;
  await app.engine.decideTask({
    commandId: `answer-${task.taskId}`,
    runId,
    taskId: task.taskId,
    answer,
    by: 'person:tester',
  });
}
if (plan.rollback) {
  const last = runIds.slice(-1);
  await Promise.all(runIds.slice(0, -1).map(rollBack));
  await Promise.all(last.map(async (runId) => app.engine.settled(runId, 60_000)));
  isCounting = true;
  await Promise.all(last.map(rollBack));
}
const report: ChildReport = { hits, runs: [] };
for (const runId of runIds) {
  const state = await app.engine.settled(runId, 60_000);
  const tell = Object.values(state.effects).find((effect) => effect.class === 'once');
  report.runs.push({
    runId,
    word: state.word,
    repeated: state.repeated,
    openTasks: Object.values(state.tasks).flatMap((task) => (task.decision || task.closedAt ? [] : [task.kind])),
    ...(state.reason === undefined ? {} : { reason: state.reason }),
    ...(tell ? { tellOutcome: tell.status } : {}),
  });
}
await app.stop();
process.stdout.write(`${JSON.stringify(report)}\n`);
process.disconnect?.();

/** It could not begin. */
function refuse(error: unknown): never {
  process.send?.({ refused: messageOf(error) } satisfies ChildNews);
  process.disconnect?.();
  process.exit(4);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function rollBack(runId: string): Promise<void> {
  const { word } = await app.engine.settled(runId, 60_000);
  if (word !== 'complete') return;
  const { killInRollbackMs: delayMs } = plan;
  if (delayMs !== undefined) setTimeout(() => process.kill(process.pid, 'SIGKILL'), delayMs);
  await app.engine.rollbackRun({ commandId: 'crash-rollback', runId, by: 'person:tester' });
  await app.engine.settled(runId, 60_000);
}
