import fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { cases } from '../../test/harness/size.ts';
import { stepReferences } from './expression-scan.ts';
import { expressionText, expressionsIn, isWholeTemplate, templateParts, templatesIn } from './template.ts';

const expressionOf = (text: string) => {
  const [part] = templateParts(text).parts;
  return part?.type === 'expression' ? part.expression : undefined;
};

describe('templateParts', () => {
  it.each([
    ["{{ { 'order': input.orderId, 'of': { 'a': 1 }} }}", "{ 'order': input.orderId, 'of': { 'a': 1 }}"],
    ["{{{'a': {'b': 1}}}}", "{'a': {'b': 1}}"],
    ['{{ \'}}\' & "}}" & `}}` }}', '\'}}\' & "}}" & `}}`'],
    ['{{ "so \\"}}\\" it" }}', '"so \\"}}\\" it"'],
    ['{{ /* }} " */ 1 }}', '/* }} " */ 1'],
    ['{{ $match(input.x, /a\\}\\}"/i) }}', '$match(input.x, /a\\}\\}"/i)'],
    ['{{ $contains(x, /["{}]/) }}', '$contains(x, /["{}]/)'],
    ['{{ x in /a"/ }}', 'x in /a"/'],
    ['{{ a / b }}', 'a / b'],
    ['{{ (a)/"2" }}', '(a)/"2"'],
    ['{{}}', ''],
  ])('finds the end of %j', (text, expression) => {
    expect(templateParts(text).problem).toBeUndefined();
    expect(expressionOf(text)).toBe(expression);
    if (expression !== '') jsonata(expression);
    expect(isWholeTemplate(text)).toBe(true);
  });

  it('splits text and expressions and says where each starts', () => {
    expect(templateParts('a {{ b }}{{c}} d')).toEqual({
      parts: [
        { type: 'text', text: 'a ' },
        { type: 'expression', expression: 'b', offset: 5 },
        { type: 'expression', expression: 'c', offset: 11 },
        { type: 'text', text: ' d' },
      ],
    });
    expect(templateParts('')).toEqual({ parts: [] });
  });

  it.each(['x {{ a', "x {{ 'a }}", 'x {{ (a }}', 'x {{ /* }}', 'x {{ `a }}'])('refuses %j with the place', (text) => {
    expect(templateParts(text).problem).toEqual({
      message: 'The "{{" at character 3 is never closed with "}}"',
      offset: 2,
    });
    expect(isWholeTemplate(text)).toBe(false);
  });

  it('gives back what was put between text, for every JSON value written as an expression', () => {
    const literal = fc.string().filter((text) => !text.includes('{'));
    fc.assert(
      fc.property(literal, fc.jsonValue(), literal, (before, value, after) => {
        const expression = JSON.stringify(value);
        jsonata(expression);
        const { parts, problem } = templateParts(`${before}{{ ${expression} }}${after}`);
        expect(problem).toBeUndefined();
        expect(parts.filter((part) => part.type === 'expression')).toMatchObject([{ expression }]);
        expect(
          parts
            .filter((part) => part.type === 'text')
            .map((part) => part.text)
            .join(''),
        ).toBe(before + after);
      }),
      { numRuns: cases(1000) },
    );
  });

  it('never throws and never loses text', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      "'",
      '"',
      '`',
      '/',
      '/*',
      '*/',
      '(',
      ')',
      '{',
      '}',
      '[',
      ']',
      '\\',
      'a',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        const { parts, problem } = templateParts(text);
        const rebuilt = parts.map((part) =>
          part.type === 'text' ? part.text : text.slice(part.offset, part.offset + part.expression.length),
        );
        const given = parts.map((part) => (part.type === 'text' ? part.text : part.expression));
        expect(rebuilt).toEqual(given);
        const lost = text.slice(0, problem?.offset).length - given.join('').length;
        const braces = parts.filter((part) => part.type === 'expression').length * 4;
        expect(lost).toBeGreaterThanOrEqual(braces);
      }),
      { numRuns: cases(1000) },
    );
  });
});

describe('expressionText', () => {
  it('takes a condition with or without braces', () => {
    expect(expressionText(' {{ output.amount >= 0 }} ')).toBe('output.amount >= 0');
    expect(expressionText('output.amount >= 0')).toBe('output.amount >= 0');
    expect(expressionText('{{a}} and {{b}}')).toBe('{{a}} and {{b}}');
  });
});

describe('templatesIn', () => {
  it('walks any JSON and names the place of each expression', () => {
    const config = { url: 'x/{{ a }}/{{ b }}', body: { 'k/ey': ['{{ c }}', 3, null] }, bad: 'z{{' };
    expect(expressionsIn(config, ['steps', 's', 'config'])).toEqual([
      { pointer: '/steps/s/config/url', expression: 'a', whole: false, offset: 5 },
      { pointer: '/steps/s/config/url', expression: 'b', whole: false, offset: 13 },
      { pointer: '/steps/s/config/body/k~1ey/0', expression: 'c', whole: true, offset: 3 },
    ]);
    expect(templatesIn(config).faults).toMatchObject([{ pointer: '/bad', offset: 1 }]);
  });
});

describe('stepReferences', () => {
  it('finds the steps named, however they are written, and not in texts or comments', () => {
    const expression =
      '$steps.a.output + $steps . `b` + $steps."c".x + $steps["d"] /* $steps.e */ & \'$steps.f\' & $steps[0] & $x.$steps';
    expect(stepReferences(expression).map((found) => found.step)).toEqual(['a', 'b', 'c', 'd']);
    expect(stepReferences(expression)[1]?.offset).toBe(18);
  });
});
