/**
 * How a step of a run looks on the canvas: one of the seven words (or a position), its reason in words, and what it
 * waits for. Derived from the fold; nothing is decided here.
 */
import type { StateWord, StepState } from '../../../shared/run/state.ts';

export type Look = StateWord | 'pending' | 'skipped';

export interface StatusView {
  look: Look;
  /** What the card's chip says. */
  word: string;
  /** Which round it is, or in how many items it is done. */
  note?: string;
  /** Done, but not durable yet. */
  provisional: boolean;
  /** The step waits until then (epoch milliseconds). */
  dueAt?: number;
  /** Extra words for the tooltip and screen readers. */
  reason?: string;
  /** Work was done again, after a retry or a crash. */
  attempts: number;
}

function wordOf(step: StepState, look: Look): string {
  switch (look) {
    case 'pending':
      return 'pending';
    case 'skipped':
      return 'skipped';
    case 'waiting':
      if (step.status === 'review') return 'waiting for review';
      if (step.status === 'signal') return 'waits for a signal';
      if (step.status === 'dependency') return 'waits for a system';
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
export function statusOf(step: StepState | undefined, note?: string): StatusView {
  const more = note === undefined ? {} : { note };
  if (!step) return { look: 'pending', word: 'pending', provisional: false, attempts: 0, ...more };
  const look: Look = step.status === 'skipped' ? 'skipped' : (step.word ?? 'pending');
  const view: StatusView = {
    look,
    word: wordOf(step, look),
    provisional: step.provisional,
    attempts: step.attempts.length,
    ...more,
  };
  // A signal may come before its time is up; a countdown would promise that it comes then.
  if (look === 'waiting' && step.status !== 'signal' && step.dueAt !== undefined) view.dueAt = step.dueAt;
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
    case 'open':
    case 'timer':
    case 'signal':
    case 'child':
    case 'retry':
    case 'dependency':
    case 'review':
    case 'escalated':
    case undefined:
      return 'plain';
  }
}
