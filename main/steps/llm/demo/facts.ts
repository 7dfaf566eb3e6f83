// Reads the facts of a prompt: the JSON it contains (usually an order or an invoice that a template put there) and its
// labelled lines ("Reason: …"). Pure, bounded in work, and it must never treat the prompt's instructions as facts.

export interface Fact {
  /** Last name on the way to the value, as written. */
  name: string;
  /** Lower-cased names on the way, without digits: `['claim', 'amount']`. */
  path: string[];
  value: string | number | boolean | null;
}

export interface PromptFacts {
  all: Fact[];
  /** What people wrote: notes, messages, reasons. Only these decide whether a case is ambiguous. */
  remarks: string[];
  /** The id of the thing the prompt is about, such as `ord_1042`. */
  subjectId?: string;
  /** The person or company concerned. */
  party?: string;
  currency?: string;
}

const MAX_FACTS = 5000;
const MAX_DEPTH = 20;
const MAX_FRAGMENTS = 200;
const REMARK_NAMES = /^(note|notes|message|reason|comment|comments|remark|remarks|request|complaint|text|feedback)$/;
const LABELLED_LINE =
  /^\s*(note|message|reason|comment|remark|customer(?: says| writes)?|reviewer(?: says)?)\s*:\s*(.+)$/gim;
const ID_IN_TEXT = /\b(?:[a-z]{2,5}[_-]\d{2,}|[A-Z]{2,5}[-_]\d+|[A-Z]{2,5}\d{3,})\b/;

export function readFacts(prompt: string): PromptFacts {
  const all: Fact[] = [];
  let plain = '';
  for (const part of splitJson(prompt)) {
    if (part.kind === 'text') plain += `${part.text}\n`;
    else collect(part.value, [], '', 0, all);
  }
  const remarks = all
    .filter((fact) => REMARK_NAMES.test(fact.name.toLowerCase()) && typeof fact.value === 'string' && fact.value !== '')
    .map((fact) => String(fact.value));
  for (const line of plain.matchAll(LABELLED_LINE)) {
    const said = line[2]?.trim();
    if (said !== undefined && said !== '') remarks.push(said);
  }
  // A prompt without data and labels is itself what somebody wrote.
  if (all.length === 0 && remarks.length === 0 && prompt.trim() !== '') remarks.push(prompt.trim());

  const facts: PromptFacts = { all, remarks };
  const subjectId =
    textOf(all, (fact) => fact.path.length === 1 && fact.path[0] === 'id') ?? ID_IN_TEXT.exec(prompt)?.[0];
  if (subjectId !== undefined) facts.subjectId = subjectId;
  const party =
    textOf(all, (fact) => fact.path.join('.') === 'customer.name') ??
    textOf(all, (fact) => ['supplier', 'customername', 'customer', 'name'].includes(fact.path.join('.')));
  if (party !== undefined) facts.party = party;
  const currency =
    textOf(
      all,
      (fact) => fact.path.at(-1) === 'currency' && typeof fact.value === 'string' && fact.value.length === 3,
    ) ?? /\b(EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|JPY)\b/.exec(prompt)?.[0];
  if (currency !== undefined) facts.currency = currency;
  return facts;
}

function textOf(all: Fact[], wanted: (fact: Fact) => boolean): string | undefined {
  const found = all.find((fact) => typeof fact.value === 'string' && fact.value !== '' && wanted(fact));
  return found === undefined ? undefined : String(found.value);
}

function collect(value: unknown, path: string[], name: string, depth: number, into: Fact[]): void {
  if (into.length >= MAX_FACTS || depth > MAX_DEPTH) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, path, name, depth + 1, into);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      collect(inner, [...path, plainName(key)], key, depth + 1, into);
    }
  } else if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    into.push({ name, path, value });
  }
}

/** `order_Id` and `orderId` are the same name. */
export function plainName(name: string): string {
  return name.replace(/[^A-Za-z]/g, '').toLowerCase();
}

type Part = { kind: 'text'; text: string } | { kind: 'json'; value: unknown };

function splitJson(prompt: string): Part[] {
  const parts: Part[] = [];
  let textFrom = 0;
  let tried = 0;
  for (let at = 0; at < prompt.length && tried < MAX_FRAGMENTS; at += 1) {
    const sign = prompt[at];
    if (sign !== '{' && sign !== '[') continue;
    tried += 1;
    const end = endOfFragment(prompt, at);
    if (end === undefined) continue;
    let value: unknown;
    try {
      value = JSON.parse(prompt.slice(at, end));
    } catch {
      continue;
    }
    parts.push({ kind: 'text', text: prompt.slice(textFrom, at) }, { kind: 'json', value });
    textFrom = end;
    at = end - 1;
  }
  parts.push({ kind: 'text', text: prompt.slice(textFrom) });
  return parts;
}

/** Position after the bracket that closes the one at `start`, brackets inside strings left out. */
function endOfFragment(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const sign = text[at];
    if (inString) {
      if (sign === '\\') at += 1;
      else if (sign === '"') inString = false;
    } else if (sign === '"') inString = true;
    else if (sign === '{' || sign === '[') depth += 1;
    else if (sign === '}' || sign === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}
