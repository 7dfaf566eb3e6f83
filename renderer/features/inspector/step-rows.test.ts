import { describe, expect, it } from 'vitest';
import { initialState, pendingStep } from '../../../shared/run/changes.ts';
import { documentSchema } from '../../../shared/workflow/document.ts';
import { stepOrder, stepRows } from './step-rows.ts';

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
    expect(stepRows(document, run).map((row) => [row.key, row.place, row.word])).toEqual([
      ['read', undefined, 'confirmed'],
      ['read#2', 'round 2', 'started'],
      ['pay', undefined, 'skipped'],
      ['mail', undefined, 'pending'],
    ]);
  });

  it('put an undoing after what it undoes, and say in which round and item it is', () => {
    const confirmed = (key: string) => ({
      ...pendingStep(key),
      status: 'confirmed' as const,
      word: 'confirmed' as const,
    });
    const keys = ['pay#10', 'pay#2!undo', 'pay#2', 'pay'];
    const run = { ...initialState('r', 0), steps: Object.fromEntries(keys.map((key) => [key, confirmed(key)])) };
    const rows = stepRows(document, run).filter((row) => row.stepId === 'pay');
    expect(rows.map((row) => [row.label, row.place])).toEqual([
      ['Pay', undefined],
      ['Pay', 'round 2'],
      ['Pay', 'round 10'],
      ['Undo Pay', 'round 2'],
    ]);
  });

  it('of a map with many items are counted, and those to look at are listed', () => {
    const map = documentSchema.parse({
      formatVersion: 1,
      id: 'w',
      name: 'W',
      steps: { each: { kind: 'map' }, send: { kind: 'http', label: 'Send', parent: 'each' } },
    });
    const steps = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => {
        const key = `each[${index}]/send`;
        const status = index === 7 ? ('failed' as const) : index < 15 ? ('confirmed' as const) : ('running' as const);
        const word = status === 'running' ? ('started' as const) : status;
        return [key, { ...pendingStep(key), status, word }];
      }),
    );
    const items = Array.from({ length: 20 }, (_, index) => index);
    const running = [15, 16, 17, 18, 19];
    const maps = { each: { items, tolerated: 1, running, next: 20, results: [], failed: [], ended: [] } };
    const rows = stepRows(map, { ...initialState('r', 0), steps, maps }).filter((row) => row.stepId === 'send');
    expect(rows.map((row) => [row.place, row.word])).toEqual([
      ['15 of 20 items', 'failed'],
      ['item 8', 'failed'],
      ...[16, 17, 18, 19, 20].map((item) => [`item ${item}`, 'started']),
    ]);
  });
});
