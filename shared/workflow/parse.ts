/**
 * Text or a value from outside → a graph document, or the list of what is wrong with it. The only way in: whatever
 * passes here has the shape of the schema, bounded size and depth, and no key that could reach a prototype.
 * Must never throw on input and never judge meaning (edges, kinds, expressions): `findProblems` does that.
 */
import { documentSchema, type WorkflowDocument } from './document.ts';
import { issueProblems } from './issues.ts';
import { findJsonFault, placeOf } from './json-scan.ts';
import { pointerOf, stepOfPath, type PathPart } from './pointer.ts';
import type { Problem } from './problem.ts';
import { findUnsafe } from './safety.ts';

export interface DocumentLimits {
  maxBytes: number;
  maxDepth: number;
  maxProblems: number;
}

export const documentLimits: DocumentLimits = { maxBytes: 20_000_000, maxDepth: 100, maxProblems: 100 };

export type ParsedDocument = { ok: true; document: WorkflowDocument } | { ok: false; problems: Problem[] };

function refuse(code: string, message: string, fix?: string, path: readonly PathPart[] = []): ParsedDocument {
  const step = stepOfPath(path);
  const place = step === undefined ? {} : { step };
  return {
    ok: false,
    problems: [
      { code, severity: 'error', message, pointer: pointerOf(path), ...place, ...(fix === undefined ? {} : { fix }) },
    ],
  };
}

/** Size as UTF-8, counted only as far as needed to know whether it is over the limit. */
function isLarger(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  if (text.length * 3 <= maxBytes) return false;
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // A surrogate is half of a character of four bytes.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
    if (bytes > maxBytes) return true;
  }
  return false;
}

/** The same as `parseDocument`, from a value that is already JSON. */
export function checkDocument(value: unknown, limits: Partial<DocumentLimits> = {}): ParsedDocument {
  const { maxDepth, maxProblems } = { ...documentLimits, ...limits };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('not_an_object', 'A graph file must hold one JSON object { … }.', 'Export the graph again.');
  const unsafe = findUnsafe(value, maxDepth);
  if (unsafe) return refuse(unsafe.code, unsafe.message, unsafe.fix, unsafe.path);
  const version: unknown = 'formatVersion' in value ? value.formatVersion : undefined;
  if (typeof version === 'number' && version > 1)
    return refuse(
      'newer_format',
      `This graph was made by a newer version of Holdfast (format ${version}; this one reads format 1).`,
      'Update Holdfast, or export the graph from the newer version in format 1.',
      ['formatVersion'],
    );
  const parsed = documentSchema.safeParse(value);
  if (parsed.success) return { ok: true, document: parsed.data };
  return { ok: false, problems: issueProblems(parsed.error.issues, value, []).slice(0, maxProblems) };
}

export function parseDocument(text: string, limits: Partial<DocumentLimits> = {}): ParsedDocument {
  const { maxBytes, maxDepth } = { ...documentLimits, ...limits };
  if (isLarger(text, maxBytes))
    return refuse(
      'too_large',
      `A graph file may have at most ${maxBytes / 1_000_000} MB; this one is larger.`,
      'Move large data out of the graph.',
    );
  // Editors on Windows put a byte order mark first.
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const fault = findJsonFault(json, maxDepth);
  if (fault) {
    const { line, column } = placeOf(json, fault.offset);
    return refuse(fault.code, `Line ${line}, column ${column}: ${fault.message}.`, 'Correct the file there.');
  }
  return checkDocument(JSON.parse(json), limits);
}
