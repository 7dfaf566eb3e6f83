/**
 * What a run's state looks like as rows of run, task and effect: pure functions, so that doctor can refold the journal
 * and compare. Labels are not in the rows: they are looked up in the immutable version when a row is read.
 */
import type { RunSummary } from '../../shared/api/contract.ts';
import type { RunEvent, StepKey } from '../../shared/run/events.ts';
import { isOpen, type EffectState, type RunState } from '../../shared/run/state.ts';
import { stepIdOf, undoneBy } from '../../shared/run/keys.ts';
import { wakeOf } from '../../shared/run/wake.ts';
import { stepLabel } from '../../shared/workflow/describe.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';

export interface RunRow {
  runId: string;
  workflowId: string;
  startKey: string | null;
  word: string;
  startedAt: number;
  endedAt: number | null;
  /** When it has to be looked at: see `wakeOf`. */
  wakeAt: number | null;
  /** A RunSummary as JSON. */
  data: string;
  /** RunMetrics as JSON. */
  metrics: string;
}

export interface TaskRow {
  taskId: string;
  runId: string;
  open: 0 | 1;
  openedAt: number;
  /** A TaskState as JSON. */
  data: string;
}

export interface EffectRow {
  key: string;
  runId: string;
  step: string;
  class: string;
  status: string;
  attempts: number;
  intendedAt: number;
  settledAt: number | null;
  /** A StoredEffect as JSON. */
  data: string;
}

/** What a run spent in one day or month. */
export interface SpendRow {
  runId: string;
  period: string;
  workflowId: string;
  spentMicros: number;
  reservedMicros: number;
  raisedMicros: number | null;
  warnedMicros: number | null;
}

/** The ledger outlives its run, so what names the run and its version travels with the row. */
export interface StoredEffect extends EffectState {
  runId: string;
  workflowName: string;
  version: string;
}

/** `updatedAt` is the time of the run's last event. */
export function runRow(state: RunState, updatedAt: number): RunRow {
  const summary: RunSummary = {
    runId: state.runId,
    workflowId: state.workflowId,
    workflowName: state.workflowName,
    version: state.version,
    word: state.word,
    ...(state.reason === undefined ? {} : { reason: state.reason }),
    active: state.active,
    startedAt: state.startedAt,
    updatedAt,
    ...(state.endedAt === undefined ? {} : { endedAt: state.endedAt }),
    costMicros: state.costMicros,
    openTasks: Object.values(state.tasks).filter(isOpen).length,
    openEffects: state.openEffects,
    ...waitsForOf(state),
    ...(state.parent === undefined ? {} : { parent: state.parent }),
  };
  return {
    runId: state.runId,
    workflowId: state.workflowId,
    startKey: state.key ?? null,
    word: state.word,
    startedAt: state.startedAt,
    endedAt: state.endedAt ?? null,
    wakeAt: wakeOf(state) ?? null,
    data: JSON.stringify(summary),
    metrics: JSON.stringify(state.metrics),
  };
}

function waitsForOf({ steps }: RunState): { waitsFor?: string[] } {
  const names = Object.values(steps).flatMap(({ waitsFor }) => (waitsFor ? [waitsFor.dependency] : []));
  return names.length === 0 ? {} : { waitsFor: [...new Set(names)] };
}

export function taskRows(state: RunState, touched?: Touched): TaskRow[] {
  return Object.values(state.tasks)
    .filter((task) => !touched || touched.all || touched.tasks.has(task.taskId) || touched.steps.has(task.step))
    .map((task) => ({
      taskId: task.taskId,
      runId: state.runId,
      open: isOpen(task) ? 1 : 0,
      openedAt: task.openedAt,
      data: JSON.stringify(task),
    }));
}

export function effectRows(state: RunState, touched?: Touched): EffectRow[] {
  return Object.values(state.effects)
    .filter((effect) => !touched || touched.all || touched.effects.has(effect.key) || touched.steps.has(effect.step))
    .map((effect) => {
      const stored: StoredEffect = {
        ...effect,
        runId: state.runId,
        workflowName: state.workflowName,
        version: state.version,
      };
      return {
        key: effect.key,
        runId: state.runId,
        step: effect.step,
        class: effect.class,
        status: effect.status,
        attempts: effect.attempts,
        intendedAt: effect.intendedAt,
        settledAt: effect.settledAt ?? null,
        data: JSON.stringify(stored),
      };
    });
}

const spending: ReadonlySet<string> = new Set([
  'attempt_started',
  'attempt_succeeded',
  'attempt_failed',
  'escalation_decided',
  'budget_warning',
]);

/** Empty when the run cost nothing, or these events changed nothing of it. */
export function spendRows({ runId, workflowId, spend }: RunState, events: readonly RunEvent[]): SpendRow[] {
  if (!spend || (events.length > 0 && !events.some((event) => spending.has(event.type)))) return [];
  return Object.entries(spend).map(([period, share]) => ({
    runId,
    period,
    workflowId,
    spentMicros: share.spentMicros,
    reservedMicros: share.reservedMicros,
    raisedMicros: share.raisedMicros ?? null,
    warnedMicros: share.warnedMicros ?? null,
  }));
}

/** Which rows a batch of events can have changed: everything about the steps, tasks and effects it names. */
export interface Touched {
  all: boolean;
  steps: Set<StepKey>;
  tasks: Set<string>;
  effects: Set<string>;
}

/** What these change is not in the event: a run's end closes all its tasks, an undoing and a reset reach many steps. */
const wide: ReadonlySet<string> = new Set([
  'run_completed',
  'run_failed',
  'rollback_started',
  'run_rolled_back',
  'undo_ordered',
  'undo_finished',
  'steps_reset',
]);

export function touchedBy(events: readonly RunEvent[]): Touched {
  const touched: Touched = { all: false, steps: new Set(), tasks: new Set(), effects: new Set() };
  for (const event of events) {
    if (wide.has(event.type)) touched.all = true;
    // The end of a compensation also changes what it undid.
    if ('step' in event && event.step !== undefined) touched.steps.add(event.step).add(undoneBy(event.step));
    if ('taskId' in event) touched.tasks.add(event.taskId);
    if ('effectKey' in event && event.effectKey !== undefined) touched.effects.add(event.effectKey);
    if ('key' in event && event.key !== undefined) touched.effects.add(event.key);
    if ('undoes' in event && event.undoes !== undefined) touched.effects.add(event.undoes);
  }
  return touched;
}

export function labelOf(document: WorkflowDocument | undefined, key: StepKey): string {
  return document ? stepLabel(document, key) : stepIdOf(key);
}
