/** An abort signal without DOM or Node: what `serve` hands to a handler. Listeners run once, a failing one stops nobody. */
import type { Signal } from './signal.ts';

export function createAbort(): { signal: Signal; abort(): void } {
  const listeners = new Set<() => void>();
  let aborted = false;
  const signal: Signal = {
    get aborted() {
      return aborted;
    },
    addEventListener: (_type, listener) => {
      if (!aborted) listeners.add(listener);
    },
    removeEventListener: (_type, listener) => {
      listeners.delete(listener);
    },
  };
  return {
    signal,
    abort: () => {
      if (aborted) return;
      aborted = true;
      const waiting = [...listeners];
      listeners.clear();
      let first: { error: unknown } | undefined;
      for (const listener of waiting) {
        try {
          listener();
        } catch (error) {
          first ??= { error };
        }
      }
      if (first) throw first.error;
    },
  };
}
