/** Which runs a person is looking for: by word and by what they typed. Pure. */
import type { RunSummary } from '../../../shared/api/contract.ts';
import { stateWords } from '../../../shared/run/state.ts';
import type { StateWord } from '../../../shared/run/state.ts';
import { wordWithReason } from '../../lib/words.ts';

export interface RunFilter {
  word?: StateWord | undefined;
  text: string;
}

/** Every typed part must be found in the name, the id or the words of the status. */
export function matchesText(run: RunSummary, text: string): boolean {
  const hay = `${run.workflowName} ${run.runId} ${wordWithReason(run.word, run.reason)}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((part) => hay.includes(part));
}

export function filterRuns(runs: readonly RunSummary[], filter: RunFilter): RunSummary[] {
  return runs.filter((run) => (filter.word === undefined || run.word === filter.word) && matchesText(run, filter.text));
}

/** How many runs have each word, in the order of the record; words nobody has are left out. */
export function countWords(runs: readonly RunSummary[]): { word: StateWord; count: number }[] {
  return stateWords
    .map((word) => ({ word, count: runs.filter((run) => run.word === word).length }))
    .filter((entry) => entry.count > 0);
}
