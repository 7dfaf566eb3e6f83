/**
 * The tokens of a JSONata expression, as far as they are needed to find where a template ends and which steps are
 * named: texts, quoted names, comments, regular expressions and brackets are told apart, nothing else is understood.
 * Must agree with JSONata on where a text, name, comment or regular expression ends; it never judges the grammar.
 */
export type TokenKind = 'space' | 'comment' | 'text' | 'quotedName' | 'regex' | 'name' | 'open' | 'close' | 'other';

export interface Token {
  kind: TokenKind;
  start: number;
  end: number;
  /** False for a text, quoted name or comment that the end of the input cut off. */
  closed: boolean;
}

const SPACE = /[ \t\n\r\v]+/y;
const NAME = /[$\p{L}\p{N}_][\p{L}\p{N}_]*/uy;

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function textEnd(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return -1;
}

/** Brackets inside a regular expression hide its closing slash, as they do in JSONata. */
function regexEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '\\') at += 1;
    else if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    else if (character === '/' && depth === 0 && at > start + 1) {
      const end = matchEnd(/[im]*/y, text, at + 1);
      return end;
    }
  }
  return -1;
}

/** After an operand a slash divides; anywhere else it opens a regular expression. */
function opensRegex(text: string, previous: Token | undefined): boolean {
  if (!previous || previous.kind === 'open') return true;
  if (previous.kind === 'name') return /^(and|or|in)$/.test(text.slice(previous.start, previous.end));
  return previous.kind === 'other' && '=<>~&|,:?;!'.includes(text[previous.start] ?? '');
}

/** The token at `at`, which must lie inside the text. `previous` is the last token that was no space or comment. */
export function tokenAt(text: string, at: number, previous: Token | undefined): Token {
  const token = (kind: TokenKind, end: number): Token =>
    end < 0 ? { kind, start: at, end: text.length, closed: false } : { kind, start: at, end, closed: true };
  const character = text[at] ?? '';
  const space = matchEnd(SPACE, text, at);
  if (space > at) return token('space', space);
  if (character === '"' || character === "'") return token('text', textEnd(text, at, character));
  if (character === '`') {
    const close = text.indexOf('`', at + 1);
    return token('quotedName', close < 0 ? -1 : close + 1);
  }
  if (text.startsWith('/*', at)) {
    const close = text.indexOf('*/', at + 2);
    return token('comment', close < 0 ? -1 : close + 2);
  }
  if (character === '/' && opensRegex(text, previous)) {
    const end = regexEnd(text, at);
    if (end > 0) return token('regex', end);
  }
  if ('([{'.includes(character)) return token('open', at + 1);
  if (')]}'.includes(character)) return token('close', at + 1);
  const name = matchEnd(NAME, text, at);
  return name > at ? token('name', name) : token('other', at + 1);
}

/** Every token of a whole expression that means something, spaces and comments left out. */
export function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  let previous: Token | undefined;
  for (let at = 0; at < expression.length;) {
    const token = tokenAt(expression, at, previous);
    at = token.end;
    if (token.kind === 'space' || token.kind === 'comment') continue;
    tokens.push(token);
    previous = token;
  }
  return tokens;
}

export interface StepReference {
  step: string;
  offset: number;
}

/** The steps an expression names as `$steps.x`, `$steps."x"`, `` $steps.`x` `` or `$steps["x"]`. */
export function stepReferences(expression: string): StepReference[] {
  if (!expression.includes('$steps')) return [];
  const tokens = tokensOf(expression);
  const textOf = (token: Token | undefined) => (token ? expression.slice(token.start, token.end) : '');
  const found: StepReference[] = [];
  tokens.forEach((token, index) => {
    if (token.kind !== 'name' || textOf(token) !== '$steps') return;
    const by = textOf(tokens[index + 1]);
    const named = tokens[index + 2];
    if (!named || (by !== '.' && by !== '[')) return;
    const text = textOf(named);
    const bare = by === '.' && named.kind === 'name' && !text.startsWith('$');
    const inQuotes = named.kind === 'text' || (by === '.' && named.kind === 'quotedName');
    if (by === '[' && textOf(tokens[index + 3]) !== ']') return;
    if (bare) found.push({ step: text, offset: token.start });
    else if (inQuotes) found.push({ step: text.slice(1, -1), offset: token.start });
  });
  return found;
}
