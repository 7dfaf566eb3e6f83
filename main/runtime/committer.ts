/**
 * Group commit: whatever all runs have ready in one turn of the event loop is appended in ONE transaction, with one
 * fsync. While a transaction is being written the next group gathers.
 */
import type { RunAppend, WriteStore } from '../store/port.ts';
import { nodeScheduler, type Scheduler } from './scheduler.ts';

export interface Committer {
  /** Resolves when the append is durable; rejects when its transaction failed as a whole. */
  append(append: RunAppend): Promise<void>;
  /** Resolves when nothing is waiting to be written. */
  drained(): Promise<void>;
}

interface Waiting {
  append: RunAppend;
  resolve(): void;
  reject(error: unknown): void;
}

export function createCommitter(store: Pick<WriteStore, 'append'>, scheduler: Scheduler = nodeScheduler): Committer {
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    // One turn of the event loop: runs that are being decided right now still join this group.
    await new Promise<void>((resolve) => scheduler.soon(resolve));
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await store.append(group.map((entry) => entry.append));
        for (const entry of group) entry.resolve();
      } catch (error) {
        for (const entry of group) entry.reject(error);
      }
    }
    writing = undefined;
  }

  return {
    append: (append) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ append, resolve, reject });
        writing ??= write();
      }),
    drained: async () => {
      while (writing) await writing;
    },
  };
}
