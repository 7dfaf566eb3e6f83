/** The steps of a run as rows: in the order of the graph, one row per visit, also for what was not reached. Pure. */
import { isUndoKey } from '../../../shared/run/keys.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { RunState, StepState } from '../../../shared/run/state.ts';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';
import { stepIdOf, visitOf } from '../../lib/format.ts';
import type { ShownWord } from '../../lib/words.ts';

export interface StepRow {
  key: string;
  stepId: string;
  label: string;
  kind: string;
  visit: number;
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

export function labelOfStep(document: WorkflowDocument, key: string): string {
  if (isUndoKey(key)) return stepLabel(document, key);
  const id = stepIdOf(key);
  return document.steps[id]?.label ?? id;
}

export function stepRows(document: WorkflowDocument, run: RunState): StepRow[] {
  const visits = new Map<string, StepState[]>();
  for (const state of Object.values(run.steps)) {
    const id = stepIdOf(state.key);
    visits.set(id, [...(visits.get(id) ?? []), state]);
  }
  return stepOrder(document).flatMap((stepId): StepRow[] => {
    const step = document.steps[stepId];
    const base = { stepId, label: step?.label ?? stepId, kind: step?.kind ?? '' };
    // A compensation comes after the step it undoes.
    const states = (visits.get(stepId) ?? []).sort(
      (a, b) => Number(isUndoKey(a.key)) - Number(isUndoKey(b.key)) || visitOf(a.key) - visitOf(b.key),
    );
    if (states.length === 0) return [{ ...base, key: stepId, visit: 1, word: 'pending', state: undefined }];
    return states.map((state) => ({
      ...base,
      ...(isUndoKey(state.key) ? { label: stepLabel(document, state.key), kind: step?.compensate?.kind ?? '' } : {}),
      key: state.key,
      visit: visitOf(state.key),
      word: wordOfRow(state),
      state,
    }));
  });
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
