import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { cases } from '../../test/harness/size.ts';
import type { WorkflowDocument } from './document.ts';
import { checkDocument, parseDocument } from './parse.ts';
import { pathOf } from './pointer.ts';
import { findProblems, type ProblemTools } from './problems.ts';
import { testManifests } from './test-manifests.ts';
import { unsupportedParts } from './unsupported.ts';

const tools: ProblemTools = {
  manifests: testManifests,
  estimate: (kind, config) =>
    kind === 'http' ? { costMicros: 10 + JSON.stringify(config['body'] ?? '').length, tokens: 5 } : undefined,
  parseExpression(text) {
    try {
      jsonata(text);
      return undefined;
    } catch (error) {
      const { message, position } = error as { message: string; position?: number };
      return position === undefined ? { message } : { message, offset: Math.max(0, position - 1) };
    }
  },
};

const graphs = path.resolve(import.meta.dirname, '../../test/fixtures/graphs');
const codes = readdirSync(graphs)
  .filter((name) => name.endsWith('.holdfast.json'))
  .map((name) => name.replace('.holdfast.json', ''));

function problemsOfText(text: string) {
  const parsed = parseDocument(text);
  return parsed.ok ? findProblems(parsed.document, tools) : parsed.problems;
}

function documentOf(value: object): WorkflowDocument {
  const parsed = checkDocument({ formatVersion: 1, id: 'wf', name: 'n', owner: 'role:x', ...value });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.document;
}

const get = { kind: 'http', config: { method: 'GET', url: 'sandbox://crm/a' } };
const edge = (from: string, to: string, rest: object = {}) => ({
  id: `${from}_${to}`,
  from: { step: from, ...rest },
  to: { step: to },
});

function codesOf(value: object): string[] {
  return findProblems(documentOf(value), tools).map((problem) => problem.code);
}

/** Findings that cannot be had alone. */
const companions: Record<string, string[]> = {
  unreachable_step: ['cycle_without_limit'],
};

describe('the fixtures', () => {
  it.each(codes.filter((code) => code !== 'valid'))('%s is reported, with its place and in one sentence', (code) => {
    const problems = problemsOfText(readFileSync(path.join(graphs, `${code}.holdfast.json`), 'utf8'));
    const problem = problems.find((candidate) => candidate.code === code);
    expect(problem).toBeDefined();
    expect(problem?.message).toMatch(/^[\p{Lu}“"].*\.$/u);
    expect(problem?.message).not.toMatch(/\n|undefined|\[object|zod/i);
    expect(problem?.pointer).toMatch(/^(\/[^/]+)*$/);
    // Nothing else is wrong with the fixture, or the code would not be what a reader learns from it.
    const others = problems.filter((one) => one.severity === 'error' && one.code !== code).map((one) => one.code);
    expect(others).toEqual(companions[code] ?? []);
  });

  it('finds nothing in a sound graph', () => {
    expect(problemsOfText(readFileSync(path.join(graphs, 'valid.holdfast.json'), 'utf8'))).toEqual([]);
  });
});

describe('wiring', () => {
  it('names the steps of a cycle in their order and points at the connection that goes back', () => {
    const value = {
      steps: { a: get, b: { ...get, label: 'B!' }, c: get },
      edges: [edge('a', 'b'), edge('b', 'c'), edge('c', 'b')],
    };
    expect(findProblems(documentOf(value), tools)).toMatchObject([
      {
        code: 'cycle_without_limit',
        message: 'These steps go round in a circle without a limit: “B!” → “c” → “B!”.',
        pointer: '/edges/2',
        step: 'c',
      },
    ]);
  });

  it('sees a step that leads to itself', () => {
    expect(codesOf({ steps: { a: get }, edges: [edge('a', 'a')] })).toContain('cycle_without_limit');
    expect(codesOf({ steps: { a: get }, edges: [{ ...edge('a', 'a'), loop: { maxIterations: 2 } }] })).toEqual([]);
  });

  it('wants a loop to be entered only where it goes back to', () => {
    const steps = { a: get, b: get, c: get };
    const loop = { ...edge('b', 'a'), loop: { maxIterations: 2 } };
    const found = (edges: object[]) =>
      findProblems(documentOf({ steps, edges }), tools).filter((one) => one.code === 'loop_second_entry');
    expect(found([edge('a', 'b'), loop, edge('c', 'a')])).toEqual([]);
    expect(found([edge('a', 'b'), loop, edge('c', 'b')])).toMatchObject([{ pointer: '/edges/2', step: 'c' }]);
    const alone = [edge('a', 'b'), loop, { ...edge('b', 'c'), loop: { maxIterations: 2 } }, edge('c', 'b')];
    expect(found(alone).map((one) => [one.message.slice(0, 55), one.pointer])).toEqual([
      ['“a” is inside the loop back to “c”, but begins on its o', '/steps/a'],
      ['“c” is inside the loop back to “a”, but begins on its o', '/steps/c'],
    ]);
  });

  it('finds a cycle exactly when the edges have one', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const arrow = fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids));
    fc.assert(
      fc.property(fc.array(arrow, { maxLength: 12 }), (arrows) => {
        const edges = arrows.map(([from, to], index) => ({ ...edge(from, to), id: `e${index}` }));
        const steps = Object.fromEntries(ids.map((id) => [id, get]));
        const found = codesOf({ steps, edges }).includes('cycle_without_limit');
        // Peeling off steps without incoming edges leaves something exactly when there is a cycle.
        let left = ids;
        for (let before = -1; before !== left.length;) {
          before = left.length;
          const rest = left;
          left = rest.filter((id) => arrows.some(([from, to]) => to === id && rest.includes(from)));
        }
        expect(found).toBe(left.length > 0);
      }),
      { numRuns: cases(1000) },
    );
  });

  it('knows the ports that rules add', () => {
    const branch = { kind: 'branch', config: { rules: [{ port: 'big', when: '{{ input.amount > 5 }}' }] } };
    const to = (port: string) => codesOf({ steps: { a: branch, b: get }, edges: [edge('a', 'b', { port })] });
    expect(to('big')).toEqual([]);
    expect(to('otherwise')).toEqual([]);
    expect(to('failed')).toEqual([]);
    expect(to('out')).toEqual(['unknown_port']);
  });
});

