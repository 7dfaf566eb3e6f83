/**
 * The disk of a simulation: the real store over a real file, behind a port that takes virtual time to write and that
 * a dead host cannot use. What was handed to the file when the host died is there afterwards; everything else is lost.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hash } from 'node:crypto';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import { StoreError, type RunAppend, type Store } from '../../main/store/port.ts';
import { openStore } from '../../main/store/store.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import type { Alive, VirtualTime } from './time.ts';

export interface SimulatedDisk {
  /** The store as this host sees it. */
  open(host: Alive): Promise<Store>;
  /** The store itself, for people who look and for the judge. Undefined while no host is there. */
  inner(): Store | undefined;
  close(): Promise<void>;
  /** Sequence number of the last event of the run that is on the disk. */
  lastSeq(runId: string): number;
  isAnnounced(key: string): boolean;
  /** Calls of the store that are not answered yet, where the real one is not immediate. */
  inFlight(): number;
  /** Events written so far. */
  written(): number;
}

export interface DiskOptions {
  dataDir: string;
  time: VirtualTime;
  draw: () => number;
  /** Every transaction, in the order of writing. */
  hash: Hash;
  /** Told every event that is written. */
  tell: (line: string) => void;
  /** How likely a write is refused, which halts the host. */
  refusal: () => number;
}

/** Memory where the machine has a file system for it: a simulated disk needs no real one. */
export function simulationFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'holdfast-simulation-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const open = (dataDir: string, clock: () => number): Promise<Store> =>
  openStore({ dataDir, driver: betterSqlite3, clock, fold: foldRun });

/** A database that is migrated already, to start every simulation from. */
export async function prepareTemplate(folder: string): Promise<void> {
  await (await open(join(folder, 'template'), () => 0)).close();
}

export function newDataDir(folder: string, name: string): string {
  const dataDir = join(folder, name);
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir);
  copyFileSync(join(folder, 'template', 'holdfast.db'), join(dataDir, 'holdfast.db'));
  return dataDir;
}

const never = (): Promise<never> => new Promise(() => {});

export function simulatedDisk({ dataDir, time, draw, hash, tell, refusal }: DiskOptions): SimulatedDisk {
  const lastSeqs = new Map<string, number>();
  const announced = new Set<string>();
  let current: Store | undefined;
  let inFlight = 0;
  let written = 0;

  function remember(batch: RunAppend[]): void {
    for (const { runId, events } of batch) {
      for (const event of events) {
        written += 1;
        lastSeqs.set(runId, event.seq);
        if (event.type === 'effect_intended') announced.add(event.key);
        const line = JSON.stringify(event);
        hash.update(line);
        tell(`${time.elapsed()} ${line}`);
      }
    }
  }

  const passing = (ms: number, host: Alive): Promise<void> =>
    new Promise((resolve) => void time.after(ms, resolve, host));

  async function counted<T>(work: () => Promise<T>): Promise<T> {
    inFlight += 1;
    try {
      return await work();
    } finally {
      inFlight -= 1;
    }
  }

  /** A host may die before the transaction and between the transaction and its answer. */
  async function append(store: Store, batch: RunAppend[], host: Alive): Promise<void> {
    await passing(draw() * 4, host);
    if (draw() < refusal()) throw new StoreError('full', 'There is no space left: free some space on that disk.');
    await counted(() => store.append(batch));
    remember(batch);
    await passing(draw() * 4, host);
  }

  return {
    async open(host) {
      const store = await counted(() => open(dataDir, time.wall));
      current = store;
      return new Proxy(store, {
        get(target, name) {
          const method: unknown = Reflect.get(target, name);
          if (typeof method !== 'function' || name === 'facts') return method;
          if (name === 'append') return (batch: RunAppend[]) => (host.isAlive ? append(target, batch, host) : never());
          return async (...args: unknown[]): Promise<unknown> => {
            if (!host.isAlive) return never();
            const result = await counted(() => Reflect.apply(method, target, args) as Promise<unknown>);
            return host.isAlive ? result : never();
          };
        },
      });
    },
    inner: () => current,
    async close() {
      const store = current;
      current = undefined;
      await store?.close();
    },
    lastSeq: (runId) => lastSeqs.get(runId) ?? 0,
    isAnnounced: (key) => announced.has(key),
    inFlight: () => inFlight,
    written: () => written,
  };
}
