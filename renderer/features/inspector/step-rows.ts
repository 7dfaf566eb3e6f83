/**
 * The steps of a run as rows: in the order of the graph, one row per round and item, also for what was not reached. Of a
 * map with many items only those that need looking at have a row, and one row counts the rest. Pure.
 */
import { everyStep } from '../../../shared/run/aside.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { placeText, stepLabel } from '../../../shared/workflow/describe.ts';
import type { RunState, StepState } from '../../../shared/run/state.ts';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';
import { stepIdOf } from '../../lib/format.ts';
import { hasEnded, noteOf, occurrencesOf } from '../../lib/occurrences.ts';
import type { ShownWord } from '../../lib/words.ts';

export interface StepRow {
  key: string;
  stepId: string;
  label: string;
  kind: string;
  /** `item 4, round 2`, `3 of 10 items`; absent for a step that is done once. */
  place: string | undefined;
  word: ShownWord;
  state: StepState | undefined;
}

/** Steps so that each comes after those it depends on; loop edges do not count, ties keep the document's order. */
export function stepOrder(document: WorkflowDocument): string[] {
  const ids = Object.keys(document.steps);
  const forward = document.edges.filter((edge) => edge.loop === undefined);
  const placed = new Set<string>();
  const order: string[] = [];
  while (order.length < ids.length) {
    const ready = ids.find(
      (id) =>
        !placed.has(id) &&
        forward.every(
          (edge) => edge.to.step !== id || placed.has(edge.from.step) || !(edge.from.step in document.steps),
        ),
    );
    // A cycle without a loop mark cannot be published, but a drawing may have one: go on with what is left.
    const next = ready ?? ids.find((id) => !placed.has(id));
    if (next === undefined) break;
    placed.add(next);
    order.push(next);
  }
  return order;
}

export function wordOfRow(state: StepState | undefined): ShownWord {
  if (!state) return 'pending';
  if (state.status === 'skipped') return 'skipped';
  return state.word ?? 'pending';
}

/** More items than this are counted instead of listed. */
const listed = 12;

export function stepRows(document: WorkflowDocument, run: RunState): StepRow[] {
  const reached = new Map<string, StepState[]>();
  for (const state of everyStep(run)) {
    const id = stepIdOf(state.key);
    reached.set(id, [...(reached.get(id) ?? []), state]);
  }
  const now = occurrencesOf(document, run);
  return stepOrder(document).flatMap((stepId): StepRow[] => {
    const step = document.steps[stepId];
    const base = { stepId, label: step?.label ?? stepId, kind: step?.kind ?? '' };
    const states = (reached.get(stepId) ?? []).sort(byPlace);
    const occurrence = now.get(stepId);
    const note = occurrence && noteOf(occurrence);
    // In this round, or in every item, it is still to come.
    const summary: StepRow = { ...base, key: stepId, place: note, word: wordOfRow(occurrence?.run), state: undefined };
    if (states.length === 0) return [summary];
    const many = step?.parent !== undefined && states.length > listed;
    const shown = many
      ? states.filter((state) => !hasEnded(state) || state.status === 'failed').slice(0, listed)
      : states;
    const rows = shown.map((state): StepRow => ({
      ...base,
      ...(isUndoKey(state.key)
        ? { label: stepLabel({ steps: document.steps }, `${stepId}!undo`), kind: step?.compensate?.kind ?? '' }
        : {}),
      key: state.key,
      place: placeText(state.key) || (step?.kind === 'map' ? note : undefined),
      word: wordOfRow(state),
      state,
    }));
    return many ? [summary, ...rows] : rows;
  });
}

/** A compensation comes after the step it undoes; items in their order, in each its rounds. */
function byPlace(one: StepState, other: StepState): number {
  return (
    Number(isUndoKey(one.key)) - Number(isUndoKey(other.key)) ||
    one.key.localeCompare(other.key, 'en', { numeric: true })
  );
}

export function costOfStep(state: StepState): number {
  return state.attempts.reduce((sum, attempt) => sum + attempt.costMicros, 0);
}

/** When the step's last attempt ended, or `undefined` while one is open or it has a wait ahead. */
export function endOfStep(state: StepState): number | undefined {
  const settled =
    state.status === 'confirmed' ||
    state.status === 'failed' ||
    state.status === 'succeeded' ||
    state.status === 'skipped';
  return settled ? (state.attempts.at(-1)?.endedAt ?? state.record.at(-1)?.at) : undefined;
}
