/**
 * `loopback` and `holdfast serve`: opens the app, serves it, prints the address, and stops cleanly on Ctrl+C or SIGTERM.
 * The app's constructor comes in as an argument; hosts never reach for the composition root.
 */
import { StoreError } from '../../store/port.ts';
import type { Wire } from '../../../shared/api/wire.ts';
import { openBrowser } from './browser.ts';
import { startLoopback } from './server.ts';
import type { LoopbackServer } from './server.ts';
import { lastPort, loopbackToken, rememberPort } from './token.ts';

/** The part of the application this host needs. */
export interface ServedApp {
  start(): Promise<void>;
  stop(): Promise<void>;
  serve(wire: Wire, audience: 'page'): void;
}

export interface ServeOptions {
  dataDir: string;
  port: number;
  open: boolean;
  pageFolder: string;
  createApp(): Promise<ServedApp>;
  print(line: string): void;
}

/** One sentence and the exit code that goes with it. */
export class ServeRefusal extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.name = 'ServeRefusal';
    this.exitCode = exitCode;
  }
}

/** Resolves when it was told to stop and everything is closed. */
export async function serveLoopback(options: ServeOptions): Promise<void> {
  const stopped = untilStopped();
  let app: ServedApp;
  try {
    app = await options.createApp();
  } catch (error) {
    if (error instanceof StoreError) throw new ServeRefusal(error.message, 3);
    throw error;
  }
  let server: LoopbackServer | undefined;
  try {
    const token = loopbackToken(options.dataDir);
    server = await listen(options, token, (wire) => app.serve(wire, 'page'));
    rememberPort(options.dataDir, server.port);
    await app.start();
    const url = `http://127.0.0.1:${server.port}/#token=${token}`;
    options.print(`Holdfast is running at ${url}`);
    if (options.open) openBrowser(url);
    await stopped;
  } catch (error) {
    throw portRefusal(error, options.port);
  } finally {
    await server?.close();
    await app.stop();
  }
}

/** Without a wish the port of the last time is tried first; somebody else may have it by now. */
async function listen(options: ServeOptions, token: string, onWire: (wire: Wire) => void): Promise<LoopbackServer> {
  const start = (port: number): Promise<LoopbackServer> =>
    startLoopback({ port, token, pageFolder: options.pageFolder, onWire });
  if (options.port !== 0) return start(options.port);
  return start(lastPort(options.dataDir)).catch(() => start(0));
}

function portRefusal(error: unknown, port: number): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return new ServeRefusal(
      `Port ${port} is in use by another program; choose another one with --port, or leave it out.`,
      2,
    );
  if (code === 'EACCES')
    return new ServeRefusal(`Port ${port} may not be used by this user; choose one above 1023 with --port.`, 2);
  return error;
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}
