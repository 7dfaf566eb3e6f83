/** Step keys: what is left of a key without its item, visit and mark. */
import { expect, test } from 'vitest';
import { isUndoKey, placeOf, scopeOfKey, stepIdOf, undoKeyOf, undoneBy, visitOf } from './keys.ts';

test.each([
  ['pay', 'pay'],
  ['pay#2', 'pay'],
  ['each[3]', 'each'],
  ['each[3]/pay#2', 'pay'],
  ['pay!undo', 'pay'],
  ['each[3]/pay#2!undo', 'pay'],
])('%s is drawn as %s', (key, id) => {
  expect(stepIdOf(key)).toBe(id);
});

test('the key of a compensation names the visit that it undoes', () => {
  expect(undoKeyOf('pay#2')).toBe('pay#2!undo');
  expect(undoneBy('pay#2!undo')).toBe('pay#2');
  expect(isUndoKey('pay#2!undo')).toBe(true);
});

test('what undoes nothing is its own step', () => {
  expect(undoneBy('pay')).toBe('pay');
  expect(isUndoKey('pay')).toBe(false);
});

test.each([
  ['pay', '', 1],
  ['pay#2', '', 2],
  ['pay#12!undo', '', 12],
  ['each[3]/pay', 'each[3]', 1],
  ['each#2[3]/inner[0]/pay#4', 'each#2[3]/inner[0]', 4],
])('%s lies in the scope "%s" and is visit %i', (key, scope, visit) => {
  expect(scopeOfKey(key)).toBe(scope);
  expect(visitOf(key)).toBe(visit);
});

test('a place is the first visit of a step in its scope', () => {
  expect(placeOf('', 'pay')).toBe('pay');
  expect(placeOf('each[3]', 'pay')).toBe('each[3]/pay');
});
