/** Step keys: what is left of a key without its item, visit and mark. */
import { expect, test } from 'vitest';
import { isUndoKey, stepIdOf, undoKeyOf, undoneBy } from './keys.ts';

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
