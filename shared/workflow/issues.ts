/**
 * zod's issues as problems: one plain sentence each, with JSON Pointer and fix. Used for the document itself and for
 * a step's config against its manifest. Must never show a zod word, a type name of ours or a value longer than a line.
 */
import type * as z from 'zod';
import { pointerOf, stepOfPath, valueAt, type PathPart } from './pointer.ts';
import type { Problem } from './problem.ts';

export type Issue = z.core.$ZodIssue;

/** `"` … `"` around text that came from the file, cut to a line. */
export function quoted(text: string): string {
  return text.length > 60 ? `"${text.slice(0, 57)}…"` : `"${text}"`;
}

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object { … }',
  record: 'an object { … }',
  array: 'a list [ … ]',
  null: 'null',
};

function typeWord(type: string): string {
  return TYPE_WORDS[type] ?? type;
}

function valueWord(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the text ${quoted(value)}`;
    case 'number':
    case 'boolean':
      return String(value);
    case 'object':
      return 'an object';
    default:
      return 'nothing';
  }
}

/** What a form calls the field at a path, and an example of what belongs there. */
export interface FieldHint {
  /** How the whole value is called in a sentence, when it is no document. */
  whole?: string;
  title?: string;
  example?: string;
}

export type FieldHints = (path: readonly PathPart[]) => FieldHint | undefined;

function fieldName(path: readonly PathPart[], hint?: FieldHint): string {
  if (hint?.title !== undefined) return quoted(hint.title);
  const last = path[path.length - 1];
  if (last === undefined) return hint?.whole ?? 'The document';
  return typeof last === 'number' ? `Item ${last + 1}` : quoted(String(last));
}

function list(words: readonly string[]): string {
  return words.length > 8 ? `${words.slice(0, 8).join(', ')}, …` : words.join(', ');
}

interface Sentence {
  code: string;
  message: string;
  fix?: string;
}

function sizeSentence(issue: Extract<Issue, { code: 'too_big' | 'too_small' }>, name: string): Sentence {
  const big = issue.code === 'too_big';
  const limit = String(big ? issue.maximum : issue.minimum);
  const bound = issue.inclusive === false ? (big ? 'less than' : 'more than') : big ? 'at most' : 'at least';
  if (issue.origin === 'string') {
    if (!big && limit === '1') return { code: 'invalid_value', message: `${name} must not be empty.` };
    return { code: 'invalid_value', message: `${name} must have ${bound} ${limit} characters.` };
  }
  if (issue.origin === 'array' || issue.origin === 'set' || issue.origin === 'object')
    return {
      code: 'invalid_value',
      message: `${name} must have ${bound} ${limit} ${limit === '1' ? 'entry' : 'entries'}.`,
    };
  return { code: 'invalid_value', message: `${name} must be ${bound} ${limit}.` };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Our own patterns carry a sentence; zod's own begin with "Invalid". */
function formatSentence(
  issue: Extract<Issue, { code: 'invalid_format' }>,
  name: string,
  value: unknown,
  hint?: FieldHint,
): Sentence {
  const said = `${name} cannot be ${typeof value === 'string' ? quoted(value) : valueWord(value)}`;
  if (!issue.message.startsWith('Invalid'))
    return { code: 'invalid_value', message: `${said}: ${lowerFirst(issue.message)}.` };
  if (hint?.example !== undefined)
    return { code: 'invalid_value', message: `${said}: it is written like ${hint.example}.` };
  const form =
    issue.format === 'regex' && issue.pattern ? `it must match ${issue.pattern}` : `it must be ${issue.format}`;
  return { code: 'invalid_value', message: `${said}: ${form}.` };
}

function sentenceOf(issue: Issue, path: readonly PathPart[], value: unknown, hint?: FieldHint): Sentence {
  const name = fieldName(path, hint);
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined)
        return { code: 'missing_field', message: `${name} is missing.`, fix: `Add it (${typeWord(issue.expected)}).` };
      return { code: 'wrong_type', message: `${name} must be ${typeWord(issue.expected)}, not ${valueWord(value)}.` };
    case 'invalid_value': {
      const values = issue.values.map((one) => (typeof one === 'string' ? one : String(one)));
      if (value === undefined)
        return { code: 'missing_field', message: `${name} is missing.`, fix: `Add it (${list(values)}).` };
      const choice = values.length === 1 ? values[0] : `one of ${list(values)}`;
      return { code: 'invalid_value', message: `${name} must be ${choice}, not ${valueWord(value)}.` };
    }
    case 'too_big':
    case 'too_small':
      return sizeSentence(issue, name);
    case 'invalid_format':
      return formatSentence(issue, name, value, hint);
    case 'not_multiple_of':
      return { code: 'invalid_value', message: `${name} must be a multiple of ${issue.divisor}.` };
    case 'invalid_key': {
      const inner = issue.issues[0];
      const why = inner && inner.code === 'invalid_format' ? inner.message : 'this name is not allowed here';
      return { code: 'invalid_value', message: `${name} cannot be used as a name: ${why}.` };
    }
    case 'invalid_union':
    case 'invalid_element':
    case 'unrecognized_keys':
    case 'custom':
      return { code: 'invalid_value', message: `${name} cannot be used here: ${issue.message}.` };
  }
}

/** Of a union's branches the one the writer most likely meant: right type, then fewest issues. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const cost = (branch: readonly Issue[]) =>
    branch.reduce((sum, issue) => {
      if (issue.path.length === 0 && issue.code !== 'unrecognized_keys') return sum + 100;
      return sum + (issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : 1);
    }, 0);
  return branches.reduce((best, branch) => (cost(branch) < cost(best) ? branch : best), branches[0] ?? []);
}

function unionProblems(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  root: unknown,
  path: PathPart[],
  hints?: FieldHints,
): Problem[] {
  const name = fieldName(path, hints?.(path));
  const value = valueAt(root, path);
  const branches = issue.errors;
  const objects = branches.filter((branch) =>
    branch.every((one) => one.path.length > 0 || one.code === 'unrecognized_keys'),
  );
  const strangers = objects.every((branch) => branch.some((one) => one.code === 'unrecognized_keys'));
  if (objects.length > 1 && strangers) {
    const names = objects.flatMap((branch) =>
      branch.filter((one) => one.code !== 'unrecognized_keys').map((one) => String(one.path[0])),
    );
    if (names.length > 0)
      return [
        problem(path, {
          code: 'invalid_value',
          message: `${name} must have exactly one of the fields ${list([...new Set(names)])}.`,
        }),
      ];
  }
  if (objects.length === 0) {
    const words = branches.flatMap((branch) =>
      branch.flatMap((one) => {
        if (one.code === 'invalid_type') return [typeWord(one.expected)];
        return one.code === 'invalid_value' ? one.values.map((choice) => String(choice)) : [];
      }),
    );
    const code = value === undefined ? 'missing_field' : 'wrong_type';
    const choice = list([...new Set(words)]).replace(/, ([^,]*)$/, ' or $1');
    if (words.length > 0)
      return [
        problem(
          path,
          value === undefined
            ? { code, message: `${name} is missing.`, fix: `Add it (${choice}).` }
            : { code, message: `${name} must be ${choice}, not ${valueWord(value)}.` },
        ),
      ];
  }
  return issueProblems(closestBranch(branches), root, path, hints);
}

function problem(path: readonly PathPart[], sentence: Sentence): Problem {
  const step = stepOfPath(path);
  return {
    fix: 'Correct it there.',
    ...sentence,
    severity: 'error',
    pointer: pointerOf(path),
    ...(step === undefined ? {} : { step }),
  };
}

/** `root` is the value `base` is counted from; issues count their paths from `base`. */
export function issueProblems(
  issues: readonly Issue[],
  root: unknown,
  base: readonly PathPart[],
  hints?: FieldHints,
): Problem[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) =>
        problem([...path, key], {
          code: 'unknown_field',
          message: `Unknown field ${quoted(key)} at ${pointerOf([...path, key])}.`,
          fix: 'Remove it or correct its name.',
        }),
      );
    if (issue.code === 'invalid_union' && issue.errors.length > 0) return unionProblems(issue, root, path, hints);
    return [problem(path, sentenceOf(issue, path, valueAt(root, path), hints?.(path)))];
  });
}
