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
    let armed: KeyboardEvent | undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
      const key = event.key.toLowerCase();
      // A screen may have used the G itself (the canvas does, on a selected step): then it was not ours.
      const isSecond = armed && !armed.defaultPrevented && event.timeStamp < armed.timeStamp + waitMs;
      armed = undefined;
      if (isSecond) {
        const route = goKeys[key];
        if (!route) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        navigate(route);
        return;
      }
      if (key === 'g' && !event.shiftKey) armed = event;
    };
    // In the capture phase, so that a screen's own letter keys do not also act on the second letter.
    window.addEventListener('keydown', onKey, { capture: true });
    return () => window.removeEventListener('keydown', onKey, { capture: true });
  }, []);
}
