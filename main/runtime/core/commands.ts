/**
 * What can be asked of a run, and what it may answer. Commands are imperative, carry every value they need
 * (expressions were evaluated before), and are decided in one serial mailbox per run.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type {
  Actor,
  CallPlace,
  ReadVersion,
  RunEvent,
  RunEventBody,
  StepKey,
  TaskAnswer,
  Usage,
} from '../../../shared/run/events.ts';
import type { BreakerPolicy, DependencyState } from '../../../shared/run/dependency.ts';
import type { Estimate, PeriodSpend } from '../../../shared/run/spend.ts';
import type { RunState } from '../../../shared/run/state.ts';
import type { Graph } from '../../../shared/workflow/graph.ts';

/** Values a gate's conditions had when they were evaluated; `undefined` counts as low confidence or as true (fail closed). */
export interface GateValues {
  confidence?: unknown;
  /** By index of the condition in `when.any`; only `expression` conditions have a value. */
  expressions: unknown[];
}

/** A step ready to begin: its config with values, the request it will send, and the gate's values. */
export interface Prepared {
  config: Record<string, unknown>;
  /** Values of the workflow's stop conditions that are expressions, by their index. */
  stops?: unknown[];
  /** Present for kinds that can change the world. */
  plan?: { target: string; request: unknown };
  gate?: GateValues;
  /** The most this attempt may cost and use. */
  estimate?: Estimate;
  /** The system it depends on. */
  dependency?: string;
  /** Of a call that costs money and changes nothing: of kind and config. */
  callDigest?: string;
  /** The checks of the recorded result, where this call was made before. */
  repeated?: Checked;
}

/** What an item of a map comes to. Without a value it is what its last steps produced. */
export type ItemResult = { ok: true; value?: unknown } | { ok: false; error: StepError };

/** Values computed from an output before the step may be confirmed. */
export interface Checked {
  /** Result of `doneWhen`; absent when the step has none. */
  doneWhen?: { holds: boolean; expression: string };
  gate?: GateValues;
}

export type AttemptOutcome =
  | {
      ok: true;
      output: unknown;
      ports?: string[];
      usage?: Usage;
      costMicros?: number;
      details?: Record<string, unknown>;
      response?: unknown;
      /** Set by the runtime alone: no call was made. */
      reusedFrom?: CallPlace;
      /** Which version a reading step has read. */
      version?: ReadVersion;
    }
  | {
      ok: false;
      error: StepError;
      /** False only when it is certain that no byte of the request left. */
      sent: boolean;
      /** What the target answered, when it did a part of it: what undoes that part reads it. */
      response?: unknown;
      usage?: Usage;
      costMicros?: number;
      details?: Record<string, unknown>;
    }
  | { suspend: true; dueAt: number; output: unknown; signal?: undefined }
  /** Until this signal comes, whose data is the output, or until `dueAt`. */
  | { suspend: true; signal: string; dueAt?: number; output?: undefined };

export type CopiedStep = Omit<Extract<RunEventBody, { type: 'step_copied' }>, 'type'>;

export type Command =
  | ({
      type: 'start_run';
      /** What a fork does not do again. */
      copies?: CopiedStep[];
    } & Omit<Extract<RunEventBody, { type: 'run_started' }>, 'type'>)
  | { type: 'begin_attempt'; step: StepKey; prepared: Prepared }
  /** The step's expressions have no usable value: it fails without having run. */
  | { type: 'refuse_attempt'; step: StepKey; error: StepError }
  | {
      type: 'finish_attempt';
      step: StepKey;
      attempt: number;
      outcome: AttemptOutcome;
      checked: Checked;
      /** The last heartbeat that was not recorded yet. */
      heartbeat?: unknown;
    }
  | { type: 'record_heartbeat'; step: StepKey; attempt: number; payload: unknown }
  /** Every step of an item has ended; `result` is the value of the map's own expression, when it has one. */
  | { type: 'end_item'; step: StepKey; index: number; result: ItemResult }
  /** Every item has ended. */
  | { type: 'close_map'; step: StepKey; checked: Checked }
  /** A timer of this step came due, or the signal it waits for came. */
  | { type: 'fire_timer'; step: StepKey; checked: Checked }
  /** How the run that does a step's work is now. */
  | { type: 'change_child'; runId: string; word: 'started' | 'waiting' | 'escalated'; reason?: string }
  /** That run ended. `openEffects`: what it did in other systems and did not undo. */
  | {
      type: 'finish_child';
      runId: string;
      outcome: Exclude<AttemptOutcome, { suspend: true }>;
      openEffects: number;
      checked: Checked;
    }
  | { type: 'receive_signal'; id: string; name: string; data: unknown; by: Actor }
  /** The due time of this item passed without a decision. */
  | { type: 'escalate_task'; taskId: string }
  /** A system that steps of this run wait for answers again. */
  | { type: 'resume_dependency'; dependency: string }
  /** This step waits longer than a rule allows. */
  | { type: 'escalate_wait'; step: StepKey }
  /** The host was gone: attempts that were running are lost. */
  | { type: 'recover' }
  | {
      type: 'decide_task';
      taskId: string;
      answer: TaskAnswer;
      by: Actor;
      reason?: string;
      value?: unknown;
      digest?: string;
      /** True when the person proved who they are; then `roles` are what the workspace says of them. */
      verified?: boolean;
      roles?: string[];
      /** With `skip`: where the step's paths go on from. */
      ports?: string[];
    }
  | { type: 'pause_run'; by: Actor; reason?: string }
  | { type: 'resume_run'; by: Actor; reason?: string }
  /** Try again from a step that failed, or that somebody was asked about. */
  | { type: 'retry_step'; step: StepKey; by: Actor; reason?: string }
  /** The person's value takes the place of what the step would have found. */
  | {
      type: 'skip_step';
      step: StepKey;
      by: Actor;
      verified?: boolean;
      reason?: string;
      output: unknown;
      ports: string[];
    }
  | { type: 'cancel_run'; by: Actor; reason?: string }
  /** Undo what the run changed; a run in progress is cancelled first. */
  | {
      type: 'rollback_run';
      by: Actor;
      reason?: string;
      /** Only what ran after this checkpoint is undone; then it runs again. */
      to?: string;
    };

export interface Refusal {
  code: 'refused' | 'not_found' | 'conflict';
  message: string;
}

export type Decision = { ok: true; events: RunEvent[]; state: RunState } | { ok: false; refusal: Refusal };

/** Everything `decide` may know beside state and command; the host supplies time, chance and hashing. */
export interface DecideContext {
  runId: string;
  /** Epoch milliseconds. */
  now: number;
  /** Milliseconds in which a host of this folder ran awake so far: what timeouts are measured with. */
  awakeMs: number;
  graph: Graph;
  id(): string;
  /** A draw from [0, 1). */
  random(): number;
  /** SHA-256 in hexadecimal. */
  digest(text: string): string;
  /** What the other runs of this workflow spent in a UTC day or month; absent counts as nothing. */
  othersSpent?: ((period: string) => PeriodSpend) | undefined;
  /** What all runs know of a system; absent counts as answering. */
  dependencyOf?: ((name: string) => DependencyState | undefined) | undefined;
  breaker?: BreakerPolicy | undefined;
}
