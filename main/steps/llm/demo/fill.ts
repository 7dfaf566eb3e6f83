// Fills a JSON Schema with what the Demo model thinks: each property by its name first and its type second. It answers
// every property, keeps to enum, const, bounds and lengths, and stops at a fixed depth so that no schema can hang it.

import type { PromptFacts } from './facts.ts';
import { plainName } from './facts.ts';
import type { Judgement } from './judgement.ts';
import { pick, shorten } from './judgement.ts';

/** A JSON Schema, or the part of one the Demo model reads. Everything else in it is ignored. */
export type JsonSchemaLike = Record<string, unknown>;

export interface Mind {
  facts: PromptFacts;
  judgement: Judgement;
  prompt: string;
  /** Chooses between equally good wordings. */
  variant: number;
}

const MAX_DEPTH = 8;
const FIXED_DATE = '2026-06-01';

export function fill(schema: JsonSchemaLike, name: string, mind: Mind, depth = 0): unknown {
  if (depth > MAX_DEPTH) return null;
  if ('const' in schema) return schema['const'];
  const options = schema['enum'];
  if (Array.isArray(options) && options.length > 0) return chooseOption(options, mind);
  for (const union of ['anyOf', 'oneOf', 'allOf']) {
    const members = schema[union];
    if (!Array.isArray(members)) continue;
    const best = members.filter(isSchema).find((member) => member['type'] !== 'null');
    if (best !== undefined) return fill({ ...schema, [union]: undefined, ...best }, name, mind, depth + 1);
  }
  switch (typeOf(schema)) {
    case 'object':
      return fillObject(schema, mind, depth);
    case 'array':
      return fillArray(schema, name, mind, depth);
    case 'number':
      return bound(schema, fillNumber(name, mind), false);
    case 'integer':
      return bound(schema, fillNumber(name, mind), true);
    case 'boolean':
      return fillBoolean(name, mind);
    case 'null':
      return null;
    default:
      return fit(schema, fillText(schema, name, mind));
  }
}

