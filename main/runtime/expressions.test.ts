// Expressions against the real JSONata: names, types, templates, and everything that must stop instead of hanging.

import { describe, expect, test } from 'vitest';
import type { Scope } from './expressions.ts';
import { evaluate, parseExpression, resolve } from './expressions.ts';

const scope: Scope = {
  input: {
    orderId: 'ord_1',
    amount: 12,
    lines: [
      { sku: 'a', n: 1 },
      { sku: 'b', n: 2 },
    ],
    none: null,
  },
  steps: { read: { output: { id: 'ord_1', total: 40, tags: ['x'] } }, pay: { error: { class: 'refused' } } },
  env: { region: 'eu' },
  run: { id: 'run_1' },
  item: { sku: 'z' },
  index: 3,
  visit: 2,
  review: { comment: 'Check the sum' },
  output: { amount: 7, id: 'rf_1' },
  request: { a: 1 },
  response: { b: 2 },
};

async function value(expression: string): Promise<unknown> {
  const found = await evaluate(expression, scope);
  if (!found.ok) throw new Error(found.message);
  return found.value;
}

describe('names', () => {
  test.each([
    ['input.orderId', 'ord_1'],
    ['$steps.read.output.total', 40],
    ['$steps.pay.error.class', 'refused'],
    ['output.amount >= 0', true],
    ['request.a + response.b', 3],
    ['$env.region', 'eu'],
    ['$run.id', 'run_1'],
    ['$item.sku & $index & $visit', 'z32'],
    ['$review.comment', 'Check the sum'],
    ['input.lines[n > 1].sku', 'b'],
    ['input.lines[n < $input.amount].sku', ['a', 'b']],
    ['{{ input.amount }}', 12],
    ['input.none', null],
    ['input.missing', undefined],
    ["$pad('7', -3, '0')", '007'],
    ["$pad('é😀', 4, '-')", 'é😀--'],
    ["$replace('a1b22', /[0-9]+/, '#')", 'a#b#'],
    ["$split('a, b;c', /[,;]\\s*/)", ['a', 'b', 'c']],
  ])('%s', async (expression, expected) => {
    expect(await value(expression)).toEqual(expected);
  });

  test('results are plain JSON and share nothing with the scope', async () => {
    const lines = (await value('input.lines')) as unknown[];
    expect(lines).toEqual([
      { sku: 'a', n: 1 },
      { sku: 'b', n: 2 },
    ]);
    expect(lines).not.toBe((scope.input as { lines: unknown }).lines);
    const numbers = (await value('[1..3]')) as unknown[];
    expect(Object.getOwnPropertyNames(numbers)).toEqual(['0', '1', '2', 'length']);
    expect(Object.getOwnPropertyNames(await value('$steps.read.output.tags[]'))).toEqual(['0', 'length']);
  });

  test('prototypes and host objects cannot be reached or changed', async () => {
    expect(await value('input.constructor')).toBeUndefined();
    expect(await value('$steps.__proto__')).toBeUndefined();
    await evaluate('{ "__proto__": { "polluted": true } }', scope);
    await evaluate('input ~> | $ | { "__proto__": { "polluted": true } } |', scope);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(await evaluate('$sum', scope)).toMatchObject({ ok: false });
    expect(await evaluate('function($x){ $x }', scope)).toMatchObject({ ok: false });
    expect(await evaluate('{ "f": function($x){ $x } }', scope)).toMatchObject({ ok: false });
  });
});

