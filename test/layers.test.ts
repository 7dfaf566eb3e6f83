// Plants violations of the layers in a small copy of the tree and requires the linter and the compiler to report each,
// and that the real tree is clean and was really read. A silent linter is a broken one.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const tool = (name: string) => path.join(root, 'node_modules/.bin', name);

type Planted = { name: string; file: string; code: string; rule: string };

const LINTED: Planted[] = [
  {
    name: 'shared imports main',
    file: 'shared/run/a.ts',
    code: `import '../../main/app.ts';`,
    rule: 'layers(imports)',
  },
  {
    name: 'shared imports a type of main',
    file: 'shared/run/b.ts',
    code: `import type { App } from '../../main/app.ts';\nexport type B = App;`,
    rule: 'layers(imports)',
  },
  { name: 'shared imports Node', file: 'shared/run/c.ts', code: `import 'node:fs';`, rule: 'layers(imports)' },
  {
    name: 'shared imports a package that is not zod',
    file: 'shared/run/d.ts',
    code: `import 'jsonata';`,
    rule: 'layers(imports)',
  },
  {
    name: 'shared imports renderer when it runs',
    file: 'shared/run/e.ts',
    code: `export const load = () => import('../../renderer/client.ts');`,
    rule: 'layers(imports)',
  },
  {
    name: 'shared re-exports the core',
    file: 'shared/run/f.ts',
    code: `export * from '../../main/runtime/core/decide.ts';`,
    rule: 'layers(imports)',
  },
  {
    name: 'the core imports the store',
    file: 'main/runtime/core/a.ts',
    code: `import '../../store/open.ts';`,
    rule: 'layers(imports)',
  },
  {
    name: 'the core imports its engine',
    file: 'main/runtime/core/b.ts',
    code: `import '../engine.ts';`,
    rule: 'layers(imports)',
  },
  {
    name: 'the core imports a package',
    file: 'main/runtime/core/c.ts',
    code: `import 'better-sqlite3';`,
    rule: 'layers(imports)',
  },
  {
    name: 'the renderer imports main',
    file: 'renderer/a.ts',
    code: `import '../main/app.ts';`,
    rule: 'layers(imports)',
  },
  { name: 'the renderer imports Node', file: 'renderer/b.ts', code: `import 'node:path';`, rule: 'layers(imports)' },
  { name: 'the renderer imports Electron', file: 'renderer/c.ts', code: `import 'electron';`, rule: 'layers(imports)' },
  {
    name: 'a feature imports another feature',
    file: 'renderer/features/runs/a.ts',
    code: `import '../editor/canvas.tsx';`,
    rule: 'layers(imports)',
  },
  {
    name: 'the engine imports Electron',
    file: 'main/runtime/d.ts',
    code: `import 'electron';`,
    rule: 'layers(imports)',
  },
  {
    name: 'a step requires Electron',
    file: 'main/steps/http/e.ts',
    code: `export const app = require('electron');`,
    rule: 'layers(imports)',
  },
  {
    name: 'the loopback host imports the Electron host',
    file: 'main/hosts/loopback/f.ts',
    code: `import '../electron/start.ts';`,
    rule: 'layers(imports)',
  },
  {
    name: 'the engine imports the composition root',
    file: 'main/runtime/g.ts',
    code: `import '../app.ts';`,
    rule: 'layers(imports)',
  },
  {
    name: 'main imports the renderer',
    file: 'main/h.ts',
    code: `import '../renderer/client.ts';`,
    rule: 'layers(imports)',
  },
  { name: 'main imports a test', file: 'main/i.ts', code: `import '../test/run.ts';`, rule: 'layers(imports)' },
  { name: 'a file outside every layer', file: 'elsewhere/j.ts', code: `import 'zod';`, rule: 'layers(imports)' },
  {
    name: 'shared reads the clock',
    file: 'shared/pure/a.ts',
    code: `export const at = Date.now();`,
    rule: 'layers(pure)',
  },
  {
    name: 'shared makes a date of now',
    file: 'shared/pure/b.ts',
    code: `export const at = new Date();`,
    rule: 'layers(pure)',
  },
  {
    name: 'shared draws at random',
    file: 'shared/pure/c.ts',
    code: `export const draw = Math.random();`,
    rule: 'layers(pure)',
  },
  {
    name: 'shared reads the process',
    file: 'shared/pure/d.ts',
    code: `export const home = process.env;`,
    rule: 'layers(pure)',
  },
  {
    name: 'the core measures time',
    file: 'main/runtime/core/d.ts',
    code: `export const at = performance.now();`,
    rule: 'layers(pure)',
  },
  {
    name: 'the core sets a timer',
    file: 'main/runtime/core/e.ts',
    code: `setTimeout(() => {}, 1);`,
    rule: 'layers(pure)',
  },
  {
    name: 'the core reaches the clock through globalThis',
    file: 'main/runtime/core/f.ts',
    code: `export const at = globalThis.Date;`,
    rule: 'layers(pure)',
  },
  { name: 'a cycle', file: 'main/store/a.ts', code: `import './b.ts';\nexport const a = 1;`, rule: 'import(no-cycle)' },
  { name: 'an any', file: 'main/store/c.ts', code: `export const c: any = 1;`, rule: 'no-explicit-any' },
  {
    name: 'a marker for later',
    file: 'main/store/d.ts',
    code: `// ${'TO'}${'DO'}: later\nexport const d = 1;`,
    rule: 'no-warning-comments',
  },
  {
    name: 'a promise nobody awaits',
    file: 'main/store/e.ts',
    code: `async function f() {}\nexport function g() {\n  f();\n}`,
    rule: 'no-floating-promises',
  },
  {
    name: 'a switch that forgets a case',
    file: 'main/store/f.ts',
    code: `export function f(x: 'a' | 'b') {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}`,
    rule: 'switch-exhaustiveness-check',
  },
];

