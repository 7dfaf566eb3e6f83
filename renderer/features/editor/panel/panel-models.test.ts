import { describe, expect, it } from 'vitest';
import type { StepManifest } from '../../../../shared/steps/manifest.ts';
import { gateSchema, stepSchema } from '../../../../shared/workflow/document.ts';
import { readDuration, writeDuration } from './duration.ts';
import { wrapExpression } from './expression-text.ts';
import { fieldsOf, groupFields } from './form-fields.ts';
import {
  allowedOf,
  askWhen,
  conditionExpression,
  freshGate,
  otherConditions,
  ownerFromText,
  thresholdOf,
  withAnswer,
  withCondition,
  withWhen,
} from './gate-model.ts';
import { readJson, writeJson } from './json-text.ts';
import { freshName, rowsOf, withRow } from './schema-model.ts';
import { freshGates, freshRetry, moveGate, patch, withConfig, withEffect, withGate } from './step-edits.ts';

describe('durations', () => {
  it.each([
    ['5 min', 300_000],
    ['90', 90_000],
    ['1 h 30 min', 5_400_000],
    ['1.5 s', 1500],
    ['1,5s', 1500],
    ['500 ms', 500],
    ['2 days', 172_800_000],
    ['0', 0],
  ])('%s is %i ms', (text, ms) => expect(readDuration(text)).toBe(ms));
  it.each(['', 'soon', '5 parsecs', 'min', '-5 s', '5 min and'])('“%s” is none', (text) =>
    expect(readDuration(text)).toBeUndefined(),
  );
  it.each([0, 1, 500, 1500, 60_000, 90_000, 14_400_000, 86_400_000, 90_061_001])('%i ms reads back as itself', (ms) =>
    expect(readDuration(writeDuration(ms))).toBe(ms),
  );
});

describe('fields of a manifest', () => {
  const fields = fieldsOf({
    properties: {
      method: { enum: ['GET', 'POST'], title: 'Method', group: 'Request' },
      url: { type: 'string', control: 'template', help: 'Where', group: 'Request' },
      orderId: { type: 'string', default: 'x' },
      count: { type: 'integer', minimum: 1 },
      strange: { anyOf: [] },
      unknown: { control: 'hologram', type: 'boolean' },
      named: { choices: [{ value: 'a', label: 'First' }, 'b'] },
    },
    required: ['method', 'orderId'],
  });
  it('chooses a control for each', () =>
    expect(fields.map((field) => field.control)).toEqual([
      'choice',
      'template',
      'text',
      'number',
      'json',
      'toggle',
      'choice',
    ]));
  it('knows what must be filled in', () =>
    expect(fields.filter((field) => field.required).map((field) => field.name)).toEqual(['method']));
  it('gives names to what has none', () => expect(fields[2]?.title).toBe('Order id'));
  it('reads choices', () =>
    expect(fields[6]?.choices).toEqual([
      { value: 'a', label: 'First' },
      { value: 'b', label: 'b' },
    ]));
  it('groups in order, ungrouped first', () =>
    expect(groupFields(fields).map((group) => [group.title, group.fields.length])).toEqual([
      [undefined, 5],
      ['Request', 2],
    ]));
});

describe('a gate as a form', () => {
  const gate = gateSchema.parse({
    owner: 'role:lead',
    when: { any: [{ confidenceBelow: 0.7 }, { costAboveMicros: 2_000_000 }] },
  });
  it('shows the first condition and lists the others', () => {
    expect(askWhen(gate)).toBe('confidence');
    expect(thresholdOf(gate)).toBe(0.7);
    expect(otherConditions(gate)).toEqual(['the cost is above 2']);
  });
  it('keeps the others when the first changes', () =>
    expect(withCondition(gate, { confidenceBelow: 0.5 }).when).toEqual({
      any: [{ confidenceBelow: 0.5 }, { costAboveMicros: 2_000_000 }],
    }));
  it('switches between always, confidence and expression', () => {
    const always = withWhen({ ...gate, confidence: '{{ output.sure }}' }, 'always');
    expect(always).toEqual({ owner: 'role:lead', when: 'always' });
    expect(thresholdOf(withWhen(always, 'confidence'))).toBe(0.8);
    const expression = withWhen(always, 'expression');
    expect(askWhen(expression)).toBe('expression');
    expect(gateSchema.safeParse(expression).success).toBe(true);
    expect(conditionExpression(expression)).toBe('{{ true }}');
  });
  it('never loses its last answer and keeps their order', () => {
    const one = { ...gate, allow: ['reject' as const] };
    expect(withAnswer(one, 'reject', false)).toBe(one);
    expect(withAnswer(one, 'approve', true).allow).toEqual(['approve', 'reject']);
    expect(allowedOf(gate)).toHaveLength(4);
  });
  it('writes owners', () => {
    expect(ownerFromText('Finance lead')).toBe('role:finance-lead');
    expect(ownerFromText(' person:ada ')).toBe('person:ada');
  });
  it('begins valid', () => expect(gateSchema.safeParse(freshGate('role:lead', true)).success).toBe(true));
});

