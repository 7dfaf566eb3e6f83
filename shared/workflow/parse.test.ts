import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases } from '../../test/harness/size.ts';
import { canonicalText, exportDocument } from './canonical.ts';
import { findJsonFault, placeOf } from './json-scan.ts';
import { checkDocument, parseDocument } from './parse.ts';

const minimal = { formatVersion: 1, id: 'wf', name: 'One', steps: { a: { kind: 'http' } } };

function problemsOf(value: unknown) {
  const result = typeof value === 'string' ? parseDocument(value) : checkDocument(value);
  return result.ok ? [] : result.problems;
}

describe('findJsonFault', () => {
  it('agrees with JSON.parse on every JSON value and on damaged text', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '}', '"', '\\', '\n', 'e', '-', ' ', '0', ':'),
        (json, at, insert) => {
          const cut = at % (json.length + 1);
          const text = json.slice(0, cut) + insert + json.slice(cut + (insert === '' ? 1 : 0));
          let parses = true;
          try {
            JSON.parse(text);
          } catch {
            parses = false;
          }
          const fault = findJsonFault(text, 1000);
          if (fault?.code === 'duplicate_key') return;
          expect(fault === undefined).toBe(parses);
          expect(fault?.offset ?? 0).toBeLessThanOrEqual(text.length);
        },
      ),
      { numRuns: cases(1000) },
    );
  });

  it('counts lines and columns from one', () => {
    expect(placeOf('a\nbc', 0)).toEqual({ line: 1, column: 1 });
    expect(placeOf('a\nbc', 3)).toEqual({ line: 2, column: 2 });
  });
});

