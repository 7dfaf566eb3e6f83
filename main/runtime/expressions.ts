/**
 * Evaluates the JSONata expressions of a graph: parses them, binds the names an analyst may use, and fills the templates
 * of a config. The value is what gets recorded. An expression must never reach a host object, hold up the host for longer
 * than its deadline, or leave a half-filled text behind when a value is missing.
 */
import jsonata from 'jsonata';
import type { StepError } from '../../shared/run/errors.ts';
import { isWholeTemplate, templateParts } from '../../shared/workflow/template.ts';
import { boundedRegex } from './bounded-regex.ts';
import { setOwn, toPlainJson } from './plain-json.ts';

export interface Scope {
  input: unknown;
  steps: Record<string, { output?: unknown; error?: unknown }>;
  env: Record<string, unknown>;
  run: { id: string };
  item?: unknown;
  index?: number;
  visit?: number;
  review?: unknown;
  /** Of the step itself (doneWhen, gates) or of the effect a compensation undoes. */
  output?: unknown;
  request?: unknown;
  response?: unknown;
  /** The change that a probe asks about. */
  effect?: { key: string };
}

export interface EvaluateOptions {
  /** Working time of this expression; time in which other work of the host runs does not count. */
  deadlineMs?: number;
  maxDepth?: number;
}

export type Evaluated = { ok: true; value: unknown } | { ok: false; message: string };
export type Resolved = { ok: true; config: Record<string, unknown> } | { ok: false; error: StepError };

const DEADLINE_MS = 500;
const MAX_DEPTH = 1_000;
const MAX_LIST = 200_000;
const MAX_TEXT = 5_000_000;
const MAX_CONFIG_DEPTH = 200;
/** How long an expression may work before other work of the host gets its turn. */
const SLICE_MS = 10;
const CACHE_SIZE = 500;

/** Working time used so far by one evaluation; found again in the hooks through its root environment. */
interface Progress {
  spentMs: number;
  sliceStart: number;
  deadlineMs: number;
}
interface Environment {
  base: object;
  lookup(name: string): unknown;
}
const PROGRESS = 'holdfast:progress';

const compiled = new Map<string, jsonata.Expression>();

/** Undefined when the text parses. Accepts the expression with or without its `{{ }}`. */
export function parseExpression(text: string): { message: string; offset?: number } | undefined {
  const { code, start } = unwrap(text);
  if (code.trim() === '') return { message: 'The expression is empty.', offset: start };
  try {
    compile(code, MAX_DEPTH);
    return undefined;
  } catch (error) {
    const problem: { message: string; offset?: number } = { message: sentence(error) };
    const position = error instanceof Object && 'position' in error ? error.position : undefined;
    if (typeof position === 'number') problem.offset = start + Math.min(position, code.length);
    return problem;
  }
}

/** The value as plain JSON, `undefined` when the expression finds nothing. */
export async function evaluate(expression: string, scope: Scope, options: EvaluateOptions = {}): Promise<Evaluated> {
  const { code } = unwrap(expression);
  if (code.trim() === '') return { ok: false, message: 'The expression is empty.' };
  const progress: Progress = {
    spentMs: 0,
    sliceStart: performance.now(),
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
  };
  try {
    const program = compile(code, options.maxDepth ?? MAX_DEPTH);
    const found: unknown = await program.evaluate(documentOf(scope), { ...bindingsOf(scope), [PROGRESS]: progress });
    const plain = toPlainJson(found);
    return plain.ok ? plain : { ok: false, message: `The result ${plain.message}.` };
  } catch (error) {
    return { ok: false, message: sentence(error) };
  }
}

/** Fills every template of a config. A field that is one `{{…}}` keeps the type; inside text, objects become JSON. */
export async function resolve(
  config: Record<string, unknown>,
  scope: Scope,
  options: EvaluateOptions = {},
): Promise<Resolved> {
  try {
    const filled = await fill(config, '', 0, scope, options);
    return { ok: true, config: filled as Record<string, unknown> };
  } catch (error) {
    if (error instanceof Unresolved) return { ok: false, error: error.error };
    throw error;
  }
}

class Unresolved extends Error {
  readonly error: StepError;
  constructor(code: string, message: string) {
    super(message);
    this.error = { class: 'invalid_output', code, message };
  }
}

async function fill(
  value: unknown,
  pointer: string,
  depth: number,
  scope: Scope,
  options: EvaluateOptions,
): Promise<unknown> {
  if (typeof value === 'string') return value.includes('{{') ? fillText(value, pointer, scope, options) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_CONFIG_DEPTH) {
    throw new Unresolved('too_deep', `The settings at ${pointer} are nested deeper than ${MAX_CONFIG_DEPTH} levels.`);
  }
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (const [index, entry] of value.entries()) {
      list.push(await fill(entry, `${pointer}/${index}`, depth + 1, scope, options));
    }
    return list;
  }
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    setOwn(result, name, await fill(member, place, depth + 1, scope, options));
  }
  return result;
}

