/**
 * One simulated life of a data folder, from one seed: the real core, engine, dispatcher and store, with virtual time, a
 * world that misbehaves, people who are late, hosts that die and clocks that jump. After a while luck turns good, so that
 * what remains is whether everything comes to an end. The same seed gives the same log, to the last bit.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createAwakeClock } from '../../main/runtime/awake.ts';
import { createDispatcher } from '../../main/runtime/dispatcher.ts';
import { createEngine, type Engine, type Random } from '../../main/runtime/engine.ts';
import type { FaultPoint } from '../../main/runtime/faults.ts';
import type { Scheduler } from '../../main/runtime/scheduler.ts';
import { stepKinds } from '../../main/steps/index.ts';
import { seeded } from '../harness/core.ts';
import { simulatedCallers } from './callers.ts';
import { newDataDir, simulatedDisk } from './disk.ts';
import { randomWorkflows } from './graphs.ts';
import { judge } from './judge.ts';
import { simulatedPeople } from './people.ts';
import { simulatedKind } from './steps.ts';
import { virtualTime, type Alive } from './time.ts';
import { simulatedWorld } from './world.ts';

export interface Simulation {
  seed: number;
  /** SHA-256 over every event in the order it was written, and every deed in the order it was done. */
  hash: string;
  broken: string[];
  crashes: number;
  events: number;
  deeds: number;
}

interface Host extends Alive {
  engine: Engine | undefined;
  /** It is closing, or its disk refused a write: from then on it may refuse everything. */
  isClosing: boolean;
}

/** Virtual time until luck turns good, and happenings until a simulation counts as one that never ends. */
const calmAfterMs = 8 * 60_000;
const hopelessAfter = 150_000;
const mostCrashes = 6;
const mostLeaves = 3;

/** The engine's expressions measure their working time; in a simulation no time passes while something is worked out. */
async function withStillClock<T>(work: () => Promise<T>): Promise<T> {
  const { now } = performance;
  performance.now = () => 0;
  try {
    return await work();
  } finally {
    performance.now = now;
  }
}

/** `tell` is given what happens, a line each. */
export function simulate(seed: number, folder: string, tell: (line: string) => void = () => {}): Promise<Simulation> {
  return withStillClock(() => life(seed, folder, tell));
}

