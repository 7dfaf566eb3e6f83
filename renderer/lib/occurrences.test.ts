/** What stands for a drawn step now: its current round, and of several items the one to look at. */
import { describe, expect, it } from 'vitest';
import { initialState, pendingStep } from '../../shared/run/changes.ts';
import type { MapState, RunState, StepState } from '../../shared/run/state.ts';
import { documentSchema } from '../../shared/workflow/document.ts';
import { noteOf, occurrencesOf } from './occurrences.ts';

const document = documentSchema.parse({
  formatVersion: 1,
  id: 'w',
  name: 'W',
  steps: {
    draft: { kind: 'llm' },
    check: { kind: 'branch' },
    each: { kind: 'map' },
    send: { kind: 'http', parent: 'each' },
    inner: { kind: 'map', parent: 'each' },
    line: { kind: 'http', parent: 'inner' },
  },
});

type Word = StepState['word'] | 'skipped';

function stateOf(words: Record<string, Word>, more: Partial<RunState> = {}): RunState {
  const steps = Object.entries(words).map(([key, word]): [string, StepState] => [
    key,
    word === 'skipped'
      ? { ...pendingStep(key), status: 'skipped' }
      : {
          ...pendingStep(key),
          status: word === 'confirmed' || word === 'failed' ? word : 'running',
          ...(word ? { word } : {}),
        },
  ]);
  return { ...initialState('r', 0), steps: Object.fromEntries(steps), ...more };
}

function now(id: string, words: Record<string, Word>, more: Partial<RunState> = {}) {
  const found = occurrencesOf(document, stateOf(words, more)).get(id);
  if (!found) throw new Error(`No step ${id}`);
  return [found.run?.key, noteOf(found)];
}

function mapOf(total: number, next: number, running: number[] = []): MapState {
  const items = Array.from({ length: total }, (_, index) => index);
  return { items, tolerated: 0, running, next, results: [], failed: [], ended: [] };
}

describe('a step in a loop', () => {
  it('is its latest round, and not reached in a round that has not come to it', () => {
    expect(now('draft', { draft: 'confirmed', 'draft#2': 'started' })).toEqual(['draft#2', 'round 2']);
    const visits = { draft: 2, check: 2 };
    expect(now('check', { draft: 'confirmed', check: 'confirmed', 'draft#2': 'started' }, { visits })).toEqual([
      undefined,
      'round 2',
    ]);
    expect(now('check', { check: 'confirmed' })).toEqual(['check', undefined]);
    expect(now('check', {})).toEqual([undefined, undefined]);
  });

  it('is not what undoes it', () => {
    expect(now('draft', { draft: 'confirmed', 'draft!undo': 'started' })).toEqual(['draft', undefined]);
  });
});

describe('a step in a map', () => {
  const three = { maps: { each: mapOf(3, 3, [1, 2]) } };

  it('is the item that needs looking at most', () => {
    const words = { 'each[0]/send': 'confirmed', 'each[1]/send': 'started', 'each[2]/send': 'escalated' } as const;
    expect(now('send', words, three)).toEqual(['each[2]/send', '1 of 3 items']);
    expect(now('send', { ...words, 'each[2]/send': 'failed' }, three)).toEqual(['each[2]/send', '2 of 3 items']);
    const all = { 'each[0]/send': 'confirmed', 'each[1]/send': 'skipped' } as const;
    expect(now('send', all, { maps: { each: mapOf(2, 2) } })).toEqual(['each[0]/send', '2 of 2 items']);
  });

  it('is not done while an item has not come to it or has not begun', () => {
    const words = { 'each[0]/send': 'confirmed', 'each[1]/inner': 'started' } as const;
    expect(now('send', words, three)).toEqual([undefined, '1 of 3 items']);
    expect(now('line', words, three)).toEqual([undefined, undefined]);
  });

  it('is found where the item was put aside when it ended, with the maps inside it', () => {
    const line = { ...pendingStep('each[0]/inner[0]/line'), status: 'confirmed' as const, word: 'confirmed' as const };
    const aside = { steps: { [line.key]: line }, maps: { 'each[0]/inner': mapOf(1, 1) } };
    const maps = { each: { ...mapOf(2, 2, [1]), ended: [aside] }, 'each[1]/inner': mapOf(4, 1, [0]) };
    const words = { each: 'started', 'each[1]/inner[0]/line': 'started' } as const;
    expect(now('line', words, { maps })).toEqual(['each[1]/inner[0]/line', '1 of 5 items']);
    expect(now('inner', words, { maps })).toEqual([undefined, '1 of 5 items']);
    expect(now('each', words, { maps })).toEqual(['each', '1 of 2 items']);
  });

  it('belongs to the latest round of the map', () => {
    const words = { 'each[0]/send': 'confirmed', 'each#2': 'started', 'each#2[0]/send': 'started' } as const;
    const maps = { each: mapOf(2, 2), 'each#2': mapOf(1, 1, [0]) };
    expect(now('send', words, { maps })).toEqual(['each#2[0]/send', '0 of 1 items']);
  });
});
