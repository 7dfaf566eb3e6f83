/**
 * Workflow files opened from the desktop: a double click, a file name on the command line, a second start of the app.
 * A file becomes a workflow of its own, like any import; the file itself is never written to.
 */
import { randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { dialog } from 'electron';
import type { BrowserWindow } from 'electron';
import type { Handlers } from '../../../shared/api/contract.ts';
import { documentLimits, parseDocument } from '../../../shared/workflow/parse.ts';
import { PAGE_ORIGIN } from './security.ts';

/** Workflow files among the words of a command line; relative ones count from `folder`. */
export function filesAmong(args: readonly string[], folder: string): string[] {
  return args
    .filter((arg) => !arg.startsWith('-') && /\.holdfast(\.json)?$/i.test(arg))
    .map((arg) => path.resolve(folder, arg));
}

export async function openFile(
  window: BrowserWindow,
  create: Handlers['workflows.create'],
  file: string,
): Promise<void> {
  try {
    const { id } = await importFile(create, file);
    await window.loadURL(`${PAGE_ORIGIN}/#/workflow/${encodeURIComponent(id)}`);
  } catch (error) {
    await dialog.showMessageBox(window, {
      type: 'error',
      message: `${path.basename(file)} cannot be opened`,
      detail: error instanceof Error ? error.message : String(error),
    });
  }
}

async function importFile(create: Handlers['workflows.create'], file: string): Promise<{ id: string }> {
  const { size } = await stat(file);
  if (size > documentLimits.maxBytes) throw new Error(`It is larger than ${documentLimits.maxBytes / 1_000_000} MB.`);
  const parsed = parseDocument(await readFile(file, 'utf8'));
  if (!parsed.ok)
    throw new Error(parsed.problems.map((problem) => `${problem.pointer} ${problem.message}`.trim()).join('\n'));
  return create({ commandId: randomUUID(), document: parsed.document }, new AbortController().signal);
}
