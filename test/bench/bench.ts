/**
 * Figures, never assertions: `npm run bench`. Every figure is a ratio to a yardstick of the same machine measured in the
 * same run, interleaved, median of five – absolute numbers of a shared machine mean nothing.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp, type App } from '../../main/app.ts';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import { exportDocument } from '../../shared/workflow/canonical.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { tempFolder } from '../harness/processes.ts';

const rounds = 5;
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = tempFolder();

function chain(length: number): WorkflowDocument {
  const ids = Array.from({ length }, (_, index) => `s${index}`);
  return {
    formatVersion: 1,
    id: `wf_chain_${length}`,
    name: `Chain of ${length}`,
    owner: 'role:bench',
    steps: Object.fromEntries(
      ids.map((id, index) => [
        id,
        { kind: 'transform', kindVersion: 1, label: id, config: { value: { n: index } }, checkpoint: true },
      ]),
    ),
    edges: ids.slice(1).map((id, index) => ({
      id: `e${index}`,
      from: { step: `s${index}`, port: 'out' },
      to: { step: id },
    })),
  };
}

/** Appends of 4 kB, each made durable, per second: what this disk gives one writer. */
function fsyncRate(count = 300): number {
  const file = openSync(join(folder.path, 'yardstick'), 'w');
  const block = Buffer.alloc(4096, 1);
  const start = performance.now();
  for (let index = 0; index < count; index += 1) {
    writeSync(file, block);
    fdatasyncSync(file);
  }
  closeSync(file);
  return (count * 1000) / (performance.now() - start);
}

let starts = 0;
async function stepsPerSecond(app: App, runs: number, length: number): Promise<number> {
  const document = chain(length);
  const version = createHash('sha256').update(canonicalText(document)).digest('hex');
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: runs }, async () => {
      starts += 1;
      const start = { document, version, input: {}, env: {}, by: 'person:bench', commandId: `bench-run-${starts}` };
      const { runId } = await app.engine.startRun(start);
      const state = await app.engine.settled(runId, 60_000);
      if (state.word !== 'complete') throw new Error(`A run of the bench is ${state.word}: ${state.reason}`);
    }),
  );
  return (runs * length * 1000) / (performance.now() - begin);
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function wallMs(args: string[]): number {
  const begin = performance.now();
  const ended = spawnSync(process.execPath, args, { cwd: folder.path, encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`${args.join(' ')} ended with ${ended.status}: ${ended.stderr}`);
  return performance.now() - begin;
}

/** The first 100 steps of a new folder, each round in one of its own. */
async function coldStepsPerSecond(round: number): Promise<number> {
  const fresh = await createApp({ dataDir: join(folder.path, `cold-${round}`), host: 'terminal' });
  await fresh.start();
  const rate = await stepsPerSecond(fresh, 1, 100);
  await fresh.stop();
  return rate;
}

const table: { figure: string; ratio: number; measured: string; yardstick: string }[] = [];

const app = await createApp({ dataDir: join(folder.path, 'data'), host: 'terminal' });
await app.start();
// A host that has been up for a while has grown its log; right after the start every commit still grows it.
const warmUpRuns = 12;
for (let run = 0; run < warmUpRuns; run += 1) await stepsPerSecond(app, 1, 100);
const measures: [string, (round: number) => Promise<number>][] = [
  ['durable steps/s, one run of 100 ÷ fsyncs/s', () => stepsPerSecond(app, 1, 100)],
  ['the same right after the first start ÷ fsyncs/s', coldStepsPerSecond],
  ['durable steps/s, 50 such runs at once ÷ fsyncs/s', () => stepsPerSecond(app, 50, 100)],
];
for (const [figure, measure] of measures) {
  const ratios: number[] = [];
  const steps: number[] = [];
  const syncs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = fsyncRate();
    const rate = await measure(round);
    // The yardstick on both sides: the disk of a shared machine changes its mind within a second.
    const syncRate = (before + fsyncRate()) / 2;
    steps.push(rate);
    syncs.push(syncRate);
    ratios.push(rate / syncRate);
  }
  table.push({
    figure,
    ratio: median(ratios),
    measured: `${Math.round(median(steps))} steps/s`,
    yardstick: `${Math.round(median(syncs))} fsyncs/s`,
  });
}
await app.stop();

const graphFile = join(folder.path, 'one.holdfast.json');
writeFileSync(graphFile, exportDocument(chain(1)));
const cli = join(root, 'out/main/cli.cjs');
const ours: number[] = [];
const bare: number[] = [];
for (let round = 0; round <= rounds; round += 1) {
  bare.push(wallMs(['-e', '0']));
  ours.push(wallMs([cli, 'run', graphFile, '--json', '--data', join(folder.path, 'cli')]));
}
table.push({
  figure: 'spawn → first run done ÷ bare node -e 0',
  ratio: median(ours.slice(1).map((ms, index) => ms / (bare[index + 1] ?? 1))),
  measured: `${Math.round(median(ours.slice(1)))} ms`,
  yardstick: `${Math.round(median(bare.slice(1)))} ms`,
});

for (const row of table) {
  process.stdout.write(`${row.ratio.toFixed(2).padStart(6)}  ${row.figure}  (${row.measured}, ${row.yardstick})\n`);
}
folder.remove();