describe('JSON in a field', () => {
  it.each([[{ a: 1 }], ['text'], [[1, 2]], [null], ['{{ input.a }}']])('%j reads back as itself', (value) =>
    expect(readJson(writeJson(value))).toEqual({ ok: true, value }),
  );
  it('says what is missing', () => expect(readJson('{ a: 1 }').ok).toBe(false));
  it('is empty for nothing', () => expect(writeJson(undefined)).toBe(''));
});

describe('an object schema as rows', () => {
  const schema = {
    type: 'object',
    properties: { decision: { enum: ['a', 'b'], title: 'Decision' }, amount: { type: 'integer', minimum: 0 } },
    required: ['decision', 'amount'],
  };
  it('shows them', () =>
    expect(rowsOf(schema)).toEqual([
      { name: 'decision', type: 'string', required: true },
      { name: 'amount', type: 'integer', required: true },
    ]));
  it('keeps what rows do not show', () =>
    expect(withRow(schema, 0, { name: 'verdict', type: 'string', required: false })).toEqual({
      type: 'object',
      properties: { verdict: { enum: ['a', 'b'], title: 'Decision' }, amount: { type: 'integer', minimum: 0 } },
      required: ['amount'],
    }));
  it('drops choices that no longer fit the type', () =>
    expect(withRow(schema, 0, { name: 'decision', type: 'boolean', required: true }).properties).toMatchObject({
      decision: { type: 'boolean', title: 'Decision' },
    }));
  it('adds and removes', () => {
    expect(rowsOf(withRow(undefined, 0, { name: 'a', type: 'number', required: true }))).toEqual([
      { name: 'a', type: 'number', required: true },
    ]);
    expect(withRow(schema, 1, undefined)).toEqual({
      type: 'object',
      properties: { decision: schema.properties.decision },
      required: ['decision'],
    });
  });
  it('leaves richer schemas to JSON', () => expect(rowsOf({ anyOf: [] })).toBeUndefined());
  it('finds a free name', () => expect(freshName([{ name: 'field' }, { name: 'field2' }], 'field')).toBe('field3'));
});

describe('changes of a step', () => {
  const http: StepManifest = {
    kind: 'http',
    version: 1,
    title: 'Call',
    summary: '',
    icon: 'globe',
    group: 'systems',
    ports: { out: true },
    effect: { default: 'once', byField: { field: 'method', values: { GET: 'read' } } },
    permissions: [],
    config: {},
    initial: {},
    line: '',
  };
  const read = stepSchema.parse({ kind: 'http', config: { method: 'GET' } });
  it('checkpoints a step as soon as it changes another system', () => {
    expect(withConfig(read, http, 'method', 'POST')).toMatchObject({ checkpoint: true });
    expect(withConfig(read, http, 'url', 'x').checkpoint).toBeUndefined();
    expect(withEffect(read, http, 'idempotent')).toMatchObject({ effect: 'idempotent', checkpoint: true });
  });
  it('takes a field out', () => {
    expect(withConfig(read, http, 'method', undefined).config).toEqual({});
    expect(patch({ a: 1, b: 2 }, { a: undefined })).toEqual({ b: 2 });
  });
  it('retries once-effects only when nothing was sent', () => {
    expect(freshRetry('once').retriers[0]?.errors).toEqual(['not_sent']);
    expect(freshRetry('read').retriers[0]?.errors).toEqual(['*']);
  });
  it('reviews a change before, a result after', () => {
    expect(Object.keys(freshGates(withConfig(read, http, 'method', 'POST'), http, 'role:lead'))).toEqual(['before']);
    const llm = stepSchema.parse({
      kind: 'llm',
      effect: 'read',
      config: { output: { properties: { confidence: {} } } },
    });
    expect(freshGates(llm, undefined, 'role:lead').after?.when).toEqual({ any: [{ confidenceBelow: 0.8 }] });
  });
  it('never lets somebody edit what already happened', () => {
    const pay = withConfig(read, http, 'method', 'POST');
    const gated = { ...pay, gates: freshGates(pay, http, 'role:lead') };
    const moved = moveGate(gated, http, 'before', 'after');
    expect(moved.gates?.before).toBeUndefined();
    expect(moved.gates?.after?.allow).toEqual(['approve', 'reject']);
    const read2 = { ...read, gates: { after: freshGate('role:lead', false) } };
    expect(moveGate(read2, http, 'after', 'before').gates?.before?.allow).toEqual(['approve', 'edit', 'reject']);
    expect(withGate(moved, http, 'after', undefined).gates).toBeUndefined();
  });
  it('wraps expressions', () => {
    expect(wrapExpression('a > 1', false)).toBe('{{ a > 1 }}');
    expect(wrapExpression(' ', false)).toBeUndefined();
    expect(wrapExpression('', true)).toBe('');
  });
});
