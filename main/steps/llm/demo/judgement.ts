// What the Demo model makes of the facts: how much money is meant, whether the case is clear, and how to say so in plain
// business English. Deterministic rules; every sentence names facts of the prompt and claims nothing that is not there.

import type { Fact, PromptFacts } from './facts.ts';

export interface Judgement {
  /** In the unit of the prompt (the samples use cents); undefined when no amount is named. */
  amount?: number;
  /** The amount as people write it, such as `49.00 EUR`. */
  money?: string;
  currency: string;
  /** Why a person should look, in the words of the prompt; empty when the case is clear. */
  doubts: string[];
  /** A rule in the facts excludes it, such as a final sale. */
  excluded: boolean;
  confidence: number;
  reason: string;
  summary: string;
}

const AMBIGUOUS =
  /\b(partial(?:ly)?|partly|late|unclear|unsure|not sure|ambiguous|maybe|perhaps|might|may be|possibly|disputed?|conflicting|contradicts?|goodwill|missing|no purchase order|exception)\b/i;

/** From the most to the least telling place an amount can stand in. */
const MONEY_NAMES: readonly RegExp[] = [
  /^(requestedamount|claimedamount|refundamount|claimamount|amountrequested)$/,
  /^(amount|amountdue|balance|sum)$/,
  /^(total|totalamount|grandtotal|subtotal|invoicetotal|ordertotal)$/,
  /(amount|total|price|cost|value|cents)$/,
];
const MONEY_IN_TEXT =
  /(?:\b(?:EUR|USD|GBP|CHF|amount|total)\b[:\s]*|[€$£]\s?)(\d+(?:\.\d{1,2})?)|(\d+(?:\.\d{1,2})?)\s?(?:EUR|USD|GBP|CHF|€)/gi;

const CONFIDENT = 0.94;
const DOUBTFUL = 0.62;
const BLIND = 0.41;

export function judge(prompt: string, facts: PromptFacts, variant: number): Judgement {
  const excluded = facts.all.some((fact) => fact.value === 'final_sale' || fact.value === 'cancelled');
  const named = findAmount(prompt, facts.all);
  const doubts = findDoubts(facts);
  const currency = facts.currency ?? 'EUR';
  const confidence = doubts.length > 0 ? DOUBTFUL : named === undefined && facts.all.length === 0 ? BLIND : CONFIDENT;
  const amount = excluded ? 0 : named?.amount;
  const about = describeSubject(facts);
  const money = amount === undefined ? undefined : sayMoney(amount, currency, named?.inCents ?? true);
  const verdict = excluded
    ? 'the terms exclude a payment, so nothing is due'
    : money === undefined
      ? 'no amount is named'
      : pick([`the amount in question is ${money}`, `${money} is what is asked for`, `it comes to ${money}`], variant);
  const [firstDoubt] = doubts;
  const advice =
    firstDoubt === undefined
      ? pick(
          ['The record is consistent.', 'Nothing in the record speaks against it.', 'The facts agree with each other.'],
          variant,
        )
      : `${firstDoubt} ${pick(['A person should confirm this.', 'Please have somebody look at it.', 'This is not clear enough to decide alone.'], variant)}`;
  const judgement: Judgement = {
    currency,
    doubts,
    excluded,
    confidence,
    reason: `${about}: ${verdict}. ${advice}`,
    summary: money === undefined ? `${about}.` : `${about}, ${money}.`,
  };
  if (amount !== undefined) judgement.amount = amount;
  if (money !== undefined) judgement.money = money;
  return judgement;
}

function findDoubts(facts: PromptFacts): string[] {
  const doubts: string[] = [];
  for (const remark of facts.remarks) {
    const telling = sentencesOf(remark).find((sentence) => AMBIGUOUS.test(sentence));
    if (telling !== undefined) doubts.push(`The record says: “${shorten(telling, 160)}”`);
  }
  if (facts.all.some((fact) => fact.path.join('.') === 'claim' && fact.value === null)) {
    doubts.push('The customer has made no claim on this order.');
  }
  const refund = facts.all.find((fact) => fact.path.at(-1) === 'refundid' && typeof fact.value === 'string');
  if (refund !== undefined) doubts.push(`Refund ${String(refund.value)} is already on record.`);
  const [total, ordered] = ['total', 'purchaseordertotal'].map((name) => numberAt(facts.all, name));
  if (total !== undefined && ordered !== undefined && total !== ordered) {
    doubts.push('The total differs from the purchase order.');
  }
  return doubts;
}

function numberAt(all: Fact[], name: string): number | undefined {
  const found = all.find((fact) => fact.path.length === 1 && fact.path[0] === name && typeof fact.value === 'number');
  return typeof found?.value === 'number' ? found.value : undefined;
}

/** In data a whole number is cents, as in every sample; in written text, and with a fraction, it is the currency itself. */
function findAmount(prompt: string, all: Fact[]): { amount: number; inCents: boolean } | undefined {
  for (const pattern of MONEY_NAMES) {
    const amounts = all
      .filter((fact) => pattern.test(fact.path.at(-1) ?? ''))
      .map((fact) => fact.value)
      .filter((value): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0);
    if (amounts.length > 0) {
      const amount = amounts.reduce((a, b) => Math.max(a, b));
      return { amount, inCents: Number.isInteger(amount) };
    }
  }
  const written = [...prompt.matchAll(MONEY_IN_TEXT)].map((hit) => Number(hit[1] ?? hit[2]));
  return written.length > 0 ? { amount: written.reduce((a, b) => Math.max(a, b)), inCents: false } : undefined;
}

function describeSubject(facts: PromptFacts): string {
  const subject = facts.subjectId === undefined ? 'This case' : `${sayKind(facts.subjectId)}${facts.subjectId}`;
  return facts.party === undefined ? subject : `${subject} of ${facts.party}`;
}

function sayKind(id: string): string {
  if (/^ord/i.test(id)) return 'Order ';
  return /^inv/i.test(id) ? 'Invoice ' : 'Case ';
}

function sayMoney(amount: number, currency: string, inCents: boolean): string {
  return `${(inCents ? amount / 100 : amount).toFixed(2)} ${currency}`;
}

function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?])\s+/).filter((sentence) => sentence !== '');
}

export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).trimEnd()}…`;
}

export function pick<T>(choices: readonly [T, ...T[]], variant: number): T {
  return choices[variant % choices.length] ?? choices[0];
}
