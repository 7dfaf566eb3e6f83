/** What is asked of the engine, and what it shows of a run. Types only. */
import type { DependencyView } from '../../shared/api/contract.ts';
import type { StepKind } from '../steps/kind.ts';
import type { Store } from '../store/port.ts';
import type { AwakeClock } from './awake.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Faults } from './faults.ts';
import type { Scheduler } from './scheduler.ts';
import type { RunEvent, TaskAnswer } from '../../shared/run/events.ts';
import type { Limit } from '../../shared/run/limits.ts';
import type { ForkPlan } from '../../shared/run/fork-plan.ts';
import type { RollbackPlan } from '../../shared/run/rollback-plan.ts';
import type { RunState } from '../../shared/run/state.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import type { Command } from './core/commands.ts';

export interface StartRun {
  document: WorkflowDocument;
  /** Digest of the stored, immutable version. */
  version: string;
  input: unknown;
  env: Record<string, unknown>;
  key?: string | undefined;
  by: string;
  commandId: string;
  /** The workflows inside this one: their versions, and which version an id without one stands for in this run. */
  children?: readonly { version: string; document: WorkflowDocument }[];
  pins?: Record<string, string>;
  /** Goes on from a checkpoint of this run. `accepts`: keys of its effects that may happen a second time. */
  fork?: { runId: string; step: string; reason?: string | undefined; accepts?: readonly string[] | undefined };
}

export interface DecideTask {
  commandId: string;
  runId: string;
  taskId: string;
  answer: TaskAnswer;
  by: string;
  reason?: string | undefined;
  value?: unknown;
  digest?: string | undefined;
  /** True when the person proved who they are; then `roles` are what the workspace says of them. */
  verified?: boolean;
  roles?: string[];
  /** With `skip`: the paths that the run goes on along. */
  ports?: string[] | undefined;
}

/** What a person does to a run that goes wrong; without `ports` a supplied result goes on along the step's `out`. */
export type Repair =
  | Extract<Command, { type: 'pause_run' | 'resume_run' | 'retry_step' }>
  | (Omit<Extract<Command, { type: 'skip_step' }>, 'ports'> & { ports?: string[] });

export interface SignalRun {
  commandId: string;
  runId: string;
  name: string;
  data: unknown;
  id: string;
  by: string;
}

export interface RunView {
  state: RunState;
  /** Those on disk and those that only memory knows yet. */
  events: RunEvent[];
  document: WorkflowDocument;
}

export interface Engine {
  /** Recovers everything that was on its way or is due, and drives it; what waits longer is not even read. */
  start(): Promise<void>;
  /** `existing` when `key` was used before: nothing new is started. Throws like `decideTask` when it is a fork. */
  startRun(options: StartRun): Promise<{ runId: string; existing: boolean }>;
  /** Throws `ApiError` (`refused`, `not_found`, `conflict`). Deduplicated by `commandId`. */
  decideTask(options: DecideTask): Promise<void>;
  /** Pauses, goes on, tries again or skips. Throws like `decideTask`. */
  repair(options: { commandId: string; runId: string; command: Repair }): Promise<void>;
  /** Undoes what the run changed; a run in progress is cancelled first. */
  /** With `to`: only what ran after this checkpoint, which then runs again. */
  rollbackRun(options: {
    commandId: string;
    runId: string;
    by: string;
    reason?: string | undefined;
    to?: string | undefined;
  }): Promise<void>;
  /** Every limit that binds the run now, with what is used of it; those of a day or month count all runs. */
  limits(runId: string): Promise<Limit[] | undefined>;
  /** Tells the run something it may wait for now or later. The same `id` again is the same signal. */
  signalRun(options: SignalRun): Promise<void>;
  /** Systems that steps depend on, with how many unfinished runs wait for each. */
  dependencies(): Promise<DependencyView[]>;
  /** A person says that it answers again. Throws `ApiError` (`not_found`). */
  resetDependency(options: { name: string; by: string }): Promise<void>;
  /** What a rollback would do now. Throws `ApiError` when the run cannot go back to the step `to`. */
  planRollback(runId: string, to?: string): Promise<RollbackPlan | undefined>;
  /** What a fork that goes on in `document` would copy and might do again. Throws `ApiError` when it cannot be. */
  planFork(options: { runId: string; step: string; document: WorkflowDocument }): Promise<Omit<ForkPlan, 'version'>>;
  cancelRun(options: { commandId: string; runId: string; by: string; reason?: string | undefined }): Promise<void>;
  read(runId: string): Promise<RunView | undefined>;
  /** Calls back after every publication; returns the unsubscribe. */
  onEvents(listener: (runId: string, events: RunEvent[], state: RunState) => void): () => void;
  /** Resolves when the run has ended or is parked: only a person or a timer further away than this wakes it. */
  settled(runId: string, parkAfterMs: number): Promise<RunState>;
  stop(): Promise<void>;
}

/** Chance, ids and hashing: supplied by the host so that a simulation can replay them. */
export interface Random {
  id(): string;
  /** A draw from [0, 1). */
  draw(): number;
  /** SHA-256 in hexadecimal. */
  digest(text: string): string;
}

export interface EngineOptions {
  store: Store;
  dispatcher: Dispatcher;
  kinds: ReadonlyMap<string, StepKind>;
  clock: () => number;
  random: Random;
  faults?: Faults;
  /** Node's own unless time is simulated. */
  scheduler?: Scheduler;
  /** What timeouts are measured with; without it the host counts as awake as long as it runs. */
  awake?: AwakeClock;
  /** The store refused to write: everything stops here and the sentence is shown. */
  onHalt?: (error: unknown) => void;
  /** A run of this folder could not be recovered; the others go on. */
  onBrokenRun?: (runId: string, error: unknown) => void;
}
