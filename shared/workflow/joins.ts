/**
 * Joins that go on before all their branches have arrived: how many they wait for, and what only leads to them. Computed
 * once per graph. Source of the rule: semantics, Control flow.
 */
import type { Edge, Step } from './document.ts';
import { neighbours, reachable } from './walk.ts';

/** How many incoming paths have to be taken; `Infinity` for all that are not skipped. */
export function neededBy(step: Pick<Step, 'join'>): number {
  if (step.join === undefined || step.join === 'all') return Number.POSITIVE_INFINITY;
  return step.join === 'any' ? 1 : step.join.atLeast;
}

/** Joins that let go of what they no longer wait for, with the steps that lead to nothing but them. */
export function findRaces(
  steps: Iterable<readonly [string, Pick<Step, 'join' | 'losers'>]>,
  edges: readonly Edge[],
): Map<string, ReadonlySet<string>> {
  const races = new Map<string, ReadonlySet<string>>();
  for (const [id, step] of steps)
    if (neededBy(step) !== Number.POSITIVE_INFINITY && step.losers !== 'finish')
      races.set(id, leadingOnlyTo(id, edges));
  return races;
}

function leadingOnlyTo(join: string, edges: readonly Edge[]): Set<string> {
  const arrows = edges.map((edge) => ({ from: edge.from.step, to: edge.to.step, isBack: edge.loop !== undefined }));
  const before = neighbours(
    arrows.filter(({ isBack }) => !isBack),
    'backward',
  );
  const next = neighbours(arrows, 'forward');
  const found = reachable(before, [join]);
  const leadsAway = (id: string): boolean => (next.get(id) ?? []).some((to) => to !== join && !found.has(to));
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const id of found) if (leadsAway(id)) found.delete(id);
  }
  return found;
}
