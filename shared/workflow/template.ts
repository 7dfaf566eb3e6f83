/**
 * Text with `{{ JSONata }}` in it: where each expression begins and ends. `}}` closes one only outside texts, names,
 * comments and brackets of the expression. Splits and finds; never evaluates and never checks JSONata's grammar.
 */
import { tokenAt, type Token } from './expression-scan.ts';
import { pointerOf, type PathPart } from './pointer.ts';

export type TemplatePart =
  | { type: 'text'; text: string }
  /** `offset` is where the expression's text starts in the whole text. */
  | { type: 'expression'; expression: string; offset: number };

export interface Template {
  parts: TemplatePart[];
  /** Set when a `{{` is never closed; the rest of the text is then in no part. */
  problem?: { message: string; offset: number };
}

/** Where the expression that starts at `start` ends (at its `}}`), or -1. */
function expressionEnd(text: string, start: number): number {
  let depth = 0;
  let previous: Token | undefined;
  for (let at = start; at < text.length;) {
    if (depth === 0 && text.startsWith('}}', at)) return at;
    const token = tokenAt(text, at, previous);
    if (!token.closed) return -1;
    if (token.kind === 'open') depth += 1;
    if (token.kind === 'close' && depth > 0) depth -= 1;
    if (token.kind !== 'space' && token.kind !== 'comment') previous = token;
    at = token.end;
  }
  return -1;
}

export function templateParts(text: string): Template {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', at)) {
    if (open > at) parts.push({ type: 'text', text: text.slice(at, open) });
    const end = expressionEnd(text, open + 2);
    if (end < 0) {
      const message = `The "{{" at character ${open + 1} is never closed with "}}"`;
      return { parts, problem: { message, offset: open } };
    }
    const inside = text.slice(open + 2, end);
    const expression = inside.trim();
    parts.push({ type: 'expression', expression, offset: open + 2 + (inside.length - inside.trimStart().length) });
    at = end + 2;
  }
  if (at < text.length) parts.push({ type: 'text', text: text.slice(at) });
  return { parts };
}

/** True for text that is exactly one `{{…}}`: its value keeps its type. */
export function isWholeTemplate(text: string): boolean {
  if (!text.startsWith('{{') || !text.endsWith('}}')) return false;
  const { parts, problem } = templateParts(text);
  return problem === undefined && parts.length === 1;
}

/** The expression of a field that holds nothing else, such as `doneWhen`: with or without `{{ }}` around it. */
export function expressionText(field: string): string {
  const trimmed = field.trim();
  if (!isWholeTemplate(trimmed)) return trimmed;
  return trimmed.slice(2, -2).trim();
}

export interface ExpressionPlace {
  pointer: string;
  expression: string;
  /** The text is exactly this one template, so the value keeps its type. */
  whole: boolean;
  /** Where the expression starts in the text at `pointer`. */
  offset: number;
}

export interface TemplateFault {
  pointer: string;
  message: string;
  offset: number;
}

/** All templates in the texts of a JSON value, in document order; keys are never templates. */
export function templatesIn(
  value: unknown,
  base: readonly PathPart[] = [],
): { expressions: ExpressionPlace[]; faults: TemplateFault[] } {
  const expressions: ExpressionPlace[] = [];
  const faults: TemplateFault[] = [];
  const visit = (at: unknown, path: readonly PathPart[]): void => {
    if (typeof at === 'string') {
      if (!at.includes('{{')) return;
      const pointer = pointerOf(path);
      const { parts, problem } = templateParts(at);
      const whole = parts.length === 1 && problem === undefined;
      for (const part of parts)
        if (part.type === 'expression')
          expressions.push({ pointer, expression: part.expression, whole, offset: part.offset });
      if (problem) faults.push({ pointer, ...problem });
    } else if (Array.isArray(at)) {
      at.forEach((item, index) => visit(item, [...path, index]));
    } else if (typeof at === 'object' && at !== null) {
      for (const [key, item] of Object.entries(at)) visit(item, [...path, key]);
    }
  };
  visit(value, base);
  return { expressions, faults };
}

export function expressionsIn(value: unknown, base: readonly PathPart[] = []): ExpressionPlace[] {
  return templatesIn(value, base).expressions;
}
