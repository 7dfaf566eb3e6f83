/**
 * Large payloads: texts over 64 kB lie in a table of their own under their SHA-256, once however often they occur.
 * Must never change what it is given: a text comes back byte for byte.
 */
import { createHash } from 'node:crypto';
import type { SqlDatabase } from './port.ts';
import { allRows } from './sql.ts';

const INLINE_LIMIT_BYTES = 64 * 1024;

export interface Blobs {
  /** Where the text goes: itself, or the hash it is kept under. Writes, so call it inside the transaction. */
  place(text: string): { body: string; blob: null } | { body: null; blob: string };
  /** Hashes whose content no longer has that hash. */
  damaged(): string[];
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function blobsOn(db: SqlDatabase): Blobs {
  const insert = db.prepare('INSERT INTO blob (hash, content) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING');
  const hashes = db.prepare('SELECT hash FROM blob');
  const content = db.prepare('SELECT content FROM blob WHERE hash = ?');
  return {
    place(text) {
      if (Buffer.byteLength(text) <= INLINE_LIMIT_BYTES) return { body: text, blob: null };
      const blob = hashOf(text);
      insert.run(blob, text);
      return { body: null, blob };
    },
    damaged() {
      return allRows<{ hash: string }>(hashes)
        .map(({ hash }) => hash)
        .filter((hash) => allRows<{ content: string }>(content, hash).some((row) => hashOf(row.content) !== hash));
    },
  };
}
