// Starts the staged app in a real Electron and hands its window to a test, to be closed or killed.
// Must never leave a process behind, and must never touch the profile of the person running the tests.
import path from 'node:path';
import { _electron, errors } from 'playwright-core';
import type { ElectronApplication, Page } from 'playwright-core';
import type { Display } from './display.ts';
import type { StagedApp } from './stage.ts';

export type RunningDesktop = {
  app: ElectronApplication;
  page: Page;
  pid: number;
  /** What the main process printed so far, to be shown when a test fails. */
  output: () => string;
  /** SIGKILL to the main process, as in a power cut of the app alone; resolves when it is gone. */
  kill: () => Promise<void>;
  /** The way a person closes it. */
  close: () => Promise<void>;
};

type LaunchOptions = {
  staged: StagedApp;
  display: Display;
  dataDir: string;
  args?: string[];
  env?: Record<string, string>;
};

const LAUNCH_TIMEOUT_MS = 20_000;
/** Now and then the driver misses an old shell's first words and waits for ever; the app itself is not involved yet. */
const LAUNCH_TRIES = 3;

/** Electron refuses its sandbox to root, and a container has little shared memory and no GPU. */
function switches(dataDir: string): string[] {
  const isRoot = process.getuid?.() === 0;
  return [
    ...(isRoot ? ['--no-sandbox'] : []),
    '--disable-gpu',
    '--disable-dev-shm-usage',
    `--user-data-dir=${path.join(dataDir, 'profile')}`,
  ];
}

async function launchPatiently(
  options: Parameters<typeof _electron.launch>[0],
  tries = LAUNCH_TRIES,
): Promise<ElectronApplication> {
  try {
    return await _electron.launch(options);
  } catch (error) {
    if (!(error instanceof errors.TimeoutError) || tries === 1) throw error;
    return launchPatiently(options, tries - 1);
  }
}

export async function launchDesktop({
  staged,
  display,
  dataDir,
  args = [],
  env = {},
}: LaunchOptions): Promise<RunningDesktop> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const app = await launchPatiently({
    executablePath: staged.executable,
    args: [...switches(dataDir), '--data', dataDir, ...args],
    cwd: staged.appFolder,
    env: { ...inherited, ...(display.name ? { DISPLAY: display.name, WAYLAND_DISPLAY: '' } : {}), ...env },
    timeout: LAUNCH_TIMEOUT_MS,
  });
  const child = app.process();
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  const gone = new Promise<void>((resolve) =>
    child.exitCode !== null ? resolve() : child.once('exit', () => resolve()),
  );
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  try {
    const page = await app.firstWindow({ timeout: LAUNCH_TIMEOUT_MS });
    await page.waitForLoadState('domcontentloaded');
    return {
      app,
      page,
      pid: child.pid ?? -1,
      output: () => lines.join(''),
      kill,
      close: async () => {
        await app.close();
        await gone;
      },
    };
  } catch (error) {
    await kill();
    throw new Error(`The desktop window did not open.\n${lines.join('').slice(0, 4_000)}`, { cause: error });
  }
}
