// What a sandbox system is: a set of routes that answer reads from memory and describe every change before it is made.
// A change is only a plan until its ledger entry is on disk; a system must never alter its state anywhere but in `apply`,
// which is the same function for a live change and for refolding the ledger at start.

export type SandboxSystemName = 'crm' | 'payments' | 'mail';

/** JSON answer of a system; `headers` are extra ones such as ETag. */
export interface SandboxAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** One thing that really happened in a system; a line of the ledger. Reads, refusals and replays are not entries. */
export interface SandboxEntry {
  /** Epoch milliseconds. */
  at: number;
  system: SandboxSystemName;
  /** Past tense: `refund.created`, `refund.reversed`, `order.updated`, `message.sent`. */
  action: string;
  /** Id of what was changed. */
  resource: string;
  /** The Idempotency-Key the caller gave, if any. */
  key?: string;
  /** Digest of the call the key was used for; the same key with another digest is refused. */
  digest?: string;
  request: Record<string, unknown>;
  /** The answer as it was (or would have been) sent. */
  result: SandboxAnswer;
}

export interface SandboxCall {
  method: string;
  /** Path below the system, decoded: `/crm/orders/ord_1` gives `['orders', 'ord_1']`. */
  path: string[];
  query: URLSearchParams;
  /** Value of If-Match without quotes. */
  ifMatch?: string;
  body: unknown;
}

/** A change that is checked and complete but has not happened yet. */
export interface SandboxChange {
  kind: 'change';
  action: string;
  resource: string;
  request: Record<string, unknown>;
  result: SandboxAnswer;
}

/** A mutating call after its shape was checked. `plan` runs when it is this call's turn, against the state of that moment. */
export interface SandboxMutation {
  kind: 'mutation';
  /** What the caller asked for, reduced to known fields; its digest is what a repeated key is compared with. */
  request: Record<string, unknown>;
  plan: (at: number) => SandboxChange | SandboxReply;
}

export interface SandboxReply {
  kind: 'reply';
  answer: SandboxAnswer;
}

export interface SandboxSystem {
  name: SandboxSystemName;
  /** Whether a repeated Idempotency-Key is recognised. */
  honoursKeys: boolean;
  handle: (call: SandboxCall) => SandboxMutation | SandboxReply;
  apply: (entry: SandboxEntry) => void;
  /** Back to the seeded state. */
  clear: () => void;
}

export function reply(status: number, body: unknown, headers?: Record<string, string>): SandboxReply {
  return { kind: 'reply', answer: headers === undefined ? { status, body } : { status, body, headers } };
}

export function refuse(status: number, code: string, message: string, headers?: Record<string, string>): SandboxReply {
  return reply(status, { error: { code, message } }, headers);
}

export function noSuchPath(): SandboxReply {
  return refuse(404, 'not_found', 'There is nothing at this path.');
}

export function wrongMethod(allowed: string[]): SandboxReply {
  return refuse(405, 'method_not_allowed', `This path answers ${allowed.join(' and ')} only.`, {
    allow: allowed.join(', '),
  });
}

/** The body as an object with only the allowed fields, or a sentence that names the first wrong one. */
export function readFields(body: unknown, allowed: readonly string[]): Record<string, unknown> | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'The body must be a JSON object.';
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (!allowed.includes(name)) return `Unknown field "${name}". Known fields: ${allowed.join(', ')}.`;
    known[name] = value;
  }
  return known;
}

/** A text of 1 to `max` characters, or undefined when the value is anything else. */
export function readText(value: unknown, max: number): string | undefined {
  return typeof value === 'string' && value.trim() !== '' && value.length <= max ? value : undefined;
}
