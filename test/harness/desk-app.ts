/**
 * The real application over a real SQLite file in a folder of its own, with a client, and the means to stop it in the
 * middle and open it again. For tests of what people do to runs, where a restart must change nothing.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createApp, nodeTimers, type App } from '../../main/app.ts';
import { ApiError, type Client, type InboxItem } from '../../shared/api/contract.ts';
import { connect, memoryWire } from '../../shared/api/wire.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import type { RunState } from '../../shared/run/state.ts';

export interface DeskApp {
  readonly app: App;
  readonly client: Client;
  readonly dataDir: string;
  /** Stops the application and opens it again on the same folder. */
  restart(): Promise<void>;
  start(document: unknown, input?: unknown): Promise<string>;
  /** The run once it has ended or only waits for a person. */
  settled(runId: string): Promise<RunState>;
  events(runId: string): Promise<RunEvent[]>;
  openItems(): Promise<InboxItem[]>;
  close(): Promise<void>;
}

export async function openDeskApp(clock?: () => number): Promise<DeskApp> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'holdfast-desk-'));
  let app: App;
  let client: Client;

  async function open(): Promise<void> {
    app = await createApp({ dataDir, host: 'terminal', ...(clock ? { clock } : {}) });
    await app.start();
    const [near, far] = memoryWire();
    app.serve(far, 'command');
    client = connect({ wire: near, timers: nodeTimers });
  }
  await open();

  return {
    get app() {
      return app;
    },
    get client() {
      return client;
    },
    dataDir,
    async restart() {
      client.close();
      await app.stop();
      await open();
    },
    async start(document, input) {
      const { runId } = await client.call('runs.startDocument', {
        commandId: randomUUID(),
        document,
        by: 'person:ada',
        ...(input === undefined ? {} : { input }),
      });
      return runId;
    },
    settled: (runId) => app.engine.settled(runId, 0),
    async events(runId) {
      return (await app.engine.read(runId))?.events ?? [];
    },
    openItems: () => app.store.tasks({ state: 'open' }),
    async close() {
      client.close();
      await app.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export const who = (): { commandId: string; by: string } => ({ commandId: randomUUID(), by: 'person:grace' });

/** The typed refusal of a call that must not succeed. */
export async function refusalOf(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApiError) return error;
  throw new Error(`Expected a refusal, got ${String(error)}`);
}
