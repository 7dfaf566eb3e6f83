import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(css|tsx)$/.test(file));

/** What no style sheet or component may hold: theme.ts is the one place for colours and sizes. */
const colourLiteral = /#[0-9a-f]{3,8}\b(?=[;\s,)'"])|\brgba?\(|\bhsla?\(|\boklch\(/i;
const sizeLiteral = /(?<![\w-])(?!0(?:rem|px))\d*\.?\d+(?:rem|px)\b/;

/** A media query cannot read a variable. One pixel by one pixel is how text is hidden from eyes and kept for screen readers. */
const allowed = new Set(['ui/base.css: inline-size: 1px;', 'ui/base.css: block-size: 1px;']);

function offences(pattern: RegExp, only: RegExp): string[] {
  return files
    .filter((file) => only.test(file) && !file.endsWith('theme.ts'))
    .flatMap((file) =>
      readFileSync(path.join(root, file), 'utf8')
        .split('\n')
        .filter((line) => pattern.test(line) && !/^\s*(?:\*|@media)/.test(line))
        .map((line) => `${file.split(path.sep).join('/')}: ${line.trim()}`),
    )
    .filter((line) => !allowed.has(line));
}

describe('one place holds the look', () => {
  it('reads the style sheets', () => expect(files.length).toBeGreaterThan(5));
  it('no colour outside the theme', () => expect(offences(colourLiteral, /\.css$/)).toEqual([]));
  it('no size outside the theme', () => expect(offences(sizeLiteral, /\.css$/)).toEqual([]));
});
