import { describe, expect, it } from 'vitest';
import { initialState, pendingStep } from '../../../shared/run/changes.ts';
import { documentSchema } from '../../../shared/workflow/document.ts';
import { labelOfStep, stepOrder, stepRows } from './step-rows.ts';

const document = documentSchema.parse({
  formatVersion: 1,
  id: 'w',
  name: 'W',
  steps: {
    mail: { kind: 'mail' },
    pay: { kind: 'http', label: 'Pay' },
    read: { kind: 'http' },
  },
  edges: [
    { id: '1', from: { step: 'read' }, to: { step: 'pay' } },
    { id: '2', from: { step: 'pay' }, to: { step: 'mail' } },
    { id: '3', from: { step: 'mail' }, to: { step: 'read' }, loop: { maxIterations: 2 } },
  ],
});

describe('the steps of a run', () => {
  it('come in the order of the graph, loops aside', () => expect(stepOrder(document)).toEqual(['read', 'pay', 'mail']));

  it('come at all when the drawing has a bare cycle', () => {
    const cyclic = { ...document, edges: document.edges.map(({ loop: _loop, ...edge }) => edge) };
    expect(stepOrder(cyclic).sort()).toEqual(['mail', 'pay', 'read']);
  });

  it('have a row per visit and a quiet one when not reached', () => {
    const run = {
      ...initialState('r', 0),
      steps: {
        read: { ...pendingStep('read'), status: 'confirmed' as const, word: 'confirmed' as const },
        'read#2': { ...pendingStep('read#2'), status: 'running' as const, word: 'started' as const },
        pay: { ...pendingStep('pay'), status: 'skipped' as const },
      },
    };
    expect(stepRows(document, run).map((row) => [row.key, row.visit, row.word])).toEqual([
      ['read', 1, 'confirmed'],
      ['read#2', 2, 'started'],
      ['pay', 1, 'skipped'],
      ['mail', 1, 'pending'],
    ]);
  });

  it('are called by their labels', () => {
    expect(labelOfStep(document, 'pay#2')).toBe('Pay');
    expect(labelOfStep(document, 'gone')).toBe('gone');
  });
});
