import { describe, expect, it } from 'vitest';
import { parseGraphText, placeOf, readGraphFile } from './read-graph-file.ts';

describe('reading a graph file', () => {
  it('takes JSON, with or without a byte order mark', () => {
    expect(parseGraphText('a.json', '{"a": 1}')).toEqual({ ok: true, document: { a: 1 } });
    expect(parseGraphText('a.json', '\uFEFF{}')).toEqual({ ok: true, document: {} });
  });

  it('names line and column of what is wrong', () => {
    const result = parseGraphText('refund.json', '{\n  "a": 1,\n  "b" 2\n}');
    expect(result).toMatchObject({ ok: false });
    expect(!result.ok && result.message).toContain('refund.json is not valid JSON');
    expect(!result.ok && result.message).toContain('line 3, column 7');
  });

  it('points at the end when the file breaks off', () => {
    const result = parseGraphText('cut.json', '{\n  "a": 1');
    expect(!result.ok && result.message).toContain('line 2');
  });

  it('says that an empty file is empty', () => {
    const result = parseGraphText('none.json', ' \n');
    expect(!result.ok && result.message).toContain('none.json is empty');
  });

  it('refuses what is too large without reading it', async () => {
    const file = {
      name: 'big.json',
      size: 30_000_000,
      text: () => Promise.reject(new Error('read')),
    } as unknown as File;
    await expect(readGraphFile(file)).resolves.toMatchObject({ ok: false });
  });

  it('counts places from one', () => {
    expect(placeOf('ab\ncd', 0)).toEqual({ line: 1, column: 1 });
    expect(placeOf('ab\ncd', 4)).toEqual({ line: 2, column: 2 });
  });
});
