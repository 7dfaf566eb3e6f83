/**
 * Undo and redo as plain data: the document, what was done to it and what was taken back, each with its name.
 * Typing into one field is one entry until the field is left (`seal`). Never looks at a clock.
 */
import type { WorkflowDocument } from './document.ts';
import { applyEdit, type Edit } from './edits.ts';

export const historyLimit = 500;

export interface HistoryEntry {
  name: string;
  /** Takes the entry back when it is in the past, brings it again when it is in the future. */
  inverse: Edit;
  /** Entries with the same key in a row become one. */
  field?: string;
}

export interface History {
  document: WorkflowDocument;
  past: readonly HistoryEntry[];
  future: readonly HistoryEntry[];
  /** The next edit begins an entry of its own. */
  sealed: boolean;
}

export type HistoryResult = { ok: true; history: History; name: string } | { ok: false; message: string };

export function startHistory(document: WorkflowDocument): History {
  return { document, past: [], future: [], sealed: true };
}

/** The one field an edit changes, or undefined when it is a gesture of its own. */
function fieldOf(edit: Edit): string | undefined {
  switch (edit.type) {
    case 'updateStep':
      return edit.changes.length === 1 ? `step ${edit.step} ${edit.changes[0]?.pointer}` : undefined;
    case 'updateEdge':
      return edit.changes.length === 1 ? `edge ${edit.edge} ${edit.changes[0]?.pointer}` : undefined;
    case 'setWorkflow':
      return edit.changes.length === 1 ? `workflow ${edit.changes[0]?.pointer}` : undefined;
    case 'renameStep':
      return `step ${edit.step} /label`;
    case 'addStep':
    case 'removeSteps':
    case 'moveSteps':
    case 'connect':
    case 'disconnect':
    case 'setMark':
    case 'paste':
    case 'batch':
    case 'restore':
      return undefined;
  }
}

/** The earlier inverse reaches further back, so its fields win. */
function merged(earlier: Edit, later: Edit): Edit {
  if (earlier.type !== 'restore' || later.type !== 'restore') return earlier;
  const unset = [...new Set([...earlier.unset, ...later.unset.filter((key) => !(key in earlier.set))])];
  const set = { ...later.set, ...earlier.set };
  for (const key of earlier.unset) delete set[key];
  return { ...earlier, set, unset };
}

export function record(history: History, edit: Edit): HistoryResult {
  const result = applyEdit(history.document, edit);
  if (!result.ok) return result;
  const { document, inverse, name } = result;
  if (document === history.document) return { ok: true, history, name };
  const field = fieldOf(edit);
  const last = history.past[history.past.length - 1];
  const entry: HistoryEntry = field === undefined ? { name, inverse } : { name, inverse, field };
  const past =
    !history.sealed && last && field !== undefined && last.field === field
      ? [...history.past.slice(0, -1), { ...entry, inverse: merged(last.inverse, inverse) }]
      : [...history.past, entry].slice(-historyLimit);
  return { ok: true, history: { document, past, future: [], sealed: false }, name };
}

/** Ends the entry in progress: the field was left, or a while has passed. */
export function seal(history: History): History {
  return history.sealed ? history : { ...history, sealed: true };
}

function swap(document: WorkflowDocument, entry: HistoryEntry): { document: WorkflowDocument; entry: HistoryEntry } {
  const result = applyEdit(document, entry.inverse);
  // An inverse is made by applyEdit for exactly this document: a refusal would be a mistake in this folder.
  if (!result.ok) throw new Error(`Cannot undo or redo “${entry.name}”: ${result.message}`);
  return { document: result.document, entry: { ...entry, inverse: result.inverse } };
}

/** Undefined when there is nothing to undo. */
export function undo(history: History): History | undefined {
  const last = history.past[history.past.length - 1];
  if (!last) return undefined;
  const { document, entry } = swap(history.document, last);
  return { document, past: history.past.slice(0, -1), future: [entry, ...history.future], sealed: true };
}

/** Undefined when there is nothing to redo. */
export function redo(history: History): History | undefined {
  const [first, ...rest] = history.future;
  if (!first) return undefined;
  const { document, entry } = swap(history.document, first);
  return { document, past: [...history.past, entry], future: rest, sealed: true };
}
