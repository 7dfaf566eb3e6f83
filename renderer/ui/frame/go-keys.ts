/** G, then a letter, opens a screen. Never while somebody types, and never with a modifier held. */
import { useEffect } from 'react';
import { navigate } from '../../lib/route.ts';
import type { Route } from '../../lib/route.ts';

const waitMs = 1200;

export const goKeys: Record<string, Route> = {
  d: { screen: 'designer' },
  r: { screen: 'runs' },
  i: { screen: 'inbox' },
  s: { screen: 'settings' },
};

/** True where a letter means text and not a command. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.closest('input, textarea, select, [role="textbox"], [role="dialog"]') !== null)
  );
}

export function useGoKeys(): void {
  useEffect(() => {
    let armedUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
      const key = event.key.toLowerCase();
      if (event.timeStamp < armedUntil) {
        armedUntil = 0;
        const route = goKeys[key];
        if (!route) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        navigate(route);
        return;
      }
      if (key !== 'g' || event.shiftKey) return;
      // A screen may use the letter itself (the canvas does, on a selected step): then it is not ours.
      window.setTimeout(() => {
        if (!event.defaultPrevented) armedUntil = event.timeStamp + waitMs;
      });
    };
    // In the capture phase, so that a screen's own letter keys do not also act on the second letter.
    window.addEventListener('keydown', onKey, { capture: true });
    return () => window.removeEventListener('keydown', onKey, { capture: true });
  }, []);
}
