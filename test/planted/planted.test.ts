/**
 * Plants each mistake of the list in a copy of the source and runs the test that must notice. The copy without a mistake
 * passes the same tests in the other suites; here it only has to fail, and by a test's word, not by breaking apart.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { tempFolder } from '../harness/processes.ts';
import { size, tally } from '../harness/size.ts';
import { plantedBugs, type Catcher, type PlantedBug } from './bugs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = tempFolder();
const copied = ['main', 'shared', 'renderer', 'test', 'resources', '.config', 'package.json', 'tsconfig.json'];
const chosen = plantedBugs.filter((bug) => size !== 'small' || bug.quick);
const limitMs = 240_000;
const { HOLDFAST_COUNTS: _counts, ...withoutCounts } = process.env;

afterAll(() => folder.remove());

function newCopy(name: string): string {
  const copy = join(folder.path, name);
  mkdirSync(copy);
  for (const part of copied) cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function argsOf(catcher: Catcher): string[] {
  if ('simulation' in catcher)
    return ['test/simulation/main.ts', '--from', '1', '--count', String(catcher.simulation), '--until-broken'];
  const { suite, files, named } = catcher;
  const only = named === undefined ? [] : ['-t', named];
  return [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config=.config/vitest.config.mjs',
    `--project=${suite}`,
    '--reporter=dot',
    '--bail=1',
    ...only,
    ...files,
  ];
}

/** How the test ended, and what it said. */
function runIn(copy: string, catcher: Catcher): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, argsOf(catcher), {
    cwd: copy,
    env: { ...withoutCounts, HOLDFAST_TEST_SIZE: 'small', HOLDFAST_SEED: '1', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const read = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

async function plant(bug: PlantedBug, index: number): Promise<void> {
  const copy = newCopy(`copy-${index}`);
  const file = join(copy, bug.file);
  const source = readFileSync(file, 'utf8');
  expect(source.split(bug.find), `"${bug.find}" is in ${bug.file} once`).toHaveLength(2);
  writeFileSync(
    file,
    source.replace(bug.find, () => bug.replace),
  );
  const { code, output } = await runIn(copy, bug.caughtBy);
  expect(code, `nobody noticed that ${bug.name}:\n${output.slice(-2_000)}`).toBe(1);
  // A test said so; a program that does not even load would say something else.
  expect(output).toMatch(/^Seed \d|AssertionError|Property failed|FAIL {1,2}/m);
  expect(output).not.toMatch(/SyntaxError|Cannot find module|No test files found/);
}

describe('A planted mistake is noticed', () => {
  for (const [index, bug] of chosen.entries()) {
    test.concurrent(bug.name, { timeout: 2 * limitMs }, async () => {
      await plant(bug, index);
      tally({ 'planted bugs caught': 1 });
    });
  }
});
