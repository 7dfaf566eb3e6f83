/**
 * How a step of a run looks on the canvas: one of the seven words (or a position), its reason in words, and what it
 * waits for. Derived from the fold; nothing is decided here.
 */
import type { RunState, StateWord, StepState } from '../../../shared/run/state.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { stepIdOf, visitOf } from '../../lib/format.ts';

export type Look = StateWord | 'pending' | 'skipped';

export interface StatusView {
  look: Look;
  /** What the card's chip says. */
  word: string;
  /** Done, but not durable yet. */
  provisional: boolean;
  /** The step waits until then (epoch milliseconds). */
  dueAt?: number;
  /** Extra words for the tooltip and screen readers. */
  reason?: string;
  /** Work was done again, after a retry or a crash. */
  attempts: number;
}

/** The latest visit of every step that the run has reached. */
export function latestVisits(state: RunState): Map<string, StepState> {
  const latest = new Map<string, StepState>();
  for (const step of Object.values(state.steps)) {
    // What undoes a step is no step of the drawing; the step itself says that it was rolled back.
    if (isUndoKey(step.key)) continue;
    const id = stepIdOf(step.key);
    const known = latest.get(id);
    if (!known || visitOf(known.key) <= visitOf(step.key)) latest.set(id, step);
  }
  return latest;
}

function wordOf(step: StepState, look: Look): string {
  switch (look) {
    case 'pending':
      return 'pending';
    case 'skipped':
      return 'skipped';
    case 'waiting':
      if (step.status === 'review') return 'waiting for review';
      return step.status === 'retry' ? 'tries again' : 'waiting';
    case 'rolled_back':
      return 'rolled back';
    case 'started':
      return step.provisional ? 'done, not saved yet' : 'started';
    case 'confirmed':
    case 'failed':
    case 'escalated':
    case 'complete':
      return look;
  }
}

/** `undefined`: the run has not reached this step. */
export function statusOf(step: StepState | undefined): StatusView {
  if (!step) return { look: 'pending', word: 'pending', provisional: false, attempts: 0 };
  const look: Look = step.status === 'skipped' ? 'skipped' : (step.word ?? 'pending');
  const view: StatusView = {
    look,
    word: wordOf(step, look),
    provisional: step.provisional,
    attempts: step.attempts.length,
  };
  if (look === 'waiting' && step.dueAt !== undefined) view.dueAt = step.dueAt;
  const reason = step.error?.message ?? step.record.at(-1)?.reason;
  if (reason !== undefined) view.reason = reason;
  return view;
}

export type EdgeLook = 'plain' | 'taken' | 'nottaken';

/** Whether a run went along an edge: known as soon as its source ended. */
export function edgeLook(source: StepState | undefined, port: string): EdgeLook {
  switch (source?.status) {
    case 'skipped':
      return 'nottaken';
    case 'succeeded':
    case 'rolled_back':
    case 'confirmed':
    case 'failed':
      return source.ports.includes(port) ? 'taken' : 'nottaken';
    // A result that a person still looks at has not gone anywhere.
    case 'pending':
    case 'ready':
    case 'running':
    case 'timer':
    case 'retry':
    case 'review':
    case 'escalated':
    case undefined:
      return 'plain';
  }
}
