import { describe, expect, it } from 'vitest';
import {
  countOf,
  formatActor,
  formatDue,
  formatDuration,
  formatFieldName,
  formatMoney,
  formatPercent,
  formatRelative,
  nameActors,
  shortDigest,
  stepIdOf,
  visitOf,
} from './format.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe('durations', () => {
  it.each([
    [-5, '0 ms'],
    [42, '42 ms'],
    [420, '0.4 s'],
    [1000, '1.0 s'],
    [9_999, '9.9 s'],
    [12_800, '12 s'],
    [59_999, '59 s'],
    [3 * minute, '3 min'],
    [3 * minute + 5_000, '3 min 5 s'],
    [2 * hour + 10 * minute, '2 h 10 min'],
    [day, '1 day'],
    [3 * day + 4 * hour, '3 days 4 h'],
  ])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('times', () => {
  const now = Date.UTC(2026, 0, 10, 12);
  it.each([
    [now, 'just now'],
    [now - 30_000, '30 s ago'],
    [now - 90 * minute, '1 h ago'],
    [now + 2 * hour, 'in 2 h'],
    [now - 2 * day, '2 days ago'],
    [now - 30 * day, '11 Dec 2025'],
  ])('%d reads %s', (at, text) => expect(formatRelative(at, now)).toBe(text));

  it('due times say what is left or over', () => {
    expect(formatDue(now + 2 * hour, now)).toBe('due in 2 h');
    expect(formatDue(now + 4 * hour - 3_000, now)).toBe('due in 4 h');
    expect(formatDue(now + hour - 3_000, now)).toBe('due in 1 h');
    expect(formatDue(now - day, now)).toBe('overdue by 1 day');
  });
});

describe('money', () => {
  it.each([
    [0, '€0.00'],
    [12_000_000, '€12.00'],
    [1_234_560_000, '€1,234.56'],
    [3_400, '€0.0034'],
    [12, 'under €0.0001'],
  ])('%d micro-units is %s', (micros, text) => expect(formatMoney(micros, 'EUR')).toBe(text));
});

describe('names', () => {
  it.each([
    ['role:finance-lead', 'Finance lead'],
    ['person:ada', 'Ada'],
    ['person:ada lovelace', 'Ada Lovelace'],
    ['system', 'Holdfast'],
    ['cli', 'somebody at the terminal'],
    ['role:', 'role:'],
  ])('%s is %s', (actor, name) => expect(formatActor(actor)).toBe(name));

  it('are put into sentences from elsewhere', () => {
    expect(nameActors('Read went to role:finance-lead: no answer')).toBe('Read went to Finance lead: no answer');
    expect(nameActors('Started by person:ada')).toBe('Started by Ada');
  });

  it('field names become labels', () => {
    expect(formatFieldName('customerEmail')).toBe('Customer email');
    expect(formatFieldName('order_id')).toBe('Order id');
  });

  it('step keys lead back to their step', () => {
    expect(stepIdOf('decide')).toBe('decide');
    expect(stepIdOf('decide#2')).toBe('decide');
    expect(stepIdOf('each[3]/x#2')).toBe('x');
    expect(stepIdOf('each[3]')).toBe('each');
    expect(visitOf('decide')).toBe(1);
    expect(visitOf('each[3]/x#12')).toBe(12);
  });

  it('digests, shares and counts are short', () => {
    expect(shortDigest('sha256:0123456789abcdef')).toBe('01234567');
    expect(formatPercent(0.62)).toBe('62 %');
    expect(formatPercent(0.625)).toBe('62.5 %');
    expect(countOf(1, 'step')).toBe('1 step');
    expect(countOf(1200, 'entry', 'entries')).toBe('1,200 entries');
  });
});
