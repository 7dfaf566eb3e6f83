// Runs every suite one after the other, each within its time budget, and adds up what passed and failed.
// Must never pass by silence: a suite without tests, over its budget, or with a skipped test counts as failed.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildIfStale } from '../.config/build.mjs';
import { runChecks } from '../.config/check.mjs';
import { prepare } from './prepare.ts';

type Size = 'small' | 'push';
type Counts = { passed: number; failed: number; notes: string[] };
type Suite = { name: string; budgetSeconds: number; pushBudgetSeconds?: number; coverage?: true; needsBuild?: true };
type Row = Counts & { name: string; seconds: number; budgetSeconds: number };

/** The budgets add up to 15 minutes; those with a push budget are the ones that have larger sizes, 45 minutes in all. */
const SUITES: Suite[] = [
  { name: 'check', budgetSeconds: 40 },
  { name: 'layers', budgetSeconds: 30 },
  { name: 'unit', budgetSeconds: 130, pushBudgetSeconds: 450, coverage: true },
  { name: 'store', budgetSeconds: 50, pushBudgetSeconds: 150 },
  { name: 'replay', budgetSeconds: 20 },
  { name: 'simulation', budgetSeconds: 25, pushBudgetSeconds: 150 },
  { name: 'api', budgetSeconds: 35, pushBudgetSeconds: 150, needsBuild: true },
  { name: 'cli', budgetSeconds: 110 },
  { name: 'crash', budgetSeconds: 115, pushBudgetSeconds: 1200, needsBuild: true },
  { name: 'disasters', budgetSeconds: 45, pushBudgetSeconds: 350, needsBuild: true },
  { name: 'planted', budgetSeconds: 20, pushBudgetSeconds: 200 },
  { name: 'e2e', budgetSeconds: 150, needsBuild: true },
  { name: 'desktop', budgetSeconds: 80, needsBuild: true },
  { name: 'package', budgetSeconds: 50, needsBuild: true },
];

const root = path.resolve(import.meta.dirname, '..');
const reports = path.join(root, 'out/test');
const running = new Set<number>();

function stopChildren(): void {
  for (const pid of running) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group is gone already, which is what we wanted.
    }
  }
}

/** A suite that does not end by itself is stopped at twice its budget, with everything it started. */
function runVitest(suite: Suite, size: Size, budgetSeconds: number, paths: string[]): Promise<Counts> {
  const report = path.join(reports, `${size}-${suite.name}.json`);
  rmSync(report, { force: true });
  const args = ['run', '--config', '.config/vitest.config.mjs', '--project', suite.name, '--reporter=default'];
  args.push('--reporter=json', `--outputFile.json=${report}`);
  if (suite.coverage && size === 'small' && paths.length === 0) args.push('--coverage');
  args.push(...paths);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: process.platform !== 'win32',
      env: { ...process.env, HOLDFAST_TEST_SIZE: size },
    });
    const pid = child.pid;
    if (pid !== undefined) running.add(pid);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      stopChildren();
    }, budgetSeconds * 2000);
    child.once('close', (code) => {
      clearTimeout(timer);
      if (pid !== undefined) running.delete(pid);
      resolve(
        timedOut ? { passed: 0, failed: 1, notes: ['stopped at twice its budget'] } : readCounts(report, code ?? 1),
      );
    });
  });
}

type VitestReport = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; name: string; assertionResults: unknown[] }[];
};

function readCounts(report: string, exitCode: number): Counts {
  if (!existsSync(report)) return { passed: 0, failed: 1, notes: ['ran no tests'] };
  const found: VitestReport = JSON.parse(readFileSync(report, 'utf8'));
  const brokenFiles = found.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const skipped = found.numPendingTests + found.numTodoTests;
  const notes = brokenFiles.map((file) => `${path.relative(root, file.name)} did not load`);
  if (skipped > 0) notes.push(`${skipped} skipped`);
  let failed = found.numFailedTests + brokenFiles.length + skipped;
  if (found.numPassedTests + failed === 0) {
    failed = 1;
    notes.push('ran no tests');
  }
  if (exitCode !== 0 && failed === 0) {
    failed = 1;
    notes.push('coverage below its threshold, or an error outside the tests');
  }
  return { passed: found.numPassedTests, failed, notes };
}

