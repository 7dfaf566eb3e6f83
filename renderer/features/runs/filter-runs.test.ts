import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../shared/api/contract.ts';
import { countWords, filterRuns } from './filter-runs.ts';

function run(runId: string, workflowName: string, word: RunSummary['word'], reason?: string): RunSummary {
  return {
    runId,
    workflowName,
    word,
    workflowId: 'w',
    version: 'v',
    active: 0,
    startedAt: 0,
    updatedAt: 0,
    costMicros: 0,
    openTasks: 0,
    openEffects: 0,
    ...(reason === undefined ? {} : { reason }),
  };
}

const runs = [
  run('a1', 'Refund request', 'waiting', 'review'),
  run('b2', 'Invoice triage', 'complete'),
  run('c3', 'Refund request', 'failed', 'cancelled'),
];
const ids = (found: RunSummary[]) => found.map((entry) => entry.runId);

describe('finding runs', () => {
  it('by word', () => expect(ids(filterRuns(runs, { word: 'complete', text: '' }))).toEqual(['b2']));
  it('by name, in any case', () => expect(ids(filterRuns(runs, { text: 'REFUND' }))).toEqual(['a1', 'c3']));
  it('by id', () => expect(ids(filterRuns(runs, { text: 'b2' }))).toEqual(['b2']));
  it('by why', () => expect(ids(filterRuns(runs, { text: 'refund cancelled' }))).toEqual(['c3']));
  it('by nothing that is there', () => expect(filterRuns(runs, { word: 'complete', text: 'refund' })).toEqual([]));
  it('counts the words that occur, in their order', () =>
    expect(countWords(runs)).toEqual([
      { word: 'waiting', count: 1 },
      { word: 'failed', count: 1 },
      { word: 'complete', count: 1 },
    ]));
});
