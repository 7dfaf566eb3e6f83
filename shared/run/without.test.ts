import { expect, test } from 'vitest';
import { without } from './without.ts';

interface Box {
  size: number;
  label?: string;
  note?: string;
}

test('leaves out what is there and never touches what it was given', () => {
  const box: Box = { size: 1, label: 'A', note: 'B' };
  expect(without(box, 'label', 'note')).toEqual({ size: 1 });
  expect(without(box, 'label')).toEqual({ size: 1, note: 'B' });
  expect(box).toEqual({ size: 1, label: 'A', note: 'B' });
});

test('gives the object itself when there is nothing to leave out', () => {
  const box: Box = { size: 1 };
  expect(without(box, 'label', 'note')).toBe(box);
});