async function runCheckSuite(): Promise<Counts> {
  const results = await runChecks();
  const broken = results.filter((result) => !result.ok);
  return { passed: results.length - broken.length, failed: broken.length, notes: broken.map((result) => result.name) };
}

async function runSuite(suite: Suite, size: Size, paths: string[]): Promise<Row> {
  const budgetSeconds = size === 'small' ? suite.budgetSeconds : (suite.pushBudgetSeconds ?? suite.budgetSeconds);
  console.log(`\n── ${suite.name} (${budgetSeconds} s)`);
  const startedAt = performance.now();
  const counts = suite.name === 'check' ? await runCheckSuite() : await runVitest(suite, size, budgetSeconds, paths);
  const seconds = (performance.now() - startedAt) / 1000;
  const isOver = seconds > budgetSeconds;
  return {
    ...counts,
    name: suite.name,
    seconds,
    budgetSeconds,
    failed: counts.failed + (isOver ? 1 : 0),
    notes: isOver ? [...counts.notes, 'over its budget'] : counts.notes,
  };
}

/** A test file that no suite runs would be a test nobody runs. */
function orphanTests(): string[] {
  const folders = new Set(['harness', ...SUITES.map((suite) => suite.name)]);
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => file.endsWith('.test.ts') && file !== 'layers.test.ts' && !folders.has(file.split('/')[0] ?? ''));
}

function printTable(rows: Row[]): void {
  const line = (cells: string[]) =>
    console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(9) : at === 5 ? cell : cell.padStart(8))).join(' '));
  console.log('');
  line(['suite', 'passed', 'failed', 'seconds', 'budget', '']);
  for (const row of rows)
    line([
      row.name,
      String(row.passed),
      String(row.failed),
      row.seconds.toFixed(1),
      String(row.budgetSeconds),
      row.notes.join('; '),
    ]);
}

function readArguments(args: string[]): { size: Size; only: string[]; paths: string[] } {
  const sizeAt = args.indexOf('--size');
  const size = sizeAt >= 0 ? args[sizeAt + 1] : 'small';
  if (size !== 'small' && size !== 'push') throw new Error(`--size is small or push, not "${size ?? ''}".`);
  const rest = args.filter((_, at) => sizeAt < 0 || (at !== sizeAt && at !== sizeAt + 1));
  const only = rest.filter((word) => SUITES.some((suite) => suite.name === word));
  return { size, only, paths: rest.filter((word) => !only.includes(word)) };
}

async function main(): Promise<number> {
  const { size, only, paths } = readArguments(process.argv.slice(2));
  if (paths.length > 0 && only.length === 0)
    throw new Error(`Say which suite first: ${SUITES.map((suite) => suite.name).join(', ')}.`);
  const chosen = SUITES.filter((suite) =>
    only.length > 0 ? only.includes(suite.name) : size === 'small' || suite.pushBudgetSeconds,
  );
  const orphans = orphanTests();
  if (orphans.length > 0)
    throw new Error(`No suite runs test/${orphans.join(', test/')}: add its folder to SUITES in test/run.ts.`);
  const sentence = prepare();
  if (sentence) throw new Error(sentence);
  mkdirSync(reports, { recursive: true });
  const rows: Row[] = [];
  try {
    if (chosen.some((suite) => suite.needsBuild)) await buildIfStale();
  } catch (error) {
    console.error(`The build failed: ${error instanceof Error ? error.message : String(error)}`);
    rows.push({ name: 'build', passed: 0, failed: 1, seconds: 0, budgetSeconds: 0, notes: ['does not build'] });
  }
  for (const suite of chosen) rows.push(await runSuite(suite, size, paths));
  printTable(rows);
  const passed = rows.reduce((sum, row) => sum + row.passed, 0);
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  writeFileSync(path.join(reports, `${size}.counts`), `${passed} ${failed}\n`);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
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
