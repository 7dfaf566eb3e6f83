// One vitest project per test suite; `test/run.ts` runs them one by one, each within its time budget.
// Must never let a project pick up another one's files: a test belongs to exactly one suite.
import path from 'node:path';
import { defineConfig } from 'vitest/config';

const root = path.resolve(import.meta.dirname, '..');
const PROCESS_TEST_MS = 120_000;
/** More cases of every property on push and in a soak, and more time for them. */
const UNIT_TEST_MS = (process.env.HOLDFAST_TEST_SIZE ?? 'small') === 'small' ? 30_000 : 600_000;

/** Suites that start whole processes run one file at a time: two cores, and their timings are what they measure. */
const processSuite = (name) => ({
  extends: true,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    fileParallelism: false,
    testTimeout: PROCESS_TEST_MS,
    hookTimeout: PROCESS_TEST_MS,
    maxConcurrency: 2,
  },
});
const plainSuite = (name) => ({
  extends: true,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: UNIT_TEST_MS,
    setupFiles: ['test/harness/fast-check.ts'],
  },
});

export default defineConfig({
  root,
  cacheDir: path.join(root, 'node_modules/.cache/vitest'),
  test: {
    passWithNoTests: false,
    allowOnly: false,
    coverage: {
      provider: 'v8',
      reportsDirectory: path.join(root, 'coverage'),
      reporter: ['text-summary', 'json'],
      include: ['shared/run/**/*.ts', 'main/runtime/core/**/*.ts'],
      exclude: ['**/*.test.ts'],
      thresholds: { 'shared/run/**': { branches: 100 }, 'main/runtime/core/**': { branches: 100 } },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'shared/**/*.test.ts',
            'main/**/*.test.ts',
            'renderer/**/*.test.{ts,tsx}',
            'test/harness/**/*.test.ts',
          ],
          testTimeout: UNIT_TEST_MS,
          setupFiles: ['test/harness/fast-check.ts'],
        },
      },
      { extends: true, test: { name: 'layers', include: ['test/layers.test.ts'], testTimeout: 60_000 } },
      plainSuite('store'),
      plainSuite('replay'),
      processSuite('simulation'),
      plainSuite('api'),
      processSuite('cli'),
      processSuite('crash'),
      processSuite('disasters'),
      processSuite('planted'),
      processSuite('e2e'),
      processSuite('desktop'),
      processSuite('package'),
    ],
  },
});
