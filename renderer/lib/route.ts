/**
 * Which screen is open, kept in the address behind `#`. Pure parsing and writing plus one hook; it never holds the
 * access token, which `takeToken` moves out of the address at the start.
 */
import { useSyncExternalStore } from 'react';

export type Route =
  | { screen: 'designer' }
  | { screen: 'workflow'; id: string }
  | { screen: 'runs' }
  | { screen: 'run'; id: string }
  | { screen: 'inbox'; task?: string }
  | { screen: 'settings' };

export function parseRoute(hash: string): Route {
  const [first = '', second] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map((part) => decode(part));
  switch (first) {
    case 'workflow':
      return second ? { screen: 'workflow', id: second } : { screen: 'designer' };
    case 'runs':
      return second ? { screen: 'run', id: second } : { screen: 'runs' };
    case 'inbox':
      return second ? { screen: 'inbox', task: second } : { screen: 'inbox' };
    case 'settings':
      return { screen: 'settings' };
    default:
      return { screen: 'designer' };
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function hrefOf(route: Route): string {
  switch (route.screen) {
    case 'designer':
      return '#/designer';
    case 'workflow':
      return `#/workflow/${encodeURIComponent(route.id)}`;
    case 'runs':
      return '#/runs';
    case 'run':
      return `#/runs/${encodeURIComponent(route.id)}`;
    case 'inbox':
      return route.task === undefined ? '#/inbox' : `#/inbox/${encodeURIComponent(route.task)}`;
    case 'settings':
      return '#/settings';
  }
}

/** `replace` keeps the back button free of steps nobody took, such as auto-advance in the inbox. */
export function navigate(route: Route, options: { replace?: boolean } = {}): void {
  const href = hrefOf(route);
  if (window.location.hash === href) return;
  if (options.replace) {
    window.history.replaceState(null, '', href);
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    window.location.hash = href;
  }
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange);
  return () => window.removeEventListener('hashchange', onChange);
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  return parseRoute(hash);
}

/** Splits `#token=…` (optionally followed by `&/runs`) into the token and the route that remains. */
export function splitToken(hash: string): { token?: string; rest: string } {
  const match = /^#?token=([^&/]+)(?:&?(\/.*))?$/.exec(hash);
  if (!match?.[1]) return { rest: hash };
  return { token: decode(match[1]), rest: match[2] ? `#${match[2]}` : '' };
}