describe('parseDocument', () => {
  it('reads a graph, with a byte order mark too, and fills in what was left out', () => {
    const result = parseDocument(`\uFEFF${JSON.stringify(minimal)}`);
    expect(result).toMatchObject({ ok: true, document: { edges: [], steps: { a: { kindVersion: 1, config: {} } } } });
  });

  it.each([
    ['', 'invalid_json', 'Line 1, column 1: Expected a value, but the file ends.'],
    [
      '{"a":1\n "b":2}',
      'invalid_json',
      'Line 2, column 2: Expected a comma or } after the value of "a", but there is “"”.',
    ],
    ['{"steps":{"a":1,"a":2}}', 'duplicate_key', 'Line 1, column 17: The field "a" is given twice in the same object.'],
    ['['.repeat(101), 'too_deep', 'Line 1, column 101: Values are nested more than 100 deep.'],
    ['[]', 'not_an_object', 'A graph file must hold one JSON object { … }.'],
    ['{"__proto__":{}}', 'forbidden_key', 'A field must not be called "__proto__".'],
  ])('refuses %j', (text, code, message) => {
    expect(problemsOf(text.slice(0, 200))).toMatchObject([{ code, message, severity: 'error' }]);
  });

  it('counts bytes, not characters, and does not look at brackets in texts', () => {
    const limits = { maxBytes: 20 };
    expect(parseDocument(`"${'é'.repeat(10)}"`, limits)).toMatchObject({ problems: [{ code: 'too_large' }] });
    expect(parseDocument(`"${'é'.repeat(9)}"`, limits)).toMatchObject({ problems: [{ code: 'not_an_object' }] });
    expect(parseDocument(JSON.stringify({ ...minimal, description: '['.repeat(500) })).ok).toBe(true);
  });

  it('takes exactly the depth it names', () => {
    const nest = (depth: number): unknown => (depth === 0 ? 1 : { in: nest(depth - 1) });
    const at = (depth: number) => ({ ...minimal, steps: { a: { kind: 'x', config: { deep: nest(depth - 4) } } } });
    expect(problemsOf(at(100))).toEqual([]);
    expect(problemsOf(JSON.stringify(at(100)))).toEqual([]);
    expect(problemsOf(at(101))).toMatchObject([{ code: 'too_deep' }]);
    expect(problemsOf(JSON.stringify(at(101)))).toMatchObject([{ code: 'too_deep' }]);
  });

  it('survives a value that holds itself', () => {
    const self: Record<string, unknown> = { ...minimal };
    self['inputs'] = self;
    expect(problemsOf(self)).toMatchObject([{ code: 'too_deep' }]);
  });

  it('says when the file is from a newer version, and nothing else', () => {
    expect(problemsOf({ ...minimal, formatVersion: 2, unknown: true })).toMatchObject([
      { code: 'newer_format', pointer: '/formatVersion' },
    ]);
  });

  it.each<[string, object, object]>([
    [
      'unknown field',
      { steps: { a: { kind: 'x', retyr: 1 } } },
      { code: 'unknown_field', pointer: '/steps/a/retyr', step: 'a' },
    ],
    ['missing field', { name: undefined }, { code: 'missing_field', pointer: '/name', message: '"name" is missing.' }],
    [
      'wrong type',
      { edges: [{ id: 'e', from: { step: 'a' }, to: 3 }] },
      { code: 'wrong_type', pointer: '/edges/0/to' },
    ],
    ['bad step id', { steps: { A: { kind: 'x' } } }, { code: 'invalid_value', pointer: '/steps/A' }],
    ['bad owner', { owner: 'me' }, { code: 'invalid_value', pointer: '/owner' }],
    [
      'bad choice',
      { steps: { a: { kind: 'x', effect: 'maybe' } } },
      { code: 'invalid_value', pointer: '/steps/a/effect' },
    ],
    [
      'misspelt condition',
      { settings: { stopWhen: [{ costAbove: 3 }] } },
      {
        pointer: '/settings/stopWhen/0',
        message:
          'Item 1 must have exactly one of the fields costAboveMicros, runsLongerThanMs, iterationsAbove, expression.',
      },
    ],
    [
      'wrong type in a condition',
      { settings: { stopWhen: [{ costAboveMicros: '3' }] } },
      {
        pointer: '/settings/stopWhen/0/costAboveMicros',
        message: '"costAboveMicros" must be a number, not the text "3".',
      },
    ],
  ])('names the place of a %s', (_name, change, problem) => {
    expect(problemsOf({ ...minimal, ...change })).toMatchObject([problem]);
  });

  it('escapes pointers and stops at a hundred problems', () => {
    const unknown = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x/~${index}`, 1]));
    const problems = problemsOf({ ...minimal, ...unknown });
    expect(problems).toHaveLength(100);
    expect(problems[0]?.pointer).toBe('/x~1~00');
  });

  it('never throws, whatever comes in', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), fc.string(), (value, text) => {
        for (const result of [
          checkDocument(value),
          checkDocument({ ...minimal, steps: value }),
          checkDocument({ ...minimal, edges: value, settings: value }),
          parseDocument(text),
        ])
          expect(result.ok || result.problems.length > 0).toBe(true);
      }),
      { numRuns: cases(1000) },
    );
  });
});

describe('exportDocument', () => {
  const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => !/__proto__|constructor/.test(JSON.stringify(value)));
  const config = fc.dictionary(
    fc.string().filter((key) => key !== '__proto__' && key !== 'constructor'),
    json,
  );
  const step = fc.record(
    {
      checkpoint: fc.boolean(),
      kind: fc.constantFrom('http', 'llm'),
      label: fc.string(),
      config,
      retry: fc.record(
        { retriers: fc.constant([{ maxRetries: 1, errors: ['*'], intervalMs: 3 }]) },
        { requiredKeys: [] },
      ),
      gates: fc.constant({ after: { owner: 'role:x' } }),
    },
    { requiredKeys: ['kind'] },
  );
  const ids = fc.constantFrom('a', 'b', 'c', 'd9', 'toString');
  const graph = fc.record(
    {
      layout: fc.dictionary(ids, fc.record({ y: fc.integer(), x: fc.integer() })),
      name: fc.string({ minLength: 1 }),
      edges: fc.constant([{ to: { step: 'b' }, from: { step: 'a' }, id: 'e' }]),
      id: fc.constant('wf'),
      steps: fc.dictionary(ids, step),
      pins: fc.dictionary(ids, fc.record({ output: json })),
      formatVersion: fc.constant(1),
    },
    { requiredKeys: ['id', 'name', 'steps', 'formatVersion'] },
  );

  function roundTrip(text: string): string {
    const parsed = parseDocument(text);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return exportDocument(parsed.document);
  }

  it('is stable from the first export on, and loses nothing', () => {
    fc.assert(
      fc.property(graph, (value) => {
        const once = roundTrip(JSON.stringify(value));
        expect(roundTrip(once)).toBe(once);
        const parsed = checkDocument(JSON.parse(JSON.stringify(value)));
        expect(parsed.ok && canonicalText(parsed.document)).toBe(canonicalText(JSON.parse(once)));
      }),
      { numRuns: cases(1000) },
    );
  });

  it('writes fields in the order of the schema and keeps the order of steps', () => {
    const text = roundTrip(
      JSON.stringify({
        layout: { a: { y: 1, x: 2 }, b: { x: 0, y: 0 } },
        steps: { b: { config: {}, kind: 'x' }, a: { checkpoint: true, label: 'A', kind: 'x' } },
        name: 'n',
        id: 'wf',
        formatVersion: 1,
      }),
    );
    expect(text.endsWith('}\n')).toBe(true);
    expect(text.replace(/\s+/g, '')).toBe(
      '{"formatVersion":1,"id":"wf","name":"n","steps":{"b":{"kind":"x","kindVersion":1,"config":{}},' +
        '"a":{"kind":"x","kindVersion":1,"label":"A","config":{},"checkpoint":true}},"edges":[],' +
        '"layout":{"b":{"x":0,"y":0},"a":{"x":2,"y":1}}}',
    );
  });
});

describe('canonicalText', () => {
  it('does not depend on the order of keys or on absent fields', () => {
    expect(canonicalText({ b: [1, undefined], a: { d: undefined, c: null } })).toBe('{"a":{"c":null},"b":[1,null]}');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
        const reversed = Object.fromEntries(Object.entries(record).reverse());
        expect(canonicalText(reversed)).toBe(canonicalText(record));
        expect(JSON.parse(canonicalText(record))).toEqual(JSON.parse(JSON.stringify(record)));
      }),
      { numRuns: cases(1000) },
    );
  });
});