/** Allowed, and therefore not to be reported: without these a rule that refuses everything would pass too. */
const ALLOWED: Planted[] = [
  {
    name: 'shared uses zod and itself',
    file: 'shared/ok/a.ts',
    code: `import { z } from 'zod';\nimport '../run/run.ts';\nexport const a = z.string();`,
    rule: '',
  },
  {
    name: 'the core uses shared',
    file: 'main/runtime/core/ok.ts',
    code: `import '../../../shared/run/run.ts';\nexport const at = new Date(5);`,
    rule: '',
  },
  {
    name: 'the Electron host imports Electron and the root',
    file: 'main/hosts/electron/ok.ts',
    code: `import 'electron';\nimport '../../app.ts';`,
    rule: '',
  },
  {
    name: 'a feature uses ui and shared',
    file: 'renderer/features/runs/ok.ts',
    code: `import 'react';\nimport '../../ui/frame.tsx';\nimport '../../../shared/run/run.ts';`,
    rule: '',
  },
];

/** A tree with the real configuration and nothing in it yet. */
function emptyTree(): string {
  const tree = mkdtempSync(path.join(os.tmpdir(), 'holdfast-layers-'));
  cpSync(path.join(root, '.config'), path.join(tree, '.config'), { recursive: true });
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
    cpSync(path.join(root, file), path.join(tree, file));
  symlinkSync(path.join(root, 'node_modules'), path.join(tree, 'node_modules'), 'junction');
  return tree;
}

function plant(tree: string, planted: { file: string; code: string }): void {
  const file = path.join(tree, planted.file);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${planted.code}\n`);
}

describe('the linter', () => {
  let reported: Map<string, string[]>;

  beforeAll(() => {
    const planted = emptyTree();
    plant(planted, { file: 'main/store/b.ts', code: `import './a.ts';\nexport const b = 1;` });
    for (const violation of [...LINTED, ...ALLOWED]) plant(planted, violation);
    const { stdout } = spawnSync(tool('oxlint'), ['--type-aware', '-f', 'unix'], { cwd: planted, encoding: 'utf8' });
    rmSync(planted, { recursive: true, force: true });
    reported = new Map();
    for (const line of stdout.split('\n')) {
      const file = line.split(':')[0] ?? '';
      reported.set(file, [...(reported.get(file) ?? []), line]);
    }
  });

  it.each(LINTED)('reports: $name', ({ file, rule }) => {
    expect(reported.get(file)?.filter((line) => line.includes(rule)) ?? []).not.toEqual([]);
  });

  it.each(ALLOWED)('allows: $name', ({ file }) => {
    expect(reported.get(file) ?? []).toEqual([]);
  });

  it('reads every source file of the real tree and finds it clean', () => {
    const lint = spawnSync(tool('oxlint'), ['--type-aware', '-f', 'json'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    const report = JSON.parse(lint.stdout) as { diagnostics: unknown[]; number_of_files: number };
    const sources = execFileSync('git', ['ls-files', '*.ts', '*.tsx'], { cwd: root, encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(report.diagnostics).toEqual([]);
    expect(report.number_of_files).toBeGreaterThanOrEqual(sources.length);
  });
});

describe('the compiler', () => {
  let tree: string;

  beforeEach(() => {
    tree = emptyTree();
  });

  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  const COMPILED = [
    {
      layer: 'shared',
      file: 'shared/run/dom.ts',
      code: `export const title = document.title;`,
      says: "Cannot find name 'document'",
    },
    {
      layer: 'shared',
      file: 'shared/run/node.ts',
      code: `export const home = process.env;`,
      says: "Cannot find name 'process'",
    },
    {
      layer: 'core',
      file: 'main/runtime/core/node.ts',
      code: `export const now = setTimeout;`,
      says: "Cannot find name 'setTimeout'",
    },
    {
      layer: 'main',
      file: 'main/dom.ts',
      code: `export const title = document.title;`,
      says: "Cannot find name 'document'",
    },
    {
      layer: 'main',
      file: 'main/newer.ts',
      code: `export const sorted = [2, 1].toSorted();`,
      says: "'toSorted' does not exist",
    },
    {
      layer: 'renderer',
      file: 'renderer/node.ts',
      code: `export const home = process.env;`,
      says: "Cannot find name 'process'",
    },
    {
      layer: 'shared',
      file: 'shared/run/enum.ts',
      code: `export enum Word {\n  Started,\n}`,
      says: 'erasableSyntaxOnly',
    },
  ];

  it.each(COMPILED)('refuses in $layer: $code', ({ layer, file, code, says }) => {
    plant(tree, { file, code });
    const { stdout, status } = spawnSync(tool('tsc'), ['-p', `.config/tsconfig.${layer}.json`], {
      cwd: tree,
      encoding: 'utf8',
    });
    expect(status).not.toBe(0);
    expect(stdout.split('\n').filter((line) => line.startsWith(file) && line.includes(says))).not.toEqual([]);
  });
});