function isSchema(value: unknown): value is JsonSchemaLike {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(schema: JsonSchemaLike): string {
  const { type } = schema;
  if (Array.isArray(type)) return String(type.find((member) => member !== 'null') ?? 'null');
  if (typeof type === 'string') return type;
  if (isSchema(schema['properties'])) return 'object';
  return isSchema(schema['items']) ? 'array' : 'string';
}

function fillObject(schema: JsonSchemaLike, mind: Mind, depth: number): Record<string, unknown> {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  // Built from entries, so that a property called __proto__ is just a property.
  return Object.fromEntries(
    Object.entries(properties).map(([name, inner]) => [
      name,
      fill(isSchema(inner) ? inner : {}, name, mind, depth + 1),
    ]),
  );
}

function fillArray(schema: JsonSchemaLike, name: string, mind: Mind, depth: number): unknown[] {
  const items = isSchema(schema['items']) ? schema['items'] : {};
  const limit = typeof schema['maxItems'] === 'number' ? schema['maxItems'] : 10;
  // Nested lists multiply; only the outer ones get more than one item.
  const most = depth > 2 ? 1 : 20;
  const fewest = typeof schema['minItems'] === 'number' ? Math.min(schema['minItems'], most) : 0;
  // Lists of text are nearly always reasons, risks or open questions: that is what the doubts are.
  const texts = typeOf(items) === 'string' && !('enum' in items) && !('const' in items);
  const filled: unknown[] = texts ? mind.judgement.doubts.map((doubt) => fit(items, doubt)) : [];
  const wanted = texts ? fewest : Math.max(fewest, 1);
  while (filled.length < wanted) filled.push(fill(items, name, mind, depth + 1));
  return filled.slice(0, Math.max(limit, 0));
}

function fillNumber(name: string, mind: Mind): number {
  const plain = plainName(name);
  const { judgement } = mind;
  if (/confidence|certainty|probability|likelihood|score/.test(plain)) return judgement.confidence;
  if (plain === 'risk' || plain.endsWith('risk')) return Number((1 - judgement.confidence).toFixed(2));
  if (/amount|total|refund|price|cost|cents|sum|value|payout|balance/.test(plain)) return judgement.amount ?? 0;
  const same = mind.facts.all.find((fact) => fact.path.at(-1) === plain && typeof fact.value === 'number');
  if (typeof same?.value === 'number') return same.value;
  return /count|number|items|quantity/.test(plain) ? judgement.doubts.length : 0;
}

function fillBoolean(name: string, mind: Mind): boolean {
  const clear = mind.judgement.doubts.length === 0;
  const plain = plainName(name);
  if (/review|human|escalat|unclear|ambiguous|manual|doubt|risky/.test(plain)) return !clear;
  return clear && !mind.judgement.excluded;
}

function fillText(schema: JsonSchemaLike, name: string, mind: Mind): string {
  const { facts, judgement } = mind;
  const plain = plainName(name);
  if (/^(reason|reasoning|explanation|rationale|justification|why|evidence)$/.test(plain)) return judgement.reason;
  if (/^(summary|description|overview|note|notes|comment)$/.test(plain)) return judgement.summary;
  if (/^(subject|title|headline)$/.test(plain)) return `About ${facts.subjectId ?? 'your request'}`;
  if (/^(message|body|letter|reply|emailbody|emailtext|text|answer)$/.test(plain)) return writeLetter(mind);
  if (/^(decision|action|outcome|recommendation|verdict)$/.test(plain)) return decide(mind);
  if (plain === 'currency') return judgement.currency;
  const same = facts.all.find((fact) => typeof fact.value === 'string' && fact.path.at(-1) === plain);
  if (typeof same?.value === 'string' && same.value !== '') return same.value;
  const nested = facts.all.find((fact) => typeof fact.value === 'string' && fact.path.join('') === plain);
  if (typeof nested?.value === 'string') return nested.value;
  if (/id$/.test(plain) && facts.subjectId !== undefined) return facts.subjectId;
  if (/(name|customer|supplier|recipient)$/.test(plain) && facts.party !== undefined) return facts.party;
  if (schema['format'] === 'date') return FIXED_DATE;
  if (schema['format'] === 'date-time') return `${FIXED_DATE}T09:00:00Z`;
  if (schema['format'] === 'email') return 'office@example.com';
  return judgement.summary;
}

function decide({ judgement }: Mind): string {
  if (judgement.doubts.length > 0) return 'review';
  return judgement.excluded ? 'decline' : 'approve';
}

function writeLetter({ facts, judgement, variant }: Mind): string {
  const greeting = facts.party === undefined ? 'Hello,' : `Dear ${facts.party},`;
  const thanks = pick(
    ['thank you for getting in touch', 'thank you for your message', 'thank you for your patience'],
    variant,
  );
  const about = facts.subjectId === undefined ? '' : ` about ${facts.subjectId}`;
  const news = judgement.excluded
    ? 'Unfortunately the terms of this purchase do not allow a refund.'
    : judgement.money === undefined
      ? 'We have looked into it and will write again shortly.'
      : `We have looked into it; the amount is ${judgement.money}.`;
  return `${greeting}\n\n${thanks}${about}. ${news}\n\nKind regards\nThe service team`;
}

const CAUTIOUS = /review|escalat|manual|human|hold|query|clarify|unclear|ask|partial|pending|unsure|medium/i;
const NEGATIVE = /decline|reject|deny|refuse|no_|none|^no$|low/i;
const POSITIVE = /approve|accept|refund|pay|clear|grant|proceed|auto|^yes$|ok|high|valid/i;

/** The option that fits the case; among options without such a meaning, the one whose words the prompt's data uses most. */
function chooseOption(options: readonly unknown[], mind: Mind): unknown {
  const texts = options.filter((option): option is string => typeof option === 'string');
  const { doubts, excluded } = mind.judgement;
  const wanted = doubts.length > 0 ? [CAUTIOUS, NEGATIVE] : excluded ? [NEGATIVE] : [POSITIVE];
  const meaningful = texts.filter((text) => [CAUTIOUS, NEGATIVE, POSITIVE].some((pattern) => pattern.test(text)));
  if (meaningful.length >= 2) {
    for (const pattern of wanted) {
      const fitting = texts.find((text) => pattern.test(text) && !(pattern === POSITIVE && CAUTIOUS.test(text)));
      if (fitting !== undefined) return fitting;
    }
  }
  const data = mind.facts.all
    .map((fact) => String(fact.value))
    .concat(mind.facts.remarks)
    .join(' ')
    .toLowerCase();
  const ranked = texts.map((text) => ({
    text,
    hits: text
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter((word) => word.length > 2 && data.includes(word)).length,
  }));
  const best = ranked.reduce<{ text: string; hits: number } | undefined>(
    (found, next) => (next.hits > (found?.hits ?? 0) ? next : found),
    undefined,
  );
  return best?.text ?? options[mind.variant % options.length];
}

function bound(schema: JsonSchemaLike, value: number, whole: boolean): number {
  const { minimum, maximum } = schema;
  let bounded = whole ? Math.round(value) : value;
  if (typeof maximum === 'number') bounded = Math.min(bounded, maximum);
  if (typeof minimum === 'number') bounded = Math.max(bounded, minimum);
  return bounded;
}

function fit(schema: JsonSchemaLike, text: string): string {
  const { minLength, maxLength } = schema;
  const long = typeof minLength === 'number' ? text.padEnd(Math.min(minLength, 10_000), '.') : text;
  return typeof maxLength === 'number' ? shorten(long, Math.max(maxLength, 0)) : long;
}
