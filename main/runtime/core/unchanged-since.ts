/**
 * A change that relies on what was read: which versions it is based on, and what follows when they are no longer true.
 * Must never make the change on data that is known to be old, nor read again before what was done since is undone.
 */
import type { BasedOn, StepKey } from '../../../shared/run/events.ts';
import { scopeOfKey } from '../../../shared/run/keys.ts';
import { isReached, stepOf } from '../../../shared/run/state.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import { stepsAfter } from './checkpoint.ts';
import { currentKey } from './instances.ts';
import type { Turn } from './turn.ts';
import { orderUndo } from './undo.ts';

/** The versions that the named reads found; a read that was passed by, or whose result a person gave, has none. */
export function basedOnOf(turn: Turn, node: GraphStep, key: StepKey): BasedOn[] {
  return (node.step.unchangedSince ?? []).flatMap((id) => {
    const read = currentKey(turn.state, scopeOfKey(key), id);
    const version = stepOf(turn.state, read)?.version;
    return version ? [{ step: read, ...version }] : [];
  });
}

/**
 * What relies on the old reading is undone, the last change first, and all of it runs again from the reading on, so that
 * decision and change are made on fresh data.
 */
export function readAgain(turn: Turn, node: GraphStep, key: StepKey, asked: { by: string; reason?: string }): void {
  const { state, ctx } = turn;
  const reads = (node.step.unchangedSince ?? []).filter((id) =>
    isReached(state, currentKey(state, scopeOfKey(key), id)),
  );
  if (reads.length === 0) return;
  const steps = reads.flatMap((id) => [currentKey(state, scopeOfKey(key), id), ...stepsAfter(state, ctx.graph, id)]);
  orderUndo(turn, {
    steps: [...new Set(steps)],
    because: 'stale',
    by: asked.by,
    ...(asked.reason === undefined ? {} : { reason: asked.reason }),
    then: { type: 'reset' },
  });
}
