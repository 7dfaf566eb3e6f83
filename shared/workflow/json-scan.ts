/**
 * One pass over JSON text before it is parsed: the first syntax error with its place, nesting that is too deep, and
 * keys given twice (which a parser drops in silence). Engines word and place their errors differently; this does not.
 * Must accept exactly what JSON.parse accepts, apart from depth and double keys.
 */
export type JsonFault = {
  code: 'invalid_json' | 'too_deep' | 'duplicate_key';
  /** A sentence without its place. */
  message: string;
  offset: number;
};

interface Scan {
  text: string;
  at: number;
  maxDepth: number;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

class Stop {
  readonly fault: JsonFault;
  constructor(fault: JsonFault) {
    this.fault = fault;
  }
}

function stop(code: JsonFault['code'], offset: number, message: string): never {
  throw new Stop({ code, offset, message });
}

function skipSpace(scan: Scan): void {
  SPACE.lastIndex = scan.at;
  SPACE.test(scan.text);
  scan.at = SPACE.lastIndex;
}

function found(scan: Scan): string {
  if (scan.at >= scan.text.length) return 'the file ends';
  const character = String.fromCodePoint(scan.text.codePointAt(scan.at) ?? 0);
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(character) ? `there is “${character}”` : 'there is an unprintable character';
}

/** Leaves `at` behind the string and gives its text. Written as a loop: a regular expression overflows on megabytes. */
function readString(scan: Scan): string {
  const { text } = scan;
  const start = scan.at;
  let at = start + 1;
  for (;;) {
    if (at >= text.length) stop('invalid_json', start, 'A text that starts here is never closed with "');
    const code = text.charCodeAt(at);
    if (code === 0x22) break;
    if (code < 0x20)
      stop('invalid_json', at, 'A text must not hold a line break or control character; write it as \\n');
    if (code !== 0x5c) {
      at += 1;
      continue;
    }
    const escape = text[at + 1];
    if (escape === 'u') {
      if (!/^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6)))
        stop('invalid_json', at, 'After \\u there must be four hexadecimal digits');
      at += 6;
    } else {
      if (escape === undefined || !'"\\/bfnrt'.includes(escape))
        stop('invalid_json', at, 'This backslash starts no known escape; write \\\\ for a backslash');
      at += 2;
    }
  }
  scan.at = at + 1;
  const raw = text.slice(start, at + 1);
  return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
}

function readObject(scan: Scan, depth: number): void {
  const keys = new Set<string>();
  scan.at += 1;
  skipSpace(scan);
  if (scan.text[scan.at] === '}') {
    scan.at += 1;
    return;
  }
  for (;;) {
    skipSpace(scan);
    const keyAt = scan.at;
    if (scan.text[keyAt] !== '"')
      stop('invalid_json', keyAt, `Expected a field name in double quotes, but ${found(scan)}`);
    const key = readString(scan);
    if (keys.has(key)) stop('duplicate_key', keyAt, `The field "${key}" is given twice in the same object`);
    keys.add(key);
    skipSpace(scan);
    if (scan.text[scan.at] !== ':') stop('invalid_json', scan.at, `Expected : after "${key}", but ${found(scan)}`);
    scan.at += 1;
    readValue(scan, depth);
    skipSpace(scan);
    const next = scan.text[scan.at];
    if (next !== ',' && next !== '}')
      stop('invalid_json', scan.at, `Expected a comma or } after the value of "${key}", but ${found(scan)}`);
    scan.at += 1;
    if (next === '}') return;
  }
}

function readArray(scan: Scan, depth: number): void {
  scan.at += 1;
  skipSpace(scan);
  if (scan.text[scan.at] === ']') {
    scan.at += 1;
    return;
  }
  for (;;) {
    readValue(scan, depth);
    skipSpace(scan);
    const next = scan.text[scan.at];
    if (next !== ',' && next !== ']')
      stop('invalid_json', scan.at, `Expected a comma or ] after an item, but ${found(scan)}`);
    scan.at += 1;
    if (next === ']') return;
  }
}

function readValue(scan: Scan, depth: number): void {
  skipSpace(scan);
  const start = scan.text[scan.at];
  if (start === '{' || start === '[') {
    if (depth >= scan.maxDepth) stop('too_deep', scan.at, `Values are nested more than ${scan.maxDepth} deep`);
    if (start === '{') readObject(scan, depth + 1);
    else readArray(scan, depth + 1);
    return;
  }
  if (start === '"') {
    readString(scan);
    return;
  }
  for (const pattern of [NUMBER, WORD]) {
    pattern.lastIndex = scan.at;
    if (pattern.test(scan.text)) {
      scan.at = pattern.lastIndex;
      return;
    }
  }
  stop('invalid_json', scan.at, `Expected a value, but ${found(scan)}`);
}

/** The first fault of the text, or undefined for JSON that can be parsed as it is. */
export function findJsonFault(text: string, maxDepth: number): JsonFault | undefined {
  const scan: Scan = { text, at: 0, maxDepth };
  try {
    readValue(scan, 0);
    skipSpace(scan);
    if (scan.at < text.length) stop('invalid_json', scan.at, `Expected the end of the file, but ${found(scan)}`);
    return undefined;
  } catch (stopped) {
    if (stopped instanceof Stop) return stopped.fault;
    throw stopped;
  }
}

/** Line and column of an offset, both counted from 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}
