import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits, fieldsOf, textOf } from './payload.ts';

const payload = {
  decision: 'refund',
  amountMicros: 12_500_000,
  isPartial: false,
  reason: 'The parcel came back unopened.\nThe customer asked for the money.',
  customer: { name: 'Ada', tags: ['vip'] },
  nothing: null,
};

describe('a payload as a form', () => {
  it('has a field for every value, two levels deep', () => {
    expect(fieldsOf(payload).map((field) => [field.id, field.kind, field.group])).toEqual([
      ['decision', 'text', undefined],
      ['amountMicros', 'number', undefined],
      ['isPartial', 'boolean', undefined],
      ['reason', 'long', undefined],
      ['customer/name', 'text', 'Customer'],
      ['customer/tags', 'json', 'Customer'],
      ['nothing', 'json', undefined],
    ]);
  });

  it('is one field when it is no object', () => {
    expect(fieldsOf('yes')).toMatchObject([{ id: '', kind: 'text', label: 'Value' }]);
    expect(fieldsOf([1, 2])).toMatchObject([{ id: '', kind: 'json' }]);
    expect(fieldsOf({})).toMatchObject([{ id: '', kind: 'json' }]);
  });

  it('is called what the schema calls it, and offers its choices', () => {
    const schema = {
      type: 'object',
      properties: {
        decision: { enum: ['refund', 'decline'], title: 'Decision' },
        amountMicros: { type: 'integer', title: 'Amount' },
        customer: { title: 'Buyer', properties: { name: { title: 'Full name' } } },
      },
    };
    const fields = fieldsOf(payload, schema);
    expect(fields[0]).toMatchObject({ label: 'Decision', kind: 'choice', choices: ['refund', 'decline'] });
    expect(fields[1]).toMatchObject({ label: 'Amount', kind: 'number' });
    expect(fields[4]).toMatchObject({ label: 'Full name', group: 'Buyer' });
    expect(applyEdits(payload, fields, { decision: 'decline' })).toMatchObject({ ok: true, changed: ['Decision'] });
  });

  it('a value outside the choices stays a text', () =>
    expect(fieldsOf({ a: 'other' }, { properties: { a: { enum: ['one'] } } })[0]).toMatchObject({ kind: 'text' }));

  it('keeps types and what was not touched', () => {
    const result = applyEdits(payload, fieldsOf(payload), {
      amountMicros: '10',
      isPartial: true,
      'customer/name': 'Grace',
      'customer/tags': '["new"]',
    });
    expect(result).toEqual({
      ok: true,
      changed: ['Amount micros', 'Is partial', 'Name', 'Tags'],
      value: { ...payload, amountMicros: 10, isPartial: true, customer: { name: 'Grace', tags: ['new'] } },
    });
    expect(payload.customer.name).toBe('Ada');
  });

  it('names every field that is not right', () => {
    const result = applyEdits(payload, fieldsOf(payload), {
      amountMicros: 'ten',
      'customer/tags': '[vip]',
      decision: 'x',
    });
    expect(result).toMatchObject({ ok: false });
    expect(!result.ok && Object.keys(result.messages)).toEqual(['amountMicros', 'customer/tags']);
  });

  it('an empty number is not zero', () =>
    expect(applyEdits(payload, fieldsOf(payload), { amountMicros: ' ' })).toMatchObject({ ok: false }));

  it('typing nothing new changes nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const fields = fieldsOf(value);
        const edits = Object.fromEntries(
          fields.map((field) => [field.id, typeof field.value === 'boolean' ? field.value : textOf(field.value)]),
        );
        const result = applyEdits(value, fields, edits);
        expect(result).toMatchObject({ ok: true, changed: [] });
        expect(result.ok && result.value).toEqual(value);
      }),
    );
  });
});
