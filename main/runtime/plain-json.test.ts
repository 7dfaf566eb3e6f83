// What goes to the journal is JSON and nothing else.

import { expect, test } from 'vitest';
import { setOwn, toPlainJson } from './plain-json.ts';

test('values are copied, absent members left out', () => {
  const value = { a: [1, 'b', null, undefined], c: { d: true, e: undefined } };
  const found = toPlainJson(value);
  expect(found).toStrictEqual({ ok: true, value: { a: [1, 'b', null, null], c: { d: true } } });
  expect(found.ok && found.value).not.toBe(value);
});

test.each([[() => 1], [10n], [Symbol('s')], [Number.NaN], [Infinity], [{ a: [() => 1] }], [{ _jsonata_lambda: true }]])(
  'refuses %s',
  (value) => expect(toPlainJson(value)).toMatchObject({ ok: false, message: expect.any(String) }),
);

test('refuses what has no end or is too large', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  expect(toPlainJson(cyclic)).toMatchObject({ ok: false, message: expect.stringContaining('nested deeper') });
  expect(toPlainJson(['x'.repeat(6_000_000), 'x'.repeat(6_000_000)])).toMatchObject({
    ok: false,
    message: expect.stringContaining('characters'),
  });
  expect(toPlainJson(Array.from({ length: 1_000_001 }, () => 0))).toMatchObject({
    ok: false,
    message: expect.stringContaining('values'),
  });
});

test('a member named __proto__ stays a member', () => {
  const found = toPlainJson(JSON.parse('{"__proto__":{"polluted":1}}'));
  expect(JSON.stringify(found)).toBe('{"ok":true,"value":{"__proto__":{"polluted":1}}}');
  const target: Record<string, unknown> = {};
  setOwn(target, '__proto__', { polluted: 1 });
  expect(Object.keys(target)).toEqual(['__proto__']);
  expect('polluted' in target).toBe(false);
});
