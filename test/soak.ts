// `npm run soak -- --hours N`: all random tests again and again with fresh seeds, two at a time, until the time is up.
// Prints a table after every round and writes it to out/soak.json; ends by itself, with 1 when anything failed.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildIfStale } from '../.config/build.mjs';
import { prepare } from './prepare.ts';

const AT_ONCE = 2;
const SECONDS_PER_ROUND = 1_200;
const SIMULATED_PER_ROUND = 500;

interface Job {
  name: string;
  /** Of the time there is, compared with the others. */
  share: number;
  args(seed: number): string[];
}

interface Tally {
  rounds: number;
  seconds: number;
  failed: number;
  seeds: number[];
  counts: Record<string, number>;
  failures: string[];
}

const vitest = (project: string, paths: string[], pattern?: string) => (): string[] => [
  path.join(root, 'node_modules/vitest/vitest.mjs'),
  'run',
  '--config=.config/vitest.config.mjs',
  `--project=${project}`,
  '--reporter=default',
  ...(pattern === undefined ? [] : ['-t', pattern]),
  ...paths,
];

const root = path.resolve(import.meta.dirname, '..');

const JOBS: Job[] = [
  {
    name: 'simulation',
    share: 6,
    args: (seed) => ['test/simulation/main.ts', '--from', String(seed), '--count', String(SIMULATED_PER_ROUND)],
  },
  { name: 'random kills', share: 5, args: vitest('crash', [], 'SIGKILL at random instants') },
  { name: 'fault points', share: 3, args: vitest('crash', [], 'every hit of|middle of a rollback') },
  { name: 'properties', share: 3, args: vitest('unit', ['properties', 'evolve', 'edits', 'parse', 'projections']) },
  { name: 'hostile input', share: 1, args: vitest('api', ['hostile', 'app']) },
  { name: 'store', share: 1, args: vitest('store', []) },
  { name: 'power cuts', share: 3, args: vitest('disasters', ['power']) },
  { name: 'failing disks', share: 2, args: vitest('disasters', ['io']) },
  { name: 'clock and sleep', share: 2, args: vitest('disasters', ['clock']) },
  { name: 'two processes', share: 2, args: vitest('disasters', ['owners']) },
];

const running = new Map<number, string>();
const tallies = new Map<string, Tally>(
  JOBS.map(({ name }) => [name, { rounds: 0, seconds: 0, failed: 0, seeds: [], counts: {}, failures: [] }]),
);

function stopChildren(): void {
  for (const pid of running.keys()) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group is gone already, which is what we wanted.
    }
  }
}

async function round(job: Job, seed: number): Promise<void> {
  const startedAt = performance.now();
  const countsFile = path.join(root, 'out/soak', `${job.name.replaceAll(' ', '-')}-${seed}.counts`);
  rmSync(countsFile, { force: true });
  const child = spawn(process.execPath, job.args(seed), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {
      ...process.env,
      HOLDFAST_TEST_SIZE: 'soak',
      HOLDFAST_SEED: String(seed),
      HOLDFAST_COUNTS: countsFile,
      NO_COLOR: '1',
    },
  });
  const pid = child.pid ?? 0;
  running.set(pid, job.name);
  let output = '';
  const read = (chunk: Buffer): void => {
    output = `${output}${chunk.toString()}`.slice(-200_000);
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  let isTooLong = false;
  const timer = setTimeout(() => {
    isTooLong = true;
    process.kill(-pid, 'SIGKILL');
  }, SECONDS_PER_ROUND * 1_000);
  const code = await new Promise<number | null>((resolve) => void child.once('close', resolve));
  clearTimeout(timer);
  running.delete(pid);
  const tally = tallies.get(job.name);
  if (!tally) return;
  tally.rounds += 1;
  tally.seconds += (performance.now() - startedAt) / 1_000;
  tally.seeds.push(seed);
  for (const counts of readCounts(countsFile)) {
    for (const [name, count] of Object.entries(counts)) tally.counts[name] = (tally.counts[name] ?? 0) + count;
  }
  if (code === 0) return;
  tally.failed += 1;
  const log = path.join(root, 'out/soak', `${job.name.replaceAll(' ', '-')}-${seed}.log`);
  writeFileSync(log, output);
  const why = isTooLong ? `did not end within ${SECONDS_PER_ROUND} s` : firstFailure(output);
  tally.failures.push(`HOLDFAST_SEED=${seed}: ${why} (${path.relative(root, log)})`);
}

function readCounts(file: string): Record<string, number>[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  rmSync(file);
  return lines.map((line) => JSON.parse(line) as Record<string, number>);
}

function firstFailure(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return (lines.find((line) => /^(?:Seed |AssertionError|Error:|FAIL )/.test(line)) ?? 'it failed').slice(0, 400);
}

function show(startedAt: number, hours: number): void {
  const elapsedMinutes = (Date.now() - startedAt) / 60_000;
  console.log(`\n${new Date().toISOString()} · ${elapsedMinutes.toFixed(0)} of ${(hours * 60).toFixed(0)} minutes`);
  for (const [name, { rounds, seconds, failed, counts }] of tallies) {
    const counted = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
    console.log(
      `${name.padEnd(15)} ${String(rounds).padStart(5)} rounds ${seconds.toFixed(0).padStart(6)} s ${String(failed).padStart(3)} failed  ${counted.join(', ')}`,
    );
    for (const failure of tallies.get(name)?.failures ?? []) console.log(`    ${failure}`);
  }
  const table = {
    startedAt: new Date(startedAt).toISOString(),
    elapsedMinutes,
    hours,
    jobs: Object.fromEntries(tallies),
  };
  writeFileSync(path.join(root, 'out/soak.json'), `${JSON.stringify(table, null, 2)}\n`);
}

/** The one that had least of its share so far, so that every job comes early and long ones do not starve the others. */
function nextJob(): Job | undefined {
  const names = new Set(running.values());
  const free = JOBS.filter((job) => !names.has(job.name));
  const hadOf = (job: Job): number => (tallies.get(job.name)?.seconds ?? 0) / job.share;
  return free.toSorted((one, other) => hadOf(one) - hadOf(other))[0];
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { hours: { type: 'string' }, only: { type: 'string' } } });
  const hours = Number(values.hours ?? 1);
  if (!(hours > 0)) throw new Error(`--hours is a number above 0, not "${values.hours ?? ''}".`);
  if (values.only !== undefined) JOBS.splice(0, JOBS.length, ...JOBS.filter((job) => job.name === values.only));
  if (JOBS.length === 0) throw new Error(`--only names one of: ${[...tallies.keys()].join(', ')}.`);
  const sentence = prepare();
  if (sentence !== undefined) throw new Error(sentence);
  await buildIfStale();
  mkdirSync(path.join(root, 'out/soak'), { recursive: true });
  const startedAt = Date.now();
  let seed = 1_000 + (startedAt % 1_000_000_000);
  const work = async (): Promise<void> => {
    while (Date.now() - startedAt < hours * 3_600_000) {
      const job = nextJob();
      if (!job) return;
      seed += SIMULATED_PER_ROUND;
      await round(job, seed);
      show(startedAt, hours);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const failed = [...tallies.values()].reduce((sum, tally) => sum + tally.failed, 0);
  console.log(`\n${failed === 0 ? 'Nothing failed' : `${failed} rounds failed`}; the table is in out/soak.json.`);
  return failed === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stopChildren();
    process.exit(130);
  });

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
