/**
 * How a command speaks: results on stdout (people's text, or JSON with --json), everything else on stderr, and one exit
 * code. Must never print a stack unless --debug asked for it.
 */
import { ApiError } from '../../shared/api/contract.ts';
import { DATABASE } from '../api/data-faults.ts';
import { StoreError } from '../store/port.ts';

/** How this command is called here, for sentences that name the next one. */
export const invocation =
  process.env['npm_lifecycle_event'] === 'holdfast' ? 'npm run --silent holdfast --' : 'holdfast';

/** Ends the command with this sentence and code. */
export class CliFailure extends Error {
  readonly exitCode: number;
  /** Further lines, such as one per problem. */
  readonly lines: string[];
  constructor(exitCode: number, message: string, lines: string[] = []) {
    super(message);
    this.name = 'CliFailure';
    this.exitCode = exitCode;
    this.lines = lines;
  }
}

export interface Output {
  /** The one result of a command. */
  result(value: unknown, text: string): void;
  /** One line per item with --json, a table without; `empty` is said when there is nothing. */
  list<T>(items: readonly T[], columns: Column<T>[], empty: string): void;
  /** A JSON line in either mode: events while following. */
  line(value: unknown): void;
  /** To stderr, for the person. */
  note(text: string): void;
}

export interface Column<T> {
  title: string;
  cell(item: T): string;
}

export function createOutput(json: boolean): Output {
  const write = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  return {
    result: (value, text) => write(json ? JSON.stringify(value) : text),
    list: (items, columns, empty) => {
      if (json) for (const item of items) write(JSON.stringify(item));
      else write(items.length === 0 ? empty : table(items, columns));
    },
    line: (value) => write(JSON.stringify(value)),
    note: (text) => {
      process.stderr.write(`${text}\n`);
    },
  };
}

/** As people see a list; every cell is one line. */
export function table<T>(items: readonly T[], columns: Column<T>[]): string {
  const rows = [
    columns.map((column) => column.title),
    ...items.map((item) => columns.map((column) => oneLine(column.cell(item)))),
  ];
  const widths = columns.map((_column, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Control characters of stored text must not reach a terminal. */
export function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 500);
}

export function money(micros: number): string {
  return (micros / 1_000_000).toFixed(4);
}

export function time(at: number): string {
  return new Date(at).toISOString().replace('T', ' ').slice(0, 19);
}

/** Prints what ended the command and gives its exit code: 2 for what the caller can correct, 3 for the data folder
 * or a host of it that went away, else 1. */
export function reportFailure(error: unknown, debug: boolean): number {
  const say = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  if (debug && error instanceof Error && error.stack) say(error.stack);
  if (error instanceof CliFailure) {
    say(error.message);
    for (const line of error.lines) say(line);
    return error.exitCode;
  }
  if (error instanceof StoreError) {
    say(error.message);
    return 3;
  }
  if (error instanceof ApiError) {
    say(
      error.where && !error.message.includes(error.where)
        ? `${sentence(error.message)} (${error.where})`
        : sentence(error.message),
    );
    if (error.code === 'closed') say(`Whatever is saved is not lost and goes on with ${invocation} resume.`);
    return codeOfApiError(error);
  }
  say(`Holdfast stopped because of a fault of its own: ${error instanceof Error ? error.message : String(error)}`);
  if (!debug) say('Run the command again with --debug to see where.');
  return 1;
}

/** What the core refuses with has no full stop: it is also shown inside other sentences. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function codeOfApiError(error: ApiError): number {
  if (error.code === 'internal' && error.where === DATABASE) return 3;
  switch (error.code) {
    case 'bad_input':
    case 'not_found':
    case 'conflict':
    case 'refused':
    case 'too_large':
    case 'too_many':
      return 2;
    case 'timeout':
    case 'aborted':
    case 'internal':
      return 1;
    case 'closed':
      return 3;
  }
}
