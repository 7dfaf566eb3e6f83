// Idempotency keys as the IETF draft describes them: one answer per key, remembered for ever, refused for another
// payload, and refused while the first call is still in flight. It must never remember a call that did not happen.

import { createHash } from 'node:crypto';
import type { SandboxAnswer, SandboxEntry, SandboxReply, SandboxSystemName } from './system.ts';
import { refuse } from './system.ts';

export interface KeyMemory {
  /** What to answer without acting, or undefined when the call is the first with this key; it is then in flight. */
  begin: (system: SandboxSystemName, key: string, digest: string) => SandboxReply | undefined;
  end: (system: SandboxSystemName, key: string) => void;
  remember: (entry: SandboxEntry) => void;
  clear: () => void;
}

const MAX_KEY_LENGTH = 255;

/** The key inside the header: a quoted structured string, or the bare text. `null` means the header is malformed. */
export function readKeyHeader(header: string | string[] | undefined): string | undefined | null {
  if (header === undefined) return undefined;
  if (typeof header !== 'string') return null;
  const value = header.trim();
  let key = value;
  if (value.startsWith('"')) {
    const quoted = /^"((?:[^"\\]|\\["\\])*)"(?:\s*;.*)?$/.exec(value);
    if (quoted?.[1] === undefined) return null;
    key = quoted[1].replace(/\\(["\\])/g, '$1');
  }
  return key.length > 0 && key.length <= MAX_KEY_LENGTH ? key : null;
}

/** Digest of a call; field order does not matter, values are plain text and numbers. */
export function digestCall(method: string, path: string[], request: Record<string, unknown>): string {
  const fields = Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([method, path, fields]))
    .digest('hex');
}

export function createKeyMemory(): KeyMemory {
  const answers = new Map<string, { digest: string; answer: SandboxAnswer }>();
  const inFlight = new Map<string, string>();
  const nameOf = (system: SandboxSystemName, key: string): string => `${system} ${key}`;

  return {
    begin: (system, key, digest) => {
      const name = nameOf(system, key);
      const known = answers.get(name);
      const digestOfFirst = known?.digest ?? inFlight.get(name);
      if (digestOfFirst !== undefined && digestOfFirst !== digest) {
        return refuse(422, 'key_reused', 'This Idempotency-Key was used for another request.');
      }
      if (known !== undefined) {
        const headers = { ...known.answer.headers, 'idempotency-replayed': 'true' };
        return { kind: 'reply', answer: { ...known.answer, headers } };
      }
      if (digestOfFirst !== undefined) {
        return refuse(409, 'in_flight', 'The first request with this Idempotency-Key is still in progress.', {
          'retry-after': '1',
        });
      }
      inFlight.set(name, digest);
      return undefined;
    },
    end: (system, key) => {
      inFlight.delete(nameOf(system, key));
    },
    remember: (entry) => {
      if (entry.key === undefined || entry.digest === undefined) return;
      answers.set(nameOf(entry.system, entry.key), { digest: entry.digest, answer: entry.result });
    },
    clear: () => answers.clear(),
  };
}