describe('configs', () => {
  const config = (value: object) =>
    findProblems(
      documentOf({ steps: { a: { kind: 'http', config: { method: 'GET', url: 'sandbox://x', ...value } } } }),
      tools,
    );

  it('lets a template stand for any value, but not text around one where a number is needed', () => {
    expect(
      config({
        method: 'GET',
        headers: { a: '{{ 1 }}' },
        timeoutMs: '{{ 5 }}',
        url: 'x{{ input.y }}',
        body: '{{ input }}',
      }),
    ).toEqual([]);
    expect(config({ body: { amount: '{{ input.amount }}' } })).toEqual([]);
    expect(config({ timeoutMs: '{{ 5 }} ms' })).toMatchObject([{ pointer: '/steps/a/config/timeoutMs' }]);
    expect(config({ timeoutMs: '5' })).toMatchObject([
      { code: 'invalid_config', message: '“a”: "timeoutMs" must be a number, not the text "5".', step: 'a' },
    ]);
  });

  it('calls a field what the form calls it, and shows how it is written', () => {
    const when = (value: unknown) =>
      findProblems(
        documentOf({ steps: { a: { kind: 'branch', config: { rules: [{ port: 'x', when: value }] } } } }),
        tools,
      );
    expect(when('1')).toMatchObject([
      { code: 'invalid_config', message: '“a”: "When" cannot be "1": it is written like {{ input.amount > 100 }}.' },
    ]);
    expect(when(undefined)).toMatchObject([{ message: '“a”: "When" is missing.', fix: 'Add it (text).' }]);
  });

  it('names unknown and missing fields', () => {
    expect(config({ uri: 'x' })).toMatchObject([{ code: 'invalid_config', pointer: '/steps/a/config/uri' }]);
    expect(config({ url: undefined })).toMatchObject([{ code: 'invalid_config', pointer: '/steps/a/config/url' }]);
  });
});

