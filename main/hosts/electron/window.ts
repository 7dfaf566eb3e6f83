/**
 * The window: a sandboxed page, one port to the application, and the place it had on the screen the last time.
 * The port goes only to the app's own page in the top frame, a new one after every load.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { app, BrowserWindow, MessageChannelMain, screen } from 'electron';
import type { Rectangle } from 'electron';
import * as z from 'zod';
import type { Wire } from '../../../shared/api/wire.ts';
import { portWire } from './port-wire.ts';
import { isOwnPage, PAGE_ORIGIN } from './security.ts';

export interface WindowOptions {
  preload: string;
  icons: string;
  onWire(wire: Wire): void;
}

const stateSchema = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(400).max(20_000),
  height: z.int().min(300).max(20_000),
  maximized: z.boolean(),
});
const MAX_RELOADS = 3;

export function openWindow(options: WindowOptions): BrowserWindow {
  const stateFile = path.join(app.getPath('userData'), 'window.json');
  const state = readState(stateFile);
  const icon = path.join(options.icons, 'icon.png');
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    minWidth: 760,
    minHeight: 520,
    ...(state ? { x: state.x, y: state.y, width: state.width, height: state.height } : {}),
    ...(existsSync(icon) ? { icon } : {}),
    title: 'Holdfast',
    show: false,
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    },
  });
  if (state?.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () => saveState(stateFile, window));
  window.on('page-title-updated', (event, title) => {
    if (title === '') event.preventDefault();
  });

  const { webContents } = window;
  let current: Wire | undefined;
  let isFresh = false;
  // Moving inside the page keeps its port; only a page that was loaded anew needs one.
  webContents.on('did-navigate', () => {
    isFresh = true;
  });
  webContents.on('did-finish-load', () => {
    if (!isFresh) return;
    isFresh = false;
    current?.close();
    current = undefined;
    if (!isOwnPage(webContents.mainFrame.url)) return;
    const { port1, port2 } = new MessageChannelMain();
    current = portWire(port1);
    options.onWire(current);
    webContents.postMessage('holdfast:port', null, [port2]);
  });
  let reloads = 0;
  webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || reloads >= MAX_RELOADS) return;
    reloads += 1;
    // The runtime lives in this process: the page comes back to runs that went on.
    webContents.reload();
  });
  void window.loadURL(`${PAGE_ORIGIN}/`);
  return window;
}

function readState(file: string): z.output<typeof stateSchema> | undefined {
  try {
    const parsed = stateSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success && isOnScreen(parsed.data) ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** A screen may be gone since: enough of the title bar must be reachable. */
function isOnScreen(bounds: Rectangle): boolean {
  return screen.getAllDisplays().some(({ workArea }) => {
    const visible = Math.min(bounds.x + bounds.width, workArea.x + workArea.width) - Math.max(bounds.x, workArea.x);
    return visible >= 100 && bounds.y >= workArea.y - 10 && bounds.y < workArea.y + workArea.height - 50;
  });
}

function saveState(file: string, window: BrowserWindow): void {
  try {
    writeFileSync(file, JSON.stringify({ ...window.getNormalBounds(), maximized: window.isMaximized() }));
  } catch {
    // Where the window was is not worth a message.
  }
}
