/**
 * One decision in the making: events are appended to the turn and folded at once, so that the next rule of the same
 * decision sees what the previous one did. Nothing here is kept after `decide` returned its events.
 */
import type { RunEvent, RunEventBody, StepKey } from '../../../shared/run/events.ts';
import { initialState, pendingStep } from '../../../shared/run/changes.ts';
import { evolve } from '../../../shared/run/evolve.ts';
import { heldSteps, stepOf, type RunState, type StepState } from '../../../shared/run/state.ts';
import { nodeOf, type GraphStep } from '../../../shared/workflow/graph.ts';
import type { DecideContext } from './commands.ts';

export interface Turn {
  readonly ctx: DecideContext;
  readonly events: RunEvent[];
  state: RunState;
}

export function beginTurn(state: RunState | undefined, ctx: DecideContext): Turn {
  return { ctx, events: [], state: state ?? initialState(ctx.runId, ctx.now) };
}

/** `lazy` events may wait in the run's buffer until the next durable one takes them along. */
export function emit(turn: Turn, body: RunEventBody, lazy = false): void {
  const event: RunEvent = {
    ...body,
    runId: turn.ctx.runId,
    seq: turn.state.lastSeq + 1,
    at: turn.ctx.now,
    ...(lazy ? { lazy: true } : {}),
  };
  turn.events.push(event);
  turn.state = evolve(turn.state, event);
}

export function stepState(turn: Turn, key: StepKey): StepState {
  return stepOf(turn.state, key) ?? pendingStep(key);
}

export function graphStep(ctx: DecideContext, key: StepKey): GraphStep | undefined {
  return nodeOf(ctx.graph, key);
}

/** What this step did is about to be undone: it is over as soon as everybody knows what it did. */
export function isHeld(turn: Turn, key: StepKey): boolean {
  return heldSteps(turn.state).has(key);
}
