/**
 * What this machine allows: some disasters need root, a loop device or a program that only some systems have. A test that
 * is not possible here says so in a line that everybody sees, and never passes in silence.
 */
import { spawnSync } from 'node:child_process';

/** Runs a program and gives what it printed; throws with its error text. */
export function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** True when the test cannot be done here; the reason is printed. */
export function isImpossible(what: string, reason: string | undefined): boolean {
  if (reason !== undefined) console.log(`${what}: not possible here: ${reason}`);
  return reason !== undefined;
}

export function whyNotRoot(): string | undefined {
  if (process.platform !== 'linux') return `it needs Linux, this is ${process.platform}`;
  return process.getuid?.() === 0 ? undefined : 'it needs root, to mount file systems';
}