describe('limits', () => {
  const bounded: [string, string, RegExp][] = [
    ['endless tail recursion', '( $f := function($x){ $f($x) }; $f(1) )', /within \d+ ms/],
    ['deep recursion', '( $f := function($x){ 1 + $f($x + 1) }; $f(1) )', /too deeply/],
    ['a huge range', '[1..10000000]', /list of more than/],
    ['a list doubled for ever', '( $f := function($a){ $f($append($a, $a)) }; $f([1, 2]) )', /list of more than/],
    ['a text doubled for ever', "( $f := function($s){ $f($s & $s) }; $f('ab') )", /more than \d+ characters/],
    ['a padded text', "$pad('x', 4000000000)", /more than \d+ characters/],
    ['a pattern that backtracks', "$match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /^(a+)+$/)", /pattern/],
    [
      'nested loops',
      '$count($map([1..2000], function($a){ $count($map([1..2000], function($b){ $a * $b })) }))',
      /within/,
    ],
  ];
  test.each(bounded)('%s stops with a sentence', async (_name, expression, message) => {
    const started = performance.now();
    const found = await evaluate(expression, scope, { deadlineMs: 300 });
    expect(found).toMatchObject({ ok: false, message: expect.stringMatching(message) });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('a loop lets the host work meanwhile, and other expressions keep their answers', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 5);
    const loop = evaluate('( $f := function($x){ $f($x) }; $f(1) )', scope, { deadlineMs: 300 });
    expect(await value('input.amount + 1')).toBe(13);
    expect((await loop).ok).toBe(false);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  test('honest recursion is deep enough', async () => {
    expect(await value('( $sumTo := function($n){ $n = 0 ? 0 : $n + $sumTo($n - 1) }; $sumTo(100) )')).toBe(5050);
  });
});

describe('parseExpression', () => {
  test.each(['input.a', '{{ input.a }}', " {{ { 'a': { 'b': 1 } } }} ", '$steps.x.output[0].y'])(
    'accepts %s',
    (text) => {
      expect(parseExpression(text)).toBeUndefined();
    },
  );
  test('says what is wrong and where', () => {
    expect(parseExpression('input.')).toMatchObject({ message: expect.stringMatching(/\.$/) });
    const problem = parseExpression('{{ input.a + }}');
    expect(problem?.offset).toBeGreaterThan(3);
    expect(parseExpression('{{ 1 ) }}')).toMatchObject({ offset: expect.any(Number) });
    expect(parseExpression('  ')).toMatchObject({ message: 'The expression is empty.' });
    expect(parseExpression('('.repeat(200_000))).toMatchObject({ message: expect.any(String) });
  });
});

describe('resolve', () => {
  test('keeps types in whole templates and concatenates in text', async () => {
    const config = {
      url: 'sandbox://crm/orders/{{ input.orderId }}?n={{ $steps.read.output.total }}',
      body: "{{ { 'order': input.orderId, 'amount': output.amount } }}",
      text: 'Lines: {{ input.lines }} and {{ input.none }}',
      list: ['{{ input.amount }}', 'plain', 7, true, null],
      'a/b': { deep: '{{ $env.region }}' },
    };
    expect(await resolve(config, scope)).toEqual({
      ok: true,
      config: {
        url: 'sandbox://crm/orders/ord_1?n=40',
        body: { order: 'ord_1', amount: 7 },
        text: 'Lines: [{"sku":"a","n":1},{"sku":"b","n":2}] and null',
        list: [12, 'plain', 7, true, null],
        'a/b': { deep: 'eu' },
      },
    });
  });

  test.each([
    [{ url: 'x/{{ input.nope }}' }, '/url', 'input.nope'],
    [{ a: { 'b/c': ['{{ input.nope }}'] } }, '/a/b~1c/0', 'input.nope'],
    [{ a: '{{ $error("no stock") }}' }, '/a', '$error("no stock")'],
    [{ a: '{{ 1 + }}' }, '/a', '1 +'],
  ])('names the expression and the place: %o', async (config, pointer, expression) => {
    const found = await resolve(config, scope);
    expect(found).toMatchObject({ ok: false, error: { class: 'invalid_output' } });
    const message = found.ok ? '' : found.error.message;
    expect(message).toContain(`{{ ${expression} }}`);
    expect(message).toContain(` ${pointer} `);
  });

  test('a template that is never closed is an error, not text', async () => {
    expect(await resolve({ a: 'Hello {{ input.amount' }, scope)).toMatchObject({
      ok: false,
      error: { code: 'template' },
    });
  });

  test('names of members cannot reach a prototype', async () => {
    const config = JSON.parse('{ "__proto__": { "x": "{{ input.amount }}" } }') as Record<string, unknown>;
    const found = await resolve(config, scope);
    expect(JSON.stringify(found)).toBe('{"ok":true,"config":{"__proto__":{"x":12}}}');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});
