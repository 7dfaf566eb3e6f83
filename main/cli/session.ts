/**
 * A command's way to the application: the host that is running in the data folder, through its local socket, or the
 * application in this very process when there is none. Callers see one Client and cannot tell.
 */
import type { Client, InputOf, NamesOf, OutputOf, RunUpdate } from '../../shared/api/contract.ts';
import { connect, memoryWire } from '../../shared/api/wire.ts';
import type { Timers, Wire } from '../../shared/api/wire.ts';
import { StoreError } from '../store/port.ts';
import { readNote } from '../workspace/lease.ts';
import { connectLocally } from '../workspace/socket.ts';
import type { Command } from './command.ts';
import { invocation } from './output.ts';

/** The part of the application a session needs. */
export interface SessionApp {
  start(): Promise<void>;
  stop(): Promise<void>;
  serve(wire: Wire, audience: 'command'): void;
  guests(): number;
}

export type OpenApp = (options: { dataDir: string; onHalt: (error: unknown) => void }) => Promise<SessionApp>;

export interface Session {
  client: Client;
  /** True when this process holds the data folder itself. */
  own: boolean;
  /** Recovers and drives what is unfinished. Nothing to do when a host is running: it does so already. */
  drive(): Promise<void>;
  /** Rejects when the runtime had to stop. */
  halted: Promise<never>;
  close(): Promise<void>;
}

const timers: Timers = {
  set: (run, delayMs) => setTimeout(run, delayMs),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
/** Long enough for another command to finish starting or stopping. */
const PATIENCE_MS = 3_000;
const RETRY_MS = 100;

export async function openSession(dataDir: string, openApp: OpenApp): Promise<Session> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const note = readNote(dataDir);
    const wire = note && (await connectLocally(note));
    if (wire) return remote(wire);
    let halt: (error: unknown) => void = () => {};
    const halted = new Promise<never>((_resolve, reject) => {
      halt = reject;
    });
    halted.catch(() => {});
    try {
      return own(await openApp({ dataDir, onHalt: halt }), halted);
    } catch (error) {
      const busy = error instanceof StoreError && error.reason === 'in_use';
      if (!busy) throw error;
      if (Date.now() > until) {
        throw new StoreError(
          'in_use',
          `${error.message.replace(/; close it first.*$/, '')}, which does not answer; end it, or choose another folder with --data.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function remote(wire: Wire): Session {
  const client = connect({ wire, timers });
  return {
    client,
    own: false,
    drive: () => Promise.resolve(),
    halted: new Promise<never>(() => {}),
    close: () => {
      client.close();
      return Promise.resolve();
    },
  };
}

function own(app: SessionApp, halted: Promise<never>): Session {
  const [near, far] = memoryWire();
  app.serve(far, 'command');
  const client = connect({ wire: near, timers });
  let interrupted = false;
  const stopOnSignal = (): void => {
    interrupted = true;
    process.stderr.write(`Stopped; whatever is unfinished goes on with ${invocation} resume.\n`);
    // What is durable stays, the rest is repeated: the same as after a crash, only tidier.
    void app.stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', stopOnSignal);
  process.once('SIGTERM', stopOnSignal);
  return {
    client,
    own: true,
    drive: () => app.start(),
    halted,
    close: async () => {
      // The process is about to end; what the command lost by that is no failure to report.
      if (interrupted) await new Promise(() => {});
      client.close();
      // Another command may be working through this process; it finishes first.
      while (app.guests() > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      await app.stop();
    },
  };
}

/** The first value of a watch, for commands that look once. */
export function once<N extends NamesOf<'watch'>>(client: Client, name: N, input: InputOf<N>): Promise<OutputOf<N>> {
  return new Promise((resolve, reject) => {
    let stop: () => void = () => {};
    stop = client.watch(
      name,
      input,
      (value) => {
        stop();
        resolve(value);
      },
      reject,
    );
  });
}

/** Opens a session for one command and closes it whatever happens. */
export async function withSession(command: Command, use: (session: Session) => Promise<number>): Promise<number> {
  const session = await openSession(command.dataDir, command.openApp);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** The run as it is now, with its events and its document. */
export async function snapshot(session: Session, runId: string): Promise<Extract<RunUpdate, { type: 'snapshot' }>> {
  const update = await once(session.client, 'runs.watch', { runId });
  if (update.type !== 'snapshot') throw new Error('A watch of a run begins with a snapshot.');
  return update;
}
