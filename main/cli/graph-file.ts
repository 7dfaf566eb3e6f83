/**
 * Graph files from disk for the commands that take one: every refusal names the file, the place in it and the fix.
 * Must never read a file that is over the limit into memory.
 */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { ApiError } from '../../shared/api/contract.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { documentLimits, parseDocument } from '../../shared/workflow/parse.ts';
import type { Problem } from '../../shared/workflow/problem.ts';
import { findProblems } from '../../shared/workflow/problems.ts';
import { parseExpression } from '../runtime/expressions.ts';
import { estimateOf, manifests } from '../steps/index.ts';
import { CliFailure, oneLine } from './output.ts';

/** Deeper than anything a step reads, and far from what the stack of a reader holds. */
const MAX_JSON_DEPTH = 200;
const CHUNK_BYTES = 256 * 1024;

export interface CheckedFile {
  /** Absent when the shape itself is wrong. */
  document?: WorkflowDocument;
  problems: Problem[];
}

export async function checkFile(file: string): Promise<CheckedFile> {
  const parsed = parseDocument(await readText(file));
  if (!parsed.ok) return { problems: parsed.problems };
  return {
    document: parsed.document,
    problems: findProblems(parsed.document, { manifests, parseExpression, estimate: estimateOf }),
  };
}

/** The document of a file without errors; otherwise every error, each with its place. */
export async function readGraph(file: string): Promise<WorkflowDocument> {
  const { document, problems } = await checkFile(file);
  const errors = problems.filter((problem) => problem.severity === 'error');
  if (document && errors.length === 0) return document;
  const [first, ...rest] = errors.map((problem) => problemText(file, problem));
  throw new CliFailure(2, first ?? `${file} cannot be used.`, rest);
}

export function problemText(file: string, problem: Problem): string {
  const place = problem.pointer === '' ? file : `${file} ${problem.pointer}`;
  return oneLine(`${place}: ${problem.message}${problem.fix ? ` ${problem.fix}` : ''}`);
}

export async function readText(file: string, maxBytes: number = documentLimits.maxBytes): Promise<string> {
  let handle;
  try {
    handle = await open(file, 'r');
    const { size } = await handle.stat();
    const bytes = size > maxBytes ? undefined : await readAtMost(handle, maxBytes);
    if (bytes === undefined) {
      const limit = `${maxBytes / 1_000_000} MB`;
      const has = size > maxBytes ? `${Math.ceil(size / 1_000_000)} MB` : `more than ${limit}`;
      throw new CliFailure(2, `${file} has ${has}; at most ${limit} can be read.`);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw new CliFailure(2, `${file} cannot be read: ${reasonOf(error)}.`);
  } finally {
    await handle?.close();
  }
}

/** Undefined when there is more. A pipe or a device says 0 about its size, so the size alone is no limit. */
async function readAtMost(handle: FileHandle, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null);
    if (bytesRead === 0) return Buffer.concat(chunks, length);
    length += bytesRead;
    if (length > maxBytes) return undefined;
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder, not a file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'it is not UTF-8 text';
    default:
      return typeof code === 'string' ? code : String(error);
  }
}

/** `JSON`, or `@FILE` for a file with JSON in it. */
export async function readJsonArgument(
  flag: string,
  argument: string,
  resolve: (file: string) => string,
): Promise<unknown> {
  const fromFile = argument.startsWith('@');
  const source = fromFile ? resolve(argument.slice(1)) : flag;
  const text = fromFile ? await readText(source) : argument;
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch (error) {
    throw new CliFailure(
      2,
      `${source} is not JSON: ${error instanceof Error ? oneLine(error.message) : String(error)}.`,
    );
  }
  if (isDeeper(value, MAX_JSON_DEPTH))
    throw new CliFailure(2, `${source} is nested more than ${MAX_JSON_DEPTH} levels deep; give it with fewer levels.`);
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

export function isApiError(error: unknown, code: ApiError['code']): boolean {
  return error instanceof ApiError && error.code === code;
}
