/**
 * The composition root: one application for every host. Takes the data folder's lease, opens the store, starts the
 * Sandbox, builds the engine and the handlers. Knows no window, no HTTP page and no terminal.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import path from 'node:path';
import { contract } from '../shared/api/contract.ts';
import type { EndpointName, Handlers } from '../shared/api/contract.ts';
import { serve } from '../shared/api/wire.ts';
import type { Timers, Wire } from '../shared/api/wire.ts';
import { foldRun } from '../shared/run/evolve.ts';
import { findProblems } from '../shared/workflow/problems.ts';
import { loadAllowedHosts } from './api/allowed-hosts.ts';
import { createHandlers } from './api/handlers.ts';
import { createLive } from './api/live.ts';
import { createAwakeClock } from './runtime/awake.ts';
import { createDispatcher } from './runtime/dispatcher.ts';
import { createEngine } from './runtime/engine.ts';
import type { Engine, Random } from './runtime/engine.ts';
import { parseExpression } from './runtime/expressions.ts';
import type { Faults } from './runtime/faults.ts';
import { createHttpClient } from './runtime/http/client.ts';
import { sandboxOnDemand } from './sandbox/on-demand.ts';
import { estimateOf, manifests, stepKinds } from './steps/index.ts';
import { betterSqlite3 } from './store/drivers/better-sqlite3.ts';
import type { SqlDriver, Store } from './store/port.ts';
import { openStore } from './store/store.ts';
import { appFolders } from './workspace/folders.ts';
import { takeLease } from './workspace/lease.ts';
import type { HostKind } from './workspace/lease.ts';
import { peopleIn } from './workspace/people.ts';
import { listenLocally } from './workspace/socket.ts';
import type { LocalSocket } from './workspace/socket.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface AppOptions {
  dataDir: string;
  host: HostKind;
  driver?: SqlDriver;
  /** Epoch milliseconds. */
  clock?: () => number;
  random?: Random;
  log?: (level: LogLevel, message: string, data?: Record<string, unknown>) => void;
  faults?: Faults;
  /** How long to wait for a data folder that is in use. */
  leaseWaitMs?: number;
  /** The store refused to write, so nothing runs any more; told once, with the reason. */
  onHalt?: (error: unknown) => void;
}

export type Audience = 'page' | 'command';

/** What reaches beyond the app: writing files where one likes, consent to addresses, running documents unseen. */
const COMMANDS_ONLY: readonly string[] = [
  'app.doctor',
  'hosts.allow',
  'people.setPin',
  'people.remove',
  'runs.startDocument',
  'runs.forkDocument',
] satisfies EndpointName[];

export interface App {
  handlers: Handlers;
  engine: Engine;
  store: Store;
  /** Recovers and drives what is unfinished, and lets other commands connect. Without it nothing runs. */
  start(): Promise<void>;
  /** Answers the contract on this wire until it closes. A page gets less than a command of the person at the terminal. */
  serve(wire: Wire, audience: Audience): void;
  /** Commands connected through the local socket now. */
  guests(): number;
  stop(): Promise<void>;
}

export const nodeTimers: Timers = {
  set: (run, delayMs) => setTimeout(run, delayMs),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

const systemRandom: Random = {
  id: () => randomUUID(),
  draw: () => randomBytes(4).readUInt32BE() / 2 ** 32,
  digest: (text) => createHash('sha256').update(text).digest('hex'),
};

export async function createApp(options: AppOptions): Promise<App> {
  const { host } = options;
  const dataDir = path.resolve(options.dataDir);
  const driver = options.driver ?? betterSqlite3;
  const clock = options.clock ?? Date.now;
  const log = options.log ?? (() => {});
  const folders = appFolders();
  /** Undone in reverse order, whether a later part fails or the app stops. */
  const undo: (() => void | Promise<void>)[] = [];

  async function unwind(): Promise<void> {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  }

  try {
    const lease = await takeLease({ dataDir, driver, host, waitMs: options.leaseWaitMs ?? 0 });
    undo.push(() => lease.release());
    const store = await openStore({ dataDir, driver, clock, fold: foldRun, log: (message) => log('warn', message) });
    undo.push(() => store.close());
    const allowed = await loadAllowedHosts(store);
    const sandbox = await sandboxOnDemand({
      dir: path.join(dataDir, 'sandbox'),
      clock,
      log: (message) => log('warn', message),
    });
    undo.push(() => sandbox.close());
    const http = createHttpClient({ resolveSandbox: sandbox.resolve, isAllowedHost: allowed.isAllowed, clock });
    undo.push(() => http.close());
    const awake = createAwakeClock({ clock });
    const dispatcher = createDispatcher({ kinds: stepKinds, http: http.request, clock, awakeMs: awake.ms, log });
    const engine = createEngine({
      store,
      dispatcher,
      kinds: stepKinds,
      clock,
      awake,
      random: options.random ?? systemRandom,
      ...(options.faults ? { faults: options.faults } : {}),
      onBrokenRun: (runId, error) => {
        log('error', `Run ${runId} could not be recovered: ${error instanceof Error ? error.message : String(error)}`);
      },
      onHalt: (error) => {
        log('error', `Nothing runs any more: ${error instanceof Error ? error.message : String(error)}`);
        options.onHalt?.(error);
      },
    });
    undo.push(() => engine.stop());

    const live = createLive();
    undo.push(engine.onEvents(() => live.changed('runs', 'inbox', 'ledger', 'workflows')));
    const handlers = createHandlers({
      info: { version: folders.version, host, dataDir, sqliteVersion: store.facts().sqliteVersion },
      store,
      engine,
      manifests,
      problems: (document) => findProblems(document, { manifests, parseExpression, estimate: estimateOf }),
      live,
      allowed,
      people: peopleIn(store, clock),
      samplesDir: folders.samples,
      clock,
      newId: randomUUID,
      sandboxEntries: () => sandbox.entries(),
      userName: userName(),
    });

    let local: LocalSocket | undefined;
    const pageHandlers = Object.fromEntries(Object.entries(handlers).filter(([name]) => !COMMANDS_ONLY.includes(name)));
    const serveOn = (wire: Wire, audience: Audience): void => {
      const connection = serve({
        contract,
        handlers: audience === 'page' ? pageHandlers : handlers,
        wire,
        timers: nodeTimers,
        onBug: (error, endpoint) =>
          log('error', `${endpoint} failed`, { error: error instanceof Error ? error.stack : String(error) }),
      });
      connections.add(connection);
      wire.onClose(() => connections.delete(connection));
    };
    const connections = new Set<{ close(): void }>();
    undo.push(() => {
      for (const connection of connections) connection.close();
    });

    return {
      handlers,
      engine,
      store,
      start: async () => {
        await engine.start();
        local = await listenLocally(dataDir, (wire) => serveOn(wire, 'command'));
        undo.push(local.close);
        lease.announce(local);
      },
      serve: serveOn,
      guests: () => local?.connections() ?? 0,
      stop: unwind,
    };
  } catch (error) {
    await unwind();
    throw error;
  }
}

function userName(): string {
  try {
    return userInfo().username.replace(/\s+/g, '') || 'me';
  } catch {
    return 'me';
  }
}