async function fillText(text: string, pointer: string, scope: Scope, options: EvaluateOptions): Promise<unknown> {
  const { parts, problem } = templateParts(text);
  if (problem) throw new Unresolved('template', `The text at ${pointer} cannot be filled: ${problem.message}.`);
  const only = parts.length === 1 ? parts[0] : undefined;
  if (only?.type === 'expression') return valueOf(only.expression, pointer, scope, options);
  let result = '';
  for (const part of parts) {
    if (part.type === 'text') {
      result += part.text;
    } else {
      const value = await valueOf(part.expression, pointer, scope, options);
      result += typeof value === 'string' ? value : JSON.stringify(value);
    }
    if (result.length > MAX_TEXT) {
      throw new Unresolved('too_long', `The text at ${pointer} grew longer than ${MAX_TEXT} characters.`);
    }
  }
  return result;
}

async function valueOf(expression: string, pointer: string, scope: Scope, options: EvaluateOptions): Promise<unknown> {
  const found = await evaluate(expression, scope, options);
  const named = `The expression {{ ${shorten(expression.trim())} }} at ${pointer}`;
  if (!found.ok) throw new Unresolved('expression', `${named} failed: ${found.message}`);
  if (found.value === undefined)
    throw new Unresolved('no_value', `${named} has no value: what it refers to is missing.`);
  return found.value;
}

function documentOf(scope: Scope): Record<string, unknown> {
  return { input: scope.input, output: scope.output, request: scope.request, response: scope.response };
}

function bindingsOf(scope: Scope): Record<string, unknown> {
  return {
    input: scope.input,
    steps: scope.steps,
    env: scope.env,
    run: scope.run,
    item: scope.item,
    index: scope.index,
    visit: scope.visit,
    review: scope.review,
    effect: scope.effect,
  };
}

/** A text that is one `{{ … }}` gives what is inside; anything else is taken as the expression itself. */
function unwrap(text: string): { code: string; start: number } {
  const trimmed = text.trim();
  if (!isWholeTemplate(trimmed)) return { code: text, start: 0 };
  return { code: trimmed.slice(2, -2), start: text.indexOf('{{') + 2 };
}

function compile(code: string, maxDepth: number): jsonata.Expression {
  const name = `${maxDepth} ${code}`;
  const known = compiled.get(name);
  if (known) {
    compiled.delete(name);
    compiled.set(name, known);
    return known;
  }
  const program = jsonata(code, { stack: maxDepth, sequence: MAX_LIST, RegexEngine: boundedRegex });
  program.registerFunction('pad', pad, '<s-ns?:s>');
  assignHook(program, 'jsonata.__evaluate_entry', (_node, _input, environment) => keepToTime(environment));
  assignHook(program, 'jsonata.__evaluate_exit', (_node, _input, _environment, result) => keepToSize(result));
  compiled.set(name, program);
  if (compiled.size > CACHE_SIZE) {
    const oldest = compiled.keys().next();
    if (!oldest.done) compiled.delete(oldest.value);
  }
  return program;
}

/** JSONata looks its hooks up by symbol; its published type of `assign` only knows names. */
function assignHook(
  program: jsonata.Expression,
  name: string,
  hook: (node: unknown, input: unknown, environment: Environment, result: unknown) => Promise<void> | void,
): void {
  program.assign(Symbol.for(name) as unknown as string, hook);
}

/** Runs before every node. Awaiting it also keeps deep recursion off the native stack. */
function keepToTime(environment: Environment): Promise<void> | undefined {
  const progress = environment.lookup(PROGRESS) as Progress | undefined;
  if (progress === undefined) return undefined;
  const sliceMs = performance.now() - progress.sliceStart;
  if (progress.spentMs + sliceMs > progress.deadlineMs) {
    throw new Error(`It did not finish within ${progress.deadlineMs} ms; look for a loop that never ends.`);
  }
  if (sliceMs < SLICE_MS) return undefined;
  progress.spentMs += sliceMs;
  return new Promise((done) => {
    setImmediate(() => {
      progress.sliceStart = performance.now();
      done();
    });
  });
}

/** Runs after every node, so that a text or list doubled in a loop stops long before memory does. */
function keepToSize(result: unknown): void {
  if (typeof result === 'string' && result.length > MAX_TEXT) {
    throw new Error(`It made a text of more than ${MAX_TEXT} characters.`);
  }
  if (Array.isArray(result) && result.length > MAX_LIST) {
    throw new Error(`It made a list of more than ${MAX_LIST} entries.`);
  }
}

/** JSONata's `$pad`, bounded: the library's own builds a list as long as the width it is given. */
function pad(text: string | undefined, width: number, padding = ' '): string | undefined {
  if (text === undefined) return undefined;
  if (Math.abs(width) > MAX_TEXT) throw new Error(`It made a text of more than ${MAX_TEXT} characters.`);
  // Widths count characters as people see code points, the language counts UTF-16 units.
  const units = Math.trunc(Math.abs(width)) + (text.length - Array.from(text).length);
  const filler = padding === '' ? ' ' : padding;
  return width < 0 ? text.padStart(units, filler) : text.padEnd(units, filler);
}

function sentence(error: unknown): string {
  if (error instanceof RangeError) return 'It is nested too deeply or makes too much data.';
  const code = error instanceof Object && 'code' in error ? error.code : undefined;
  if (code === 'D1011') return 'It calls itself too deeply; look for a function that never stops calling itself.';
  if (code === 'D2014' || code === 'D2015') return `It made a list of more than ${MAX_LIST} entries.`;
  const message = error instanceof Object && 'message' in error ? error.message : undefined;
  if (typeof message !== 'string' || message === '') return 'It could not be evaluated.';
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
