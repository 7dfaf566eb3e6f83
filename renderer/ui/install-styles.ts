/**
 * Puts the theme's CSS variables into the page as one style element with the host's nonce. Mantine would write them as
 * markup, which the page's Trusted Types forbid; as text they need no policy, and they are there before the first paint.
 */
import { DEFAULT_THEME, convertCssVariables, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core';
import { cssVariables, theme } from './theme.ts';

/** Mantine's own variables for our theme, and ours over them. */
export function styleText(): string {
  const merged = mergeMantineTheme(DEFAULT_THEME, theme);
  const base = defaultCssVariablesResolver(merged);
  const own = cssVariables(merged);
  return convertCssVariables({
    variables: { ...base.variables, ...own.variables },
    light: { ...base.light, ...own.light },
    dark: { ...base.dark, ...own.dark },
  });
}

export function installStyles(nonce: string): void {
  const style = document.createElement('style');
  style.setAttribute('nonce', nonce);
  style.textContent = styleText();
  document.head.append(style);
}
