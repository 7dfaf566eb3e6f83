/**
 * A drawn step may be done several times in one run: once per round of a loop, once per item of a map. This finds what
 * stands for it now – its current round, and of several items the one that most needs looking at. Pure; the rules of
 * rounds and items are the fold's, nothing is decided here.
 */
import { everyStep } from '../../shared/run/aside.ts';
import { isUndoKey, placeOf, stepIdOf } from '../../shared/run/keys.ts';
import type { MapState, RunState, StepState } from '../../shared/run/state.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';

export interface Occurrence {
  /** `undefined`: not reached in this round, or only in some of the items. */
  run: StepState | undefined;
  /** Beyond the first: a loop went back over the step. */
  round: number;
  /** For a step inside a map: in how many of its items it has ended. */
  items?: { ended: number; total: number };
}

interface Segment {
  place: string;
  /** The item, as the start of the keys inside it: `each#2[3]`. */
  scope: string;
  id: string;
  visit: number;
}

/** `each#2[3]/x` → the map `each` in its second round with item 3, then the step `x` in its first. */
function segmentsOf(key: string): Segment[] {
  let scope = '';
  return key.split('/').map((part) => {
    const [, id = part, visit = '1'] = /^([^#[!]+)(?:#(\d+))?/.exec(part) ?? [];
    const place = placeOf(scope, id);
    scope = scope === '' ? part : `${scope}/${part}`;
    return { place, scope, id, visit: Number(visit) };
  });
}

const urgency: Record<string, number> = {
  escalated: 0,
  failed: 1,
  started: 2,
  waiting: 3,
  rolled_back: 4,
  confirmed: 5,
};

function urgencyOf(step: StepState): number {
  return urgency[step.word ?? ''] ?? 6;
}

export function hasEnded({ status, provisional }: StepState): boolean {
  return (
    (status === 'confirmed' && !provisional) || status === 'skipped' || status === 'failed' || status === 'rolled_back'
  );
}

export function occurrencesOf(document: WorkflowDocument, state: RunState): Map<string, Occurrence> {
  const rounds = new Map<string, number>(Object.entries(state.visits ?? {}));
  const reached = everyStep(state)
    // What undoes a step is no step of the drawing; the step itself says that it was rolled back.
    .filter((step) => !isUndoKey(step.key))
    .map((step) => ({ step, segments: segmentsOf(step.key) }));
  for (const { segments } of reached) {
    for (const { place, visit } of segments) rounds.set(place, Math.max(rounds.get(place) ?? 1, visit));
  }
  const isNow = ({ place, visit }: Segment): boolean => visit === rounds.get(place);
  const current = new Map<string, StepState[]>();
  for (const { step, segments } of reached) {
    const id = stepIdOf(step.key);
    if (segments.every(isNow)) current.set(id, [...(current.get(id) ?? []), step]);
  }
  const items = new Map<string, { ended: number; total: number }>();
  for (const [key, map] of everyMap(state)) {
    if (!segmentsOf(key).every(isNow)) continue;
    const { ended, total } = items.get(stepIdOf(key)) ?? { ended: 0, total: 0 };
    const over = map.next - map.running.length;
    items.set(stepIdOf(key), { ended: ended + over, total: total + map.items.length });
  }
  const found = new Map<string, Occurrence>();
  for (const [id, { parent }] of Object.entries(document.steps)) {
    const steps = current.get(id) ?? [];
    const round = rounds.get(id) ?? 1;
    const own = items.get(id);
    const around = parent === undefined ? undefined : items.get(parent);
    if (!around) {
      found.set(id, { run: steps[0], round, ...(own ? { items: own } : {}) });
      continue;
    }
    const ended = steps.filter(hasEnded).length;
    const most = [...steps].sort((one, other) => urgencyOf(one) - urgencyOf(other))[0];
    const isQuiet = most === undefined || (hasEnded(most) && most.status !== 'failed');
    const isPart = isQuiet && ended < around.total;
    found.set(id, { run: isPart ? undefined : most, round, items: own ?? { ended, total: around.total } });
  }
  return found;
}

/** The maps of a run by their keys, also those inside items that have ended. */
function everyMap(state: Pick<RunState, 'maps'>): [key: string, map: MapState][] {
  return Object.entries(state.maps ?? {}).flatMap(([key, map]) => [
    [key, map] as [string, MapState],
    ...map.ended.flatMap((item) => (item ? everyMap(item) : [])),
  ]);
}

/** Beside the status: `3 of 10 items`, `round 2`; nothing for a step that is done once. */
export function noteOf({ round, items }: Occurrence): string | undefined {
  if (items) return `${items.ended} of ${items.total} items`;
  return round > 1 ? `round ${round}` : undefined;
}
