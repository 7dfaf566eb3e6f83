/** What a loop changes in a run's state: visits, rounds and the edges that left it. States are never mutated. */
import { changeStep } from './changes.ts';
import type { RunEvent } from './events.ts';
import { placeOf, scopeOfKey } from './keys.ts';
import type { LoopState, RunState } from './state.ts';

export function goRound(state: RunState, event: RunEvent & { type: 'loop_taken' }): RunState {
  const place = (id: string): string => placeOf(scopeOfKey(event.step), id);
  const loops = { ...state.loops };
  for (const id of event.restarts ?? []) delete loops[place(id)];
  loops[place(event.edge)] = { ...loopAt(state, place(event.edge)), iteration: event.iteration };
  const exits = { ...state.exits };
  for (const id of event.forgets ?? []) delete exits[place(id)];
  for (const id of event.exits ?? []) exits[place(id)] = true;
  return {
    ...state,
    visits: { ...state.visits, ...event.visits },
    loops,
    exits,
    iterations: (state.iterations ?? 0) + 1,
  };
}

/** A person lets a loop go round once more than its limit. */
export function allowRound(state: RunState, event: RunEvent & { type: 'escalation_decided' }, edge: string): RunState {
  const place = placeOf(scopeOfKey(event.step), edge);
  const loop = loopAt(state, place) ?? { iteration: 1 };
  const decided = changeStep(state, event, (step) => ({ ...step, status: 'succeeded' }));
  return { ...decided, loops: { ...state.loops, [place]: { ...loop, extra: (loop.extra ?? 0) + 1 } } };
}

/** By place of its edge; undefined while the loop is in its first round. */
export function loopAt(state: Pick<RunState, 'loops'>, place: string): LoopState | undefined {
  return state.loops && Object.hasOwn(state.loops, place) ? state.loops[place] : undefined;
}
