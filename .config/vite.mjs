// What gets bundled and how: the main process as CommonJS for Node 18, the preload as one self-contained file, the page
// for Chrome 114. Must never reach the network and must never put a script or a style into the HTML itself (CSP).
import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import react from '@vitejs/plugin-react';
import mantine from 'postcss-preset-mantine';

export const root = path.resolve(import.meta.dirname, '..');

const ENTRIES = ['desktop', 'loopback', 'cli'];

/** Loaded from node_modules at run time: Electron itself, native modules, and speed-ups of `ws` that nobody installs. */
const EXTERNAL = ['electron', 'better-sqlite3', 'libsql', 'bufferutil', 'utf-8-validate'];

const isExternal = (id) => EXTERNAL.includes(id) || id.startsWith('node:');

/**
 * Bundles entry files (name → absolute path) as CommonJS; chunks lie beside the entries so that lazy parts stay lazy.
 * @param {{ entries: Record<string, string>, outDir: string, split?: boolean }} options
 * @returns {import('vite').InlineConfig & { build: import('vite').BuildEnvironmentOptions }}
 */
export function nodeBundle({ entries, outDir, split = true }) {
  return {
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, external: EXTERNAL, target: 'node' },
    resolve: { conditions: ['node', 'module', 'import', 'default'] },
    build: {
      ssr: true,
      target: 'node18',
      outDir,
      emptyOutDir: true,
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input: entries,
        external: isExternal,
        output: {
          format: 'cjs',
          entryFileNames: '[name].cjs',
          chunkFileNames: '[name]-[hash].cjs',
          codeSplitting: split,
        },
      },
    },
  };
}

export function mainConfig(outDir) {
  const entries = Object.fromEntries(
    ENTRIES.map((name) => [name, path.join(root, 'main', `${name}.ts`)]).filter(([, file]) => existsSync(file)),
  );
  return nodeBundle({ entries, outDir });
}

/** A sandboxed preload cannot require other files, hence no splitting and a build of its own. */
export function preloadConfig(outDir) {
  const config = nodeBundle({ entries: { preload: path.join(root, 'main/preload.ts') }, outDir, split: false });
  config.build.emptyOutDir = false;
  return config;
}

export function rendererConfig(outDir) {
  return {
    configFile: false,
    root: path.join(root, 'renderer'),
    base: './',
    logLevel: 'warn',
    publicDir: false,
    plugins: [react()],
    css: { postcss: { plugins: [mantine()] } },
    worker: { format: 'es' },
    build: {
      target: 'chrome114',
      cssTarget: 'chrome114',
      outDir,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 4000,
    },
  };
}

/** SQL files are read from disk beside the running file, so they travel with the bundle. */
export function copyMigrations(outDir) {
  const from = path.join(root, 'main/store/migrations');
  if (existsSync(from)) cpSync(from, path.join(outDir, 'migrations'), { recursive: true });
}
