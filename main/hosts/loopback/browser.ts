/** Opens the person's browser at an address, when there is one. Never waits for it and never fails because of it. */
import { spawn } from 'node:child_process';

export function openBrowser(url: string): void {
  const [command, ...args] = commandFor(process.platform, url);
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  // No browser on this machine: the printed address is all there is.
  child.on('error', () => {});
  child.unref();
}

function commandFor(platform: string, url: string): [string, ...string[]] {
  if (platform === 'darwin') return ['open', url];
  // `start` is part of the shell there; the empty text is the window's title.
  if (platform === 'win32') return ['cmd', '/c', 'start', '', url];
  return ['xdg-open', url];
}
