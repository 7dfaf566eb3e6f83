// The sandbox's memory: an append-only file of JSON lines, each on disk (fsync) before anyone is told that it happened.
// A last line without its newline was never acknowledged and is cut off; any other unreadable line stops the start with
// a sentence, because skipping it would silently un-happen something.

import { mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SandboxEntry, SandboxSystemName } from './system.ts';

export interface SandboxLedger {
  file: string;
  entries: () => readonly SandboxEntry[];
  /** Resolves once the entry is on disk. Calls must not overlap. */
  append: (entry: SandboxEntry) => Promise<void>;
  clear: () => Promise<void>;
  close: () => Promise<void>;
}

export class SandboxLedgerError extends Error {
  override readonly name = 'SandboxLedgerError';
}

const SYSTEMS: readonly SandboxSystemName[] = ['crm', 'payments', 'mail'];
export const LEDGER_NAME = 'ledger.jsonl';
const NEWLINE = 0x0a;

/** Opens (and creates) `<dir>/ledger.jsonl`. */
export async function openLedger(dir: string, log: (message: string) => void): Promise<SandboxLedger> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, LEDGER_NAME);
  const handle = await open(file, 'a+');
  try {
    await syncFolder(dir);
    await syncFolder(dirname(dir));
    const content = await handle.readFile();
    let size = content.lastIndexOf(NEWLINE) + 1;
    if (size < content.length) {
      log(`The last line of ${file} was cut short by a crash before anyone relied on it; it was removed.`);
      await handle.truncate(size);
      await handle.sync();
    }
    const entries = parseLines(content.toString('utf8', 0, size), file);

    return {
      file,
      entries: () => entries,
      append: async (entry) => {
        const line = Buffer.from(`${JSON.stringify(entry)}\n`, 'utf8');
        try {
          await writeAll(handle, line);
          await handle.datasync();
        } catch (cause) {
          // Half a line must not swallow the next one. If even this fails, the next start cuts it.
          await handle.truncate(size).catch(() => undefined);
          throw cause;
        }
        size += line.length;
        entries.push(entry);
      },
      clear: async () => {
        await handle.truncate(0);
        await handle.sync();
        size = 0;
        entries.length = 0;
      },
      close: () => handle.close(),
    };
  } catch (cause) {
    await handle.close();
    throw cause;
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
}

function parseLines(text: string, file: string): SandboxEntry[] {
  const entries: SandboxEntry[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const entry = parseEntry(line);
    if (entry === undefined) {
      throw new SandboxLedgerError(
        `Line ${index + 1} of ${file} is not a sandbox ledger entry. Restore the file from a backup, or move it away to start the Sandbox systems afresh.`,
      );
    }
    entries.push(entry);
  }
  return entries;
}

function parseEntry(line: string): SandboxEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isEntry(value) ? value : undefined;
}

function isEntry(value: unknown): value is SandboxEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { at, system, action, resource, request, result, key, digest } = value as Partial<
    Record<keyof SandboxEntry, unknown>
  >;
  return (
    typeof at === 'number' &&
    SYSTEMS.some((name) => name === system) &&
    typeof action === 'string' &&
    typeof resource === 'string' &&
    (key === undefined || typeof key === 'string') &&
    (digest === undefined || typeof digest === 'string') &&
    typeof request === 'object' &&
    request !== null &&
    typeof result === 'object' &&
    result !== null &&
    'status' in result &&
    typeof result.status === 'number' &&
    'body' in result
  );
}

/** A new file's name is only durable once its folder is; some systems cannot sync a folder and need not. */
async function syncFolder(dir: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(dir, 'r');
    await handle.sync();
  } catch {
    // Windows refuses to open a folder; there the file's own sync covers its name.
  } finally {
    await handle?.close();
  }
}