async function life(seed: number, folder: string, tell: (line: string) => void): Promise<Simulation> {
  const draw = seeded(seed);
  const dataDir = newDataDir(folder, `seed-${seed}`);
  const hash = createHash('sha256');
  const time = virtualTime();
  let happenings = 0;
  let crashes = 0;
  let leaves = 0;
  let host: Host | undefined;
  const isCalm = (): boolean => time.elapsed() > calmAfterMs;
  const usualFortune = 0.3 + draw() * 0.68;
  const riskPerPoint = draw() < 0.3 ? 0 : draw() * 0.02;
  const riskPerWrite = draw() < 0.8 ? 0 : 0.01;
  const luck = { draw, fortune: () => (isCalm() ? 1 : usualFortune) };
  const disk = simulatedDisk({
    dataDir,
    time,
    draw,
    hash,
    tell,
    refusal: () => (isCalm() ? 0 : riskPerWrite),
  });
  const world = simulatedWorld(time, luck, disk.isAnnounced);
  const areAbsent = draw() < 0.1;
  simulatedPeople({ time, disk, world, draw, isCalm, areAbsent, engine: () => host?.engine });

  simulatedCallers({ time, disk, draw, isCalm, engine: () => host?.engine });

  const workflows = randomWorkflows(seed, 1 + Math.floor(draw() * 4), draw);
  const starts = Array.from({ length: 2 + Math.floor(draw() * 7) }, (_, index) => ({
    workflow: workflows[index % workflows.length] ?? workflows[0],
    commandId: `start-${index}`,
    ...(draw() < 0.2 ? { key: `key-${Math.floor(draw() * 2)}` } : {}),
    runId: undefined as string | undefined,
  }));
  const acknowledged: string[] = [];

  function die(): void {
    if (!host?.isAlive) return;
    crashes += 1;
    tell(`${time.elapsed()} the host dies`);
    host.isAlive = false;
    host = undefined;
    void disk.close();
    time.after(draw() * 20_000, () => void born());
  }

  async function born(): Promise<void> {
    const mine: Host = { isAlive: true, engine: undefined, isClosing: false };
    host = mine;
    const store = await disk.open(mine);
    // What a host left behind is whole at every moment, not only in the end.
    for (const finding of (await disk.inner()?.doctor({})) ?? [])
      if (!finding.ok) world.complaints.push(`doctor: ${finding.message}`);
    const scheduler = time.schedulerOf(mine);
    const kinds = new Map([...stepKinds, ['test', simulatedKind(luck, scheduler)]]);
    const ownDraw = seeded(Math.floor(draw() * 2 ** 31));
    const random: Random = {
      id: () => `id_${Math.floor(ownDraw() * 2 ** 48).toString(36)}`,
      draw: ownDraw,
      digest: (text) => createHash('sha256').update(text).digest('hex'),
    };
    const faults = {
      // What a dead host still does reaches neither the disk nor the world.
      hit(_point: FaultPoint): void {
        if (mine.isAlive && !isCalm() && crashes < mostCrashes && draw() < riskPerPoint) die();
      },
    };
    const awake = createAwakeClock({
      clock: time.wall,
      monotonic: time.monotonic,
      every: (tick, ms) => repeat(tick, ms, scheduler),
    });
    const dispatcher = createDispatcher({
      kinds,
      http: (request, signal) => (mine.isAlive ? world.http(request, signal, mine) : new Promise(() => {})),
      clock: time.wall,
      awakeMs: awake.ms,
      log: () => {},
      scheduler,
    });
    const engine = createEngine({
      store,
      dispatcher,
      kinds,
      clock: time.wall,
      awake,
      random,
      faults,
      scheduler,
      onHalt: () => {
        mine.isClosing = true;
        time.after(draw() * 10_000, die, mine);
      },
      onBrokenRun: (runId, error) => mine.isAlive && world.complaints.push(`${runId} is broken: ${String(error)}`),
    });
    engine.onEvents((runId, events) => {
      const last = events.findLast((event) => !event.lazy);
      if (mine.isAlive && last && disk.lastSeq(runId) < last.seq)
        world.complaints.push(`${runId}: event ${last.seq} was told before it was on the disk`);
    });
    mine.engine = engine;
    engine.start().catch((error: unknown) => {
      if (mayFail(mine)) return;
      world.complaints.push(`recovery failed: ${String(error)}`);
    });
  }

  function start(index: number): void {
    const wanted = starts[index];
    if (!wanted?.workflow || wanted.runId !== undefined) return;
    const { workflow, commandId, key } = wanted;
    const said = {
      commandId,
      input: { order: index },
      env: {},
      by: 'person:ada',
      ...(key === undefined ? {} : { key }),
    };
    const asked = host;
    asked?.engine?.startRun({ ...workflow, ...said }).then(
      ({ runId }) => {
        wanted.runId = runId;
        acknowledged.push(runId);
        if (disk.lastSeq(runId) === 0) world.complaints.push(`${runId} was acknowledged before it was on the disk`);
      },
      (error: unknown) => {
        if (mayFail(asked)) return;
        world.complaints.push(`start ${index} failed: ${String(error)}`);
      },
    );
    time.after(30_000, () => start(index));
  }

  /** Cancel, roll back, jump, sleep, die: what nobody planned for. */
  function disturb(): void {
    if (isCalm()) return;
    const fate = draw();
    const run = starts[Math.floor(draw() * starts.length)]?.runId;
    const request = { commandId: `whim-${happenings}`, runId: run ?? '', by: 'person:ada' };
    const ignore = (): void => undefined;
    tell(`${time.elapsed()} disturbed: ${fate.toFixed(2)}`);
    if (fate < 0.15) time.jump(draw() * (draw() < 0.2 ? 86_400_000 : 60_000));
    else if (fate < 0.3) time.jump(-draw() * (draw() < 0.2 ? 3_600_000 : 60_000));
    else if (fate < 0.4) {
      time.sleep(draw() * 8 * 3_600_000);
      world.breakConnections();
    } else if (fate < 0.7 && crashes < mostCrashes) die();
    else if (fate < 0.75 && run !== undefined) host?.engine?.cancelRun(request).catch(ignore);
    else if (fate < 0.85 && run !== undefined) host?.engine?.rollbackRun(request).catch(ignore);
    else if (fate < 0.9 && host && leaves < mostLeaves) leave(host);
    time.after(draw() * 60_000, disturb);
  }

  /** A host that closes properly, and is opened again. */
  function leave(leaving: Host): void {
    leaves += 1;
    leaving.isClosing = true;
    void leaving.engine?.stop().then(() => leaving === host && die());
  }

  async function settle(): Promise<void> {
    do await new Promise((resolve) => void setImmediate(resolve));
    while (disk.inFlight() > 0);
  }

  async function isOver(): Promise<boolean> {
    if (!isCalm() || happenings % 50 !== 0) return false;
    if (starts.some(({ runId }) => runId === undefined)) return false;
    const unfinished = (await disk.inner()?.runs({ unfinished: true })) ?? [];
    if (unfinished.length === 0 && disk.inner()) return true;
    return areAbsent && time.elapsed() > calmAfterMs * 10;
  }

  async function verdict(): Promise<string[]> {
    if (host?.isAlive) host.isAlive = false;
    await disk.close();
    const { runs, broken } = await judge(await disk.open({ isAlive: true }), world, acknowledged);
    await disk.close();
    for (const { state } of runs) hash.update(JSON.stringify(state));
    return broken;
  }

  await born();
  starts.forEach((_, index) => void time.after(draw() * 60_000, () => start(index)));
  time.after(draw() * 10_000, disturb);
  const broken: string[] = [];
  for (;;) {
    await settle();
    if (await isOver()) break;
    happenings += 1;
    if (happenings > hopelessAfter) broken.push('it does not come to an end');
    if (broken.length > 0 || !time.step()) break;
  }
  for (const sentence of await verdict()) broken.push(sentence);
  rmSync(dataDir, { recursive: true, force: true });
  return {
    seed,
    hash: hash.update(world.deeds.join('\n')).digest('hex'),
    broken,
    crashes,
    events: disk.written(),
    deeds: world.deeds.length,
  };
}

function repeat(tick: () => void, ms: number, scheduler: Scheduler): () => void {
  let timer = scheduler.set(ring, ms);
  function ring(): void {
    timer = scheduler.set(ring, ms);
    tick();
  }
  return () => scheduler.clear(timer);
}

function mayFail(host: Host): boolean {
  return !host.isAlive || host.isClosing;
}
