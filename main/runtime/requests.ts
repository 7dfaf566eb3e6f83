/** What is asked of the engine, and what it shows of a run. Data only. */
import type { RunEvent, TaskAnswer } from '../../shared/run/events.ts';
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
