/**
 * The dependencies of all runs, in memory: changed the moment a decision is taken, so that exactly one attempt is the
 * probe. Changes wait here until the next transaction takes them along; nothing is written while all is well.
 */
import type { BreakerPolicy, DependencyState } from '../../../shared/run/dependency.ts';
import type { Actor, RunEvent } from '../../../shared/run/events.ts';
import type { RunState } from '../../../shared/run/state.ts';
import { beginProbe, closed, dependencyOf, findingOf, learn, unknownDependency } from './breaker.ts';

export interface Dependencies {
  policy: BreakerPolicy;
  load(known: readonly DependencyState[]): void;
  of(name: string): DependencyState | undefined;
  all(): DependencyState[];
  /** What a decision about a run says of the systems it uses. */
  note(runId: string, events: readonly RunEvent[], state: RunState): void;
  /** A person says that it answers again; undefined when nobody knows it. */
  close(name: string, at: number, by: Actor): DependencyState | undefined;
  /** What changed since this was asked last, to be written. */
  takeChanged(): DependencyState[];
}

export function createDependencies(policy: BreakerPolicy): Dependencies {
  const known = new Map<string, DependencyState>();
  const unsaved = new Map<string, DependencyState>();

  function keep(next: DependencyState): void {
    known.set(next.name, next);
    unsaved.set(next.name, next);
  }

  const dependencies: Dependencies = {
    policy,
    load(found) {
      // Whoever was finding out when the host went away has found nothing.
      for (const { probe: _probe, ...dependency } of found) known.set(dependency.name, dependency);
    },
    of: (name) => known.get(name),
    all: () => [...known.values()],
    note(runId, events, state) {
      for (const event of events) {
        const name = dependencyOf(event, state);
        if (name === undefined) continue;
        const before = known.get(name) ?? unknownDependency(name);
        if (event.type === 'attempt_started') {
          if (event.isProbe) keep(beginProbe(before, { runId, step: event.step, attempt: event.attempt }, event.at));
          continue;
        }
        const finding = findingOf(event);
        if (!finding) continue;
        const { probe } = before;
        const isProbe =
          probe !== undefined &&
          probe.runId === runId &&
          'attempt' in event &&
          probe.step === event.step &&
          probe.attempt === event.attempt;
        const after = learn(before, finding, isProbe, event.at, dependencies.policy);
        if (after !== before) keep(after);
      }
    },
    close(name, at, by) {
      const dependency = known.get(name);
      if (!dependency) return undefined;
      const next = closed(dependency, at, by);
      keep(next);
      return next;
    },
    takeChanged() {
      if (unsaved.size === 0) return [];
      const changed = [...unsaved.values()];
      unsaved.clear();
      return changed;
    },
  };
  return dependencies;
}
