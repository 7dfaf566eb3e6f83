import { describe, expect, it } from 'vitest';
import { cssVariables, palettes, statusDark, statusLight, theme } from './theme.ts';

function luminance(hex: string): number {
  const channel = (start: number) => {
    const value = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

describe.each(['light', 'dark'] as const)('%s palette', (scheme) => {
  const palette = palettes[scheme];
  const status = scheme === 'light' ? statusLight : statusDark;
  const surfaces = ['page', 'surface', 'sunken', 'hover', 'selected', 'canvas'] as const;

  it.each(surfaces)('text is readable on %s', (surface) => {
    for (const text of ['text', 'textSecondary', 'textQuiet', 'accent', 'jsonKey', 'jsonString', 'jsonNumber'] as const)
      expect([text, contrast(palette[text], palette[surface]) >= 4.5]).toEqual([text, true]);
  });

  it.each(Object.keys(status) as (keyof typeof status)[])('status %s is readable', (word) => {
    expect(contrast(status[word].ink, status[word].soft)).toBeGreaterThanOrEqual(4.5);
    if (word === 'complete') return;
    for (const surface of surfaces) expect(contrast(status[word].ink, palette[surface])).toBeGreaterThanOrEqual(4.5);
  });

  it('buttons in the accent are readable', () => {
    const shade = scheme === 'light' ? 7 : 6;
    expect(contrast('#ffffff', theme.colors?.accent?.[shade] ?? '')).toBeGreaterThanOrEqual(4.5);
  });

  it('names every status for style sheets', () => {
    const variables = cssVariables(theme as never)[scheme];
    for (const word of Object.keys(status)) expect(variables[`--hf-status-${word.replace('_', '-')}`]).toMatch(/^#/);
  });
});