describe('expressions', () => {
  it('reads whole-text fields with or without braces, and says where the fault is', () => {
    const at = (expression: string) =>
      findProblems(documentOf({ steps: { a: { kind: 'transform', config: { expression } } } }), tools);
    expect(at('input.a')).toEqual([]);
    expect(at('{{ input.a }}')).toEqual([]);
    expect(at('input.a +')).toMatchObject([{ code: 'invalid_expression', pointer: '/steps/a/config/expression' }]);
    expect(at('  {{ input.a ) }}')).toMatchObject([{ message: expect.stringContaining('at character 14') }]);
  });

  it('checks every place that holds one', () => {
    const bad = '{{ ( }}';
    const gate = { owner: 'role:x', confidence: bad, when: { any: [{ expression: bad }] } };
    const value = {
      steps: {
        a: {
          ...get,
          doneWhen: bad,
          gates: { before: gate, after: gate },
          compensate: { kind: 'http', config: { method: 'POST', url: 'x{{ ) }}' } },
        },
      },
      settings: { stopWhen: [{ expression: bad }] },
    };
    const places = findProblems(documentOf(value), tools).filter((one) => one.code === 'invalid_expression');
    expect(places.map((one) => one.pointer)).toEqual([
      '/settings/stopWhen/0/expression',
      '/steps/a/compensate/config/url',
      '/steps/a/doneWhen',
      '/steps/a/gates/after/confidence',
      '/steps/a/gates/after/when/any/0/expression',
      '/steps/a/gates/before/confidence',
      '/steps/a/gates/before/when/any/0/expression',
    ]);
  });

  it('lets a step name itself only once it has ended', () => {
    const own = (step: object) => codesOf({ steps: { a: { ...get, ...step } } });
    expect(own({ doneWhen: '$steps.a.output.ok' })).toEqual([]);
    expect(own({ config: { method: 'GET', url: 'x{{ $steps.a.output }}' } })).toEqual(['not_upstream']);
  });
});

describe('maps', () => {
  const each = { kind: 'map', config: { items: '{{ input.list }}', result: '$steps.in.output' } };
  const found = (steps: object, edges: object[] = []) =>
    findProblems(documentOf({ steps, edges }), tools).map((one) => [one.code, one.pointer]);

  it('may use the results of their own steps for the result of an item, and what lies before them', () => {
    const item = { kind: 'transform', config: { expression: '$steps.before.output' }, parent: 'each' };
    expect(found({ before: get, each, in: item }, [edge('before', 'each')])).toEqual([]);
  });

  it('contain what names them, and are contained in no circle', () => {
    expect(found({ each: { ...each, parent: 'in' }, in: { ...each, parent: 'each' } })).toEqual([
      ['no_container', '/steps/each/parent'],
      ['no_container', '/steps/in/parent'],
    ]);
    expect(found({ each, in: { ...get, parent: 'gone' } })).toContainEqual(['unknown_step', '/steps/in/parent']);
  });

  it('go over lists and what may become one', () => {
    const items = (value: unknown) =>
      found({ each: { kind: 'map', config: { items: value } }, in: { ...get, parent: 'each' } }).filter(
        ([code]) => code !== 'unconnected_step',
      );
    expect(items([1, '{{ input.x }}'])).toEqual([]);
    for (const value of [null, 5, 'a text', { a: 1 }, 'x{{ input.x }}'])
      expect(items(value)).toContainEqual(['items_no_list', '/steps/each/config/items']);
  });
});

describe('what this version does not run', () => {
  it('has a sentence for each part, and each is found', () => {
    const value = {
      steps: {
        b: { ...get, verify: true, budget: { iterations: 3 } },
      },
      triggers: [{ id: 't', kind: 'schedule' }],
      settings: {
        budget: { iterations: 1 },
        stopWhen: [{ iterationsAbove: 2 }],
      },
    };
    const found = findProblems(documentOf(value), tools).filter((one) => one.code === 'not_executable_yet');
    expect(new Set(found.map((one) => one.message))).toEqual(new Set(unsupportedParts.map((part) => part.sentence)));
    expect(codesOf(value)).not.toContain('unknown_kind');
  });
});

describe('findProblems', () => {
  it('walks a chain and a circle of thousands of steps', () => {
    const ids = Array.from({ length: 4000 }, (_, index) => `s${index}`);
    const steps = Object.fromEntries(ids.map((id) => [id, get]));
    const edges = ids.slice(1).map((id, index) => edge(ids[index] ?? '', id));
    expect(codesOf({ steps, edges })).toEqual([]);
    const circle = codesOf({ steps, edges: [...edges, edge('s3999', 's0')] });
    expect(circle.filter((code) => code === 'cycle_without_limit')).toHaveLength(1);
  });

  it('puts errors first, in document order, and every pointer leads to a place whose parent exists', () => {
    for (const code of codes) {
      const text = readFileSync(path.join(graphs, `${code}.holdfast.json`), 'utf8');
      const parsed = parseDocument(text);
      const problems = parsed.ok ? findProblems(parsed.document, tools) : [];
      const severities = problems.map((problem) => problem.severity);
      expect(severities).toEqual([...severities].sort());
      for (const problem of problems) {
        const parent = pathOf(problem.pointer).slice(0, -1);
        const at = parent.reduce<unknown>(
          (value, part) => (value as Record<string, unknown>)[part],
          parsed.ok && parsed.document,
        );
        expect(at).toBeTypeOf('object');
      }
    }
  });
});

