// `npm run check`: types per layer, lint, format, unused code. Prints what failed in full and what passed in a line.
// Must never pass because a tool looked at nothing: each tool's silence is checked by test/layers.test.ts.
import './guard.mjs';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');
const LAYERS = ['shared', 'core', 'main', 'renderer', 'test'];

const CHECKS = [
  {
    name: 'lock file (when platform packages are missing from it: node .config/lock.mjs)',
    command: ['npm', 'ci', '--dry-run', '--offline', '--ignore-scripts'],
  },
  ...LAYERS.map((layer) => ({ name: `types: ${layer}`, command: ['tsc', '-p', `.config/tsconfig.${layer}.json`] })),
  { name: 'lint', command: ['oxlint', '--type-aware'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'unused code', command: ['knip', '--config', '.config/knip.json', '--no-progress'] },
];

function run({ name, command }) {
  return new Promise((resolve) => {
    const [tool, ...args] = command;
    const startedAt = Date.now();
    const child = spawn(tool === 'npm' ? tool : path.join(root, 'node_modules/.bin', tool), args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => resolve({ name, ok: false, output: error.message, seconds: 0 }));
    child.once('close', (code) =>
      resolve({ name, ok: code === 0, output: output.trim(), seconds: (Date.now() - startedAt) / 1000 }),
    );
  });
}

/** Runs every check and prints as it goes; resolves to one result per check. */
export async function runChecks() {
  const results = [];
  for (const check of CHECKS) {
    const result = await run(check);
    results.push(result);
    console.log(`${result.ok ? '✓' : '✗'} ${result.name} (${result.seconds.toFixed(1)} s)`);
    if (!result.ok) console.log(result.output.replace(/^/gm, '    '));
  }
  return results;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const results = await runChecks();
  const layers = await run({
    name: 'layers',
    command: ['vitest', 'run', '--config', '.config/vitest.config.mjs', '--project', 'layers'],
  });
  console.log(`${layers.ok ? '✓' : '✗'} layers, with planted violations (${layers.seconds.toFixed(1)} s)`);
  if (!layers.ok) console.log(layers.output.replace(/^/gm, '    '));
  process.exitCode = [...results, layers].every((result) => result.ok) ? 0 : 1;
}
