/**
 * The seven words: which one a step or a run has now, and the record of how it came there.
 * Source of the rule: product document, "The seven words", with the precedence of the semantics.
 */
import type { RunEvent } from './events.ts';
import { heldSteps, isOpen } from './state.ts';
import type { RunState, StateWord, StepState, StepStatus, TaskState, Transition, WaitingReason } from './state.ts';
import { without } from './without.ts';

export interface Cause {
  at: number;
  reason?: string | undefined;
  by?: string | undefined;
}

const wordByStatus: Record<StepStatus, StateWord | undefined> = {
  pending: undefined,
  ready: 'started',
  running: 'started',
  open: 'started',
  timer: 'waiting',
  retry: 'waiting',
  signal: 'waiting',
  dependency: 'waiting',
  child: 'started',
  review: 'waiting',
  succeeded: 'started',
  confirmed: 'confirmed',
  skipped: undefined,
  failed: 'failed',
  rolled_back: 'rolled_back',
  escalated: 'escalated',
};

/** A result that is not on disk yet is still `started`; skipped is a position and has no word. */
export function wordOfStep(step: Pick<StepState, 'status' | 'provisional' | 'child'>): StateWord | undefined {
  if (isChildWaiting(step)) return 'waiting';
  return step.provisional ? 'started' : wordByStatus[step.status];
}

/** Whoever has to move the child is asked there; here the step waits for it. */
function isChildWaiting({ status, child }: Pick<StepState, 'status' | 'child'>): boolean {
  return status === 'child' && child !== undefined && child.word !== 'started';
}

export function withStepWord(step: StepState, cause: Cause): StepState {
  const word = wordOfStep(step);
  if (!word) return without(step, 'word');
  return { ...step, word, record: extend(step.record, word, cause) };
}

/** Tasks that hand something to a named person because a rule fired, not decided yet. */
export function openEscalations(state: RunState): TaskState[] {
  return Object.values(state.tasks).filter(
    (task) => (task.kind !== 'review' || task.rung !== undefined) && isOpen(task),
  );
}

const waitOrder: readonly WaitingReason[] = ['review', 'signal', 'child', 'timer', 'retry', 'dependency'];

/** The first word that holds: complete, rolled_back, failed, escalated, started, waiting, confirmed. */
export function wordOfRun(state: RunState): { word: StateWord; reason?: string } {
  if (state.end === 'failed') return { word: 'failed', ...(state.reason ? { reason: state.reason } : {}) };
  if (state.end) return { word: state.end };
  const escalation = openEscalations(state)[0];
  if (escalation) return { word: 'escalated', reason: escalation.cause ?? escalation.on ?? 'review_overdue' };
  if (state.allConfirmed) return { word: 'confirmed' };
  if (state.paused && state.active === 0) return { word: 'waiting', reason: 'paused' };
  if (state.rollback) return rollbackWord(state);
  const steps = Object.values(state.steps);
  if (state.active > steps.filter(isChildWaiting).length) return { word: 'started' };
  const statuses = new Set<StepStatus>();
  // A step that waits for what is undone is no work in progress.
  const held = heldSteps(state);
  for (const step of steps) if (!held.has(step.key) || step.status === 'child') statuses.add(step.status);
  if (statuses.has('ready') || statuses.has('succeeded')) return { word: 'started' };
  const reason = waitOrder.find((status) => statuses.has(status));
  if (reason === 'child')
    return {
      word: 'waiting',
      reason: steps.find(isChildWaiting)?.child?.word === 'escalated' ? 'child_escalated' : 'child',
    };
  return reason ? { word: 'waiting', reason } : { word: 'started' };
}

/** Work in progress goes backwards; a compensation that waits to be tried again makes the run wait. */
function rollbackWord(state: RunState): { word: StateWord; reason: string } {
  const waits = Object.values(state.steps).some((step) => ['retry', 'timer', 'dependency'].includes(step.status));
  return { word: waits && state.active === 0 ? 'waiting' : 'started', reason: 'rollback' };
}

export function withRunWord(state: RunState, event: RunEvent): RunState {
  const { word, reason } = wordOfRun(state);
  const cause = { at: event.at, reason, by: 'by' in event ? event.by : undefined };
  return {
    ...(reason === undefined ? without(state, 'reason') : { ...state, reason }),
    word,
    record: extend(dropPause(state.record, word, event.at), word, cause),
  };
}

/** Between two events of one moment a run may look as if it waited; a wait of no length never happened. */
function dropPause(record: Transition[], word: StateWord, at: number): Transition[] {
  const last = record[record.length - 1];
  return last && word === 'started' && last.word === 'waiting' && last.at === at && record.length > 1
    ? record.slice(0, -1)
    : record;
}

function extend(record: Transition[], word: StateWord, cause: Cause): Transition[] {
  const last = record[record.length - 1];
  if (last && last.word === word && (cause.reason === undefined || last.reason === cause.reason)) return record;
  const transition: Transition = {
    word,
    at: cause.at,
    ...(cause.reason === undefined ? {} : { reason: cause.reason }),
    ...(cause.by === undefined ? {} : { by: cause.by }),
  };
  return [...record, transition];
}
