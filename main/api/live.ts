/**
 * Live queries: a watch reads, sends, and reads again after something it depends on changed, at most once in 50 ms.
 * Must never run two reads of one watch at once, and never send the same value twice in a row.
 */
import type { Signal } from '../../shared/api/signal.ts';

export type Topic = 'workflows' | 'runs' | 'inbox' | 'ledger';

export interface Live {
  changed(...topics: Topic[]): void;
  watch<T>(topics: readonly Topic[], read: () => Promise<T>, push: (value: T) => void, signal: Signal): Promise<void>;
}

const COALESCE_MS = 50;

export function createLive(): Live {
  const listeners = new Set<(topics: readonly Topic[]) => void>();
  return {
    changed: (...topics) => {
      for (const listener of listeners) listener(topics);
    },
    watch: (topics, read, push, signal) =>
      new Promise((resolve, reject) => {
        let dirty = true;
        let reading = false;
        let timer: NodeJS.Timeout | undefined;
        let last: string | undefined;
        const listener = (changed: readonly Topic[]): void => {
          if (!changed.some((topic) => topics.includes(topic))) return;
          dirty = true;
          timer ??= setTimeout(refresh, COALESCE_MS);
        };
        const end = (): void => {
          clearTimeout(timer);
          listeners.delete(listener);
          signal.removeEventListener('abort', onAbort);
        };
        const onAbort = (): void => {
          end();
          resolve();
        };
        const refresh = (): void => {
          timer = undefined;
          if (reading || !dirty || signal.aborted) return;
          dirty = false;
          reading = true;
          read()
            .then((value) => {
              if (signal.aborted) return;
              const text = JSON.stringify(value);
              if (text !== last) push(value);
              last = text;
            })
            .catch((error: unknown) => {
              end();
              reject(error);
            })
            .finally(() => {
              reading = false;
              if (dirty && !signal.aborted) timer ??= setTimeout(refresh, COALESCE_MS);
            });
        };
        signal.addEventListener('abort', onAbort);
        listeners.add(listener);
        refresh();
      }),
  };
}
