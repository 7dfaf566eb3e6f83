/**
 * Graph files from disk for the commands that take one: every refusal names the file, the place in it and the fix.
 * Must never read a file that is over the limit into memory.
 */
import { open } from 'node:fs/promises';
import { ApiError } from '../../shared/api/contract.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { documentLimits, parseDocument } from '../../shared/workflow/parse.ts';
import type { Problem } from '../../shared/workflow/problem.ts';
import { findProblems } from '../../shared/workflow/problems.ts';
import { parseExpression } from '../runtime/expressions.ts';
import { manifests } from '../steps/index.ts';
import { CliFailure, oneLine } from './output.ts';

export interface CheckedFile {
  /** Absent when the shape itself is wrong. */
  document?: WorkflowDocument;
  problems: Problem[];
}

export async function checkFile(file: string): Promise<CheckedFile> {
  const parsed = parseDocument(await readText(file));
  if (!parsed.ok) return { problems: parsed.problems };
  return { document: parsed.document, problems: findProblems(parsed.document, { manifests, parseExpression }) };
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
    if (size > maxBytes) {
      throw new CliFailure(
        2,
        `${file} has ${Math.ceil(size / 1_000_000)} MB; at most ${maxBytes / 1_000_000} MB can be read.`,
      );
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile());
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw new CliFailure(2, `${file} cannot be read: ${reasonOf(error)}.`);
  } finally {
    await handle?.close();
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
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new CliFailure(
      2,
      `${source} is not JSON: ${error instanceof Error ? oneLine(error.message) : String(error)}.`,
    );
  }
}

export function isApiError(error: unknown, code: ApiError['code']): boolean {
  return error instanceof ApiError && error.code === code;
}
