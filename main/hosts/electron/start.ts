/**
 * The desktop host: one instance per data folder, the app's own scheme for its page, one sandboxed window, and a clean
 * end. The runtime lives in this process; closing the window ends it after what is going on was put away.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { app, BrowserWindow, dialog, protocol } from 'electron';
import { createApp } from '../../app.ts';
import type { App as Application } from '../../app.ts';
import { StoreError } from '../../store/port.ts';
import type { SqlDriver } from '../../store/port.ts';
import { defaultDataDir } from '../../workspace/folder.ts';
import { appFolders } from '../../workspace/folders.ts';
import { servePage } from '../page.ts';
import { setMenu } from './menu.ts';
import { filesAmong, openFile } from './open-files.ts';
import { denyPermissions, lockDown, PAGE_ORIGIN, PAGE_SCHEME } from './security.ts';
import { openWindow } from './window.ts';

export interface DesktopOptions {
  /** Test-only: shells too old for the product's own driver bring another. */
  driver?: SqlDriver;
  /** Default: `--data DIR`, then `HOLDFAST_DATA`, then the system's place for data. */
  dataDir?: string;
}

const LEASE_WAIT_MS = 5_000;
const STOP_LIMIT_MS = 5_000;

/** Called while the main module loads: the scheme must be known before the app is ready. */
export function startDesktop(options: DesktopOptions = {}): void {
  const dataDir = path.resolve(options.dataDir ?? dataArgument(process.argv) ?? defaultDataDir());
  app.setName('Holdfast');
  if (!app.commandLine.hasSwitch('user-data-dir')) {
    const profile = path.join(dataDir, 'desktop');
    try {
      mkdirSync(profile, { recursive: true, mode: 0o700 });
      app.setPath('userData', profile);
    } catch {
      // The store says what is wrong with the folder, in words.
    }
  }
  if (!app.requestSingleInstanceLock()) {
    app.exit(0);
    return;
  }
  // Root on Linux has no sandbox to enable and says so with this switch; the window itself asks for one in any case.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  lockDown(app);
  const files = createFileQueue();
  app.on('open-file', (event, file) => {
    event.preventDefault();
    files.add([file]);
  });
  app.on('second-instance', (_event, args, folder) => {
    focusWindow();
    files.add(filesAmong(args, folder));
  });
  files.add(filesAmong(process.argv.slice(1), process.cwd()));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());
  app
    .whenReady()
    .then(() => run(dataDir, options.driver, files))
    .catch((error: unknown) => {
      dialog.showErrorBox('Holdfast cannot start', error instanceof Error ? error.message : String(error));
      app.exit(error instanceof StoreError ? 3 : 1);
    });
}

async function run(dataDir: string, driver: SqlDriver | undefined, files: FileQueue): Promise<void> {
  const folders = appFolders();
  denyPermissions();
  setMenu(process.platform);
  protocol.handle(PAGE_SCHEME, async (request) => {
    const { origin, host, pathname } = new URL(request.url);
    const isOurs = origin === PAGE_ORIGIN || host === new URL(PAGE_ORIGIN).host;
    const answer = await servePage({ folder: folders.page, connectSources: [] }, isOurs ? pathname : '');
    return new Response(typeof answer.body === 'string' ? answer.body : new Uint8Array(answer.body), {
      status: answer.status,
      headers: answer.headers,
    });
  });
  const application = await createApp({
    dataDir,
    host: 'electron',
    leaseWaitMs: LEASE_WAIT_MS,
    ...(driver ? { driver } : {}),
    log: (level, message) => {
      if (level === 'warn' || level === 'error') console.error(message);
    },
    onHalt: (error) => {
      void dialog.showMessageBox({
        type: 'error',
        message: 'Holdfast has stopped working on runs',
        detail: `${error instanceof Error ? error.message : String(error)} Nothing that was saved is lost.`,
      });
    },
  });
  stopBeforeQuit(application);
  await application.start();
  const open = (): BrowserWindow =>
    openWindow({ preload: folders.preload, icons: folders.icons, onWire: (wire) => application.serve(wire, 'page') });
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) open();
  });
  const first = open();
  first.webContents.once('did-finish-load', () => {
    files.take((file) => {
      const window = BrowserWindow.getAllWindows()[0] ?? open();
      void openFile(window, application.handlers['workflows.create'], file);
    });
  });
}

interface FileQueue {
  add(files: string[]): void;
  /** Hands over what waits, and from then on each file as it comes. */
  take(use: (file: string) => void): void;
}

/** Files may be opened before there is a window to show them in. */
function createFileQueue(): FileQueue {
  const waiting: string[] = [];
  let user: ((file: string) => void) | undefined;
  return {
    add: (files) => {
      if (user) files.forEach(user);
      else waiting.push(...files);
    },
    take: (use) => {
      user = use;
      waiting.splice(0).forEach(use);
    },
  };
}

function stopBeforeQuit(application: Application): void {
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  let stopping = false;
  app.on('will-quit', (event) => {
    event.preventDefault();
    if (stopping) return;
    stopping = true;
    const limit = new Promise<void>((resolve) => setTimeout(resolve, STOP_LIMIT_MS));
    // Nothing is lost when this is cut short: it is what a crash leaves, and that is recovered.
    void Promise.race([application.stop(), limit]).finally(() => app.exit(0));
  });
}

function focusWindow(): void {
  const [window] = BrowserWindow.getAllWindows();
  if (!window) return;
  if (window.isMinimized()) window.restore();
  window.focus();
}

/** `--data DIR` or `--data=DIR`. */
function dataArgument(args: readonly string[]): string | undefined {
  const at = args.indexOf('--data');
  if (at >= 0) return args[at + 1];
  return args.find((arg) => arg.startsWith('--data='))?.slice('--data='.length);
}