describe('what a run is given', () => {
  const inputsOf = (inputs: object) =>
    findProblems(documentOf({ steps: { a: get }, inputs }), tools).filter((one) => one.pointer.startsWith('/inputs'));

  it('must be described by a schema that can be used', () => {
    expect(inputsOf({ type: 'nonsense' })).toMatchObject([
      { code: 'invalid_inputs', pointer: '/inputs', severity: 'error' },
    ]);
    expect(inputsOf({ type: 'object', properties: { n: { type: 'number', default: 1 } } })).toEqual([]);
    expect(inputsOf({ type: 'object' })).toEqual([]);
  });

  it('must have defaults that fit', () => {
    const found = inputsOf({ type: 'object', properties: { n: { type: 'number', default: 'one' }, m: true } });
    expect(found).toMatchObject([{ code: 'invalid_default', pointer: '/inputs/properties/n/default' }]);
  });
});

describe('budgets', () => {
  const dear = { ...get, config: { ...get.config, body: { note: '{{ input.text }}' } } };
  const found = (value: object) =>
    findProblems(documentOf({ steps: { a: dear }, ...value }), tools).map(({ code, pointer }) => [code, pointer]);

  it.each([
    [{ costMicros: 21 }, []],
    [{ costMicros: 20 }, [['budget_below_one_call', '/settings/budget/costMicros']]],
    [{ tokens: 4 }, [['budget_below_one_call', '/settings/budget/tokens']]],
    [{ perDayMicros: 20 }, [['budget_below_one_call', '/settings/budget/perDayMicros']]],
    [{ perMonthMicros: 20 }, [['budget_below_one_call', '/settings/budget/perMonthMicros']]],
    [{ costMicros: 0 }, [['budget_of_nothing', '/settings/budget/costMicros']]],
    [{ retries: 0 }, []],
    [{ costMicros: 90, perDayMicros: 80 }, [['budget_never_reached', '/settings/budget/costMicros']]],
    [{ perDayMicros: 90, perMonthMicros: 80 }, [['budget_never_reached', '/settings/budget/perDayMicros']]],
  ])('%j of the workflow', (budget, problems) => {
    expect(found({ settings: { budget } })).toEqual(problems);
  });

  it('a stop condition above the budget of a run can never hold', () => {
    const settings = { budget: { costMicros: 100 }, stopWhen: [{ costAboveMicros: 101 }, { costAboveMicros: 100 }] };
    expect(found({ settings })).toEqual([['budget_never_reached', '/settings/stopWhen/0']]);
  });

  it('without the code of the kinds nothing is known of their calls', () => {
    const { estimate: _estimate, ...without } = tools;
    const document = documentOf({ steps: { a: { ...dear, budget: { costMicros: 1, wallMs: 5_000 } } } });
    expect(findProblems(document, without)).toEqual([]);
  });
});

describe('two steps that ask for the same', () => {
  const post = { kind: 'http', config: { method: 'POST', url: 'sandbox://crm/a' }, checkpoint: true };
  const found = (steps: object, edges: object[]) => codesOf({ steps, edges }).includes('duplicate_effect');

  it('are warned of when one runs after the other, at any distance', () => {
    expect(found({ a: post, get, b: post }, [edge('a', 'get'), edge('get', 'b')])).toBe(true);
    expect(found({ a: post, b: post }, [edge('a', 'b')])).toBe(true);
  });

  it('are none on a path for failures, on different branches, or when they only read or ask for something else', () => {
    expect(found({ a: post, b: post }, [edge('a', 'b', { port: 'failed' })])).toBe(false);
    expect(found({ get, a: post, b: post }, [edge('get', 'a'), edge('get', 'b', { port: 'failed' })])).toBe(false);
    expect(found({ a: get, b: get }, [edge('a', 'b')])).toBe(false);
    const other = { ...post, config: { ...post.config, url: 'sandbox://crm/b' } };
    expect(found({ a: post, b: other }, [edge('a', 'b')])).toBe(false);
  });
});
