/**
 * The real engine over a real SQLite file in a folder of its own, with step kinds and a clock the test brings. A life
 * can be ended like a crash (nothing that was only in memory survives) and begun again on the same folder.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDispatcher } from '../../main/runtime/dispatcher.ts';
import { createEngine, type Engine } from '../../main/runtime/engine.ts';
import type { StepKind } from '../../main/steps/kind.ts';
import { manifests } from '../../main/steps/index.ts';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import type { Store } from '../../main/store/port.ts';
import { openStore } from '../../main/store/store.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import type { RunState } from '../../shared/run/state.ts';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';

export interface Bench {
  engine: Engine;
  store: Store;
  start(document: WorkflowDocument, input?: unknown): Promise<string>;
  settled(runId: string): Promise<RunState>;
  /** The host is gone; `begin` gives the next life. */
  end(): Promise<void>;
  begin(): Promise<void>;
  remove(): Promise<void>;
}

export interface BenchOptions {
  kinds: Record<string, Partial<StepKind> & Pick<StepKind, 'execute'>>;
  clock?: () => number;
  maxRunning?: number;
  http?: Parameters<typeof createDispatcher>[0]['http'];
}

/** A kind of a test: what it does not say is as harmless as it can be. */
function kindOf(name: string, given: BenchOptions['kinds'][string]): StepKind {
  const manifest = manifests.get('transform');
  if (!manifest) throw new Error('There is no step kind transform');
  return { validate: () => undefined, ...given, manifest: { ...manifest, ...given.manifest, kind: name } };
}

export async function engineBench(options: BenchOptions): Promise<Bench> {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-engine-'));
  const clock = options.clock ?? Date.now;
  const kinds = new Map(Object.entries(options.kinds).map(([name, kind]) => [name, kindOf(name, kind)]));
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  let life: { engine: Engine; store: Store } | undefined;

  const current = (): { engine: Engine; store: Store } => {
    if (!life) throw new Error('The host is gone');
    return life;
  };

  const bench: Bench = {
    get engine() {
      return current().engine;
    },
    get store() {
      return current().store;
    },
    async start(document, input = null) {
      const start = { document, version: digest(canonicalText(document)), input, env: {}, by: 'person:tester' };
      return (await current().engine.startRun({ ...start, commandId: randomUUID() })).runId;
    },
    settled: (runId) => current().engine.settled(runId, 0),
    async end() {
      const { engine, store } = current();
      life = undefined;
      await engine.stop();
      await store.close();
    },
    async begin() {
      const store = await openStore({ dataDir, driver: betterSqlite3, clock, fold: foldRun });
      const dispatcher = createDispatcher({
        kinds,
        clock,
        http: options.http ?? (() => Promise.reject(new Error('There is no network here'))),
        log: () => undefined,
        ...(options.maxRunning === undefined ? {} : { maxRunning: options.maxRunning }),
      });
      const random = { id: randomUUID, draw: Math.random, digest };
      const engine = createEngine({ store, dispatcher, kinds, clock, random });
      life = { engine, store };
      await engine.start();
    },
    async remove() {
      if (life) await bench.end();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  await bench.begin();
  return bench;
}
