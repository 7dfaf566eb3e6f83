/** One clock for the whole page, so that all relative times move together. Ticks only while something shows a time. */
import { useSyncExternalStore } from 'react';

function createTicker(everyMs: number) {
  const listeners = new Set<() => void>();
  let now = Date.now();
  let timer: number | undefined;
  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      if (timer === undefined) {
        now = Date.now();
        timer = window.setInterval(() => {
          now = Date.now();
          for (const tell of listeners) tell();
        }, everyMs);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0 || timer === undefined) return;
        window.clearInterval(timer);
        timer = undefined;
      };
    },
    read: () => now,
  };
}

const everySecond = createTicker(1000);

export function useNow(): number {
  return useSyncExternalStore(everySecond.subscribe, everySecond.read);
}
