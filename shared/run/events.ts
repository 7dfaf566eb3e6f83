/**
 * The events of a run: what happened, in the past tense, in the order it was decided. The journal stores exactly
 * these; everything a screen shows about a run is a fold of them (`evolve`). Times are epoch milliseconds, money is
 * integer micro-units of the workspace currency. Values of expressions are recorded here, never re-evaluated.
 */
import type { EffectClass } from '../steps/effect.ts';
import type { EscalationTrigger } from '../workflow/document.ts';
import type { ErrorClass, StepError } from './errors.ts';
import type { Limit } from './limits.ts';
import type { Estimate } from './spend.ts';
import type { RunState } from './state.ts';

/** A step and its visit: `decide`, `decide#2` in a loop, `each[3]/x#2` inside a map. */
export type StepKey = string;

export interface Usage {
  inputTokens: number;
  outputTokens: number;
}

/** Who did it: `person:ada`, `role:finance-lead`, or `system`. */
export type Actor = string;

export const taskAnswers = [
  'approve',
  'edit',
  'reject',
  'send_back',
  'retry',
  'give_up',
  'skip',
  'happened',
  'not_happened',
  'raise',
  'accept',
  'rollback',
] as const;
export type TaskAnswer = (typeof taskAnswers)[number];

/** Why a gate asked: the measured value and the limit it crossed, in the condition's own terms. */
export interface GateCause {
  condition: 'always' | 'confidence' | 'cost' | 'effect' | 'expression';
  measured?: unknown;
  limit?: unknown;
}

/** Why changes are undone although the run goes on. */
export type UndoCause = 'lost_join' | 'fallback' | 'send_back' | 'checkpoint' | 'stale';

/** What follows once nothing is left to undo. */
export type UndoThen =
  /** What was not over of these steps is left out; the run goes on past them. */
  | { type: 'skip' }
  /** The step ends with its error and takes its path from `failed`. */
  | { type: 'fail'; step: StepKey; error: StepError }
  /** The steps are put back; the named one reads the comment as `$review` when it runs again. */
  | { type: 'reset'; review?: { step: StepKey; comment: string } };

/** What an order leaves as it is, and why. */
export interface KeptEffect {
  effectKey: string;
  step: StepKey;
  target: string;
  why: string;
}

/** What a reading step found, so that a later change can be made only while that is still true. */
export interface ReadVersion {
  /** Logical address that was read. */
  url: string;
  /** The target's own word for the version, as it gave it. */
  etag?: string;
  /** SHA-256 of what was read. */
  digest: string;
}

/** A version that a change relies on, and the step that read it. */
export interface BasedOn extends ReadVersion {
  step: StepKey;
}

/** Where a fork comes from. */
export interface Origin {
  runId: string;
  step: StepKey;
  reason?: string;
  /** Who started the runs that this one comes from: reviews may keep them out like its own starter. */
  startedBy: Actor[];
}

/** How far the loops had come that copied steps are in, as `RunState` has it. */
export type Rounds = Pick<RunState, 'visits' | 'loops' | 'exits'>;

/** The attempt whose recorded result is served again. */
export interface CallPlace {
  step: StepKey;
  attempt: number;
}

export type RunEventBody =
  | {
      type: 'run_started';
      workflowId: string;
      workflowName: string;
      /** Digest of the immutable version this run is pinned to. */
      version: string;
      owner: string;
      input: unknown;
      env: Record<string, unknown>;
      /** Deduplicates the start, if the caller gave one. */
      key?: string;
      /** What started it: `person:…`, `cli`, `schedule`. */
      by: Actor;
      /** The step of another run whose work this run does. */
      parent?: { runId: string; step: StepKey };
      /** Versions of the workflows inside this one that are named without a version, by id. */
      pins?: Record<string, string>;
      /** The run goes on from a checkpoint of another one; what was copied follows as `step_copied`. */
      forkOf?: Origin & { rounds?: Rounds };
    }
  /** The step counts as done with what it found in another run; here it has not run and changed nothing. */
  | {
      type: 'step_copied';
      step: StepKey;
      output: unknown;
      ports: string[];
      from: { runId: string; step: StepKey };
      /** What it read, with which config: a later change may rely on that being true still. */
      version?: ReadVersion;
      config?: Record<string, unknown>;
      /** It ended there without a result, and a path handled that. */
      error?: StepError;
      byRule?: boolean;
      /** Who decided there what happens with it: reviews may keep them out. */
      decidedBy?: Actor[];
    }
  | {
      type: 'attempt_started';
      step: StepKey;
      attempt: number;
      /** The config with every expression replaced by its value; secrets stay references. */
      config: Record<string, unknown>;
      /** True when an earlier attempt of this step was lost in a crash and its work is done again. */
      repeated?: boolean;
      /** The host's awake time, in milliseconds: what timeouts are measured with. */
      awakeMs?: number;
      /** The most it may cost, held until what it did cost is known. */
      reserved?: Estimate;
      /** The system that this attempt depends on. */
      dependency?: string;
      /** It finds out whether that system answers again. */
      isProbe?: boolean;
      /** Kind and resolved config of a call that costs money: the same digest is the same call. */
      callDigest?: string;
    }
  /** The latest a running attempt said of its progress; the next attempt is given it. */
  | { type: 'heartbeat_recorded'; step: StepKey; attempt: number; payload: unknown }
  | ({
      type: 'attempt_succeeded';
      step: StepKey;
      attempt: number;
      output: unknown;
      ports: string[];
      reusedFrom?: CallPlace;
      /** Which version a reading step has read. */
      version?: ReadVersion;
    } & Spent)
  | ({ type: 'attempt_failed'; step: StepKey; attempt: number; error: StepError } & Spent)
  /** The host died while this attempt ran; nobody saw its end. */
  | { type: 'attempt_abandoned'; step: StepKey; attempt: number }
  | { type: 'retry_scheduled'; step: StepKey; dueAt: number; delayMs: number; retrier: number }
  | { type: 'timer_set'; step: StepKey; attempt: number; dueAt: number; output: unknown }
  /** The step waits for a named signal, at most until `dueAt`. */
  | { type: 'signal_awaited'; step: StepKey; attempt: number; name: string; dueAt?: number }
  /** A run of its own does the step's work, or (`undo`) undoes what it did. */
  | { type: 'child_started'; step: StepKey; attempt: number; childId: string; version: string; undo?: true }
  /** The child waits, is escalated, or works again. */
  | { type: 'child_changed'; step: StepKey; word: 'started' | 'waiting' | 'escalated'; reason?: string }
  /** Somebody outside said something to this run; `id` tells a repetition from a second signal. */
  | { type: 'signal_received'; id: string; name: string; data: unknown; by: Actor }
  | { type: 'signal_used'; step: StepKey; id: string }
  | {
      type: 'effect_intended';
      step: StepKey;
      attempt: number;
      /** The idempotency key: the same for every attempt and recovery of one generation. */
      key: string;
      ordinal: number;
      generation: number;
      class: EffectClass;
      /** Logical target, e.g. `POST sandbox://payments/refunds`. */
      target: string;
      requestDigest: string;
      /** Present on the first intent of a generation; a retry sends the stored one. */
      request?: unknown;
      /** The key of the effect this one undoes. */
      undoes?: string;
      /** What was read for it: it is done only while that has not changed. On the first intent of a generation. */
      basedOn?: BasedOn[];
    }
  | { type: 'effect_confirmed'; step: StepKey; key: string; response?: unknown }
  /** The target said no, or the request never left: the effect did not happen. */
  | { type: 'effect_failed'; step: StepKey; key: string; sent: boolean; error: StepError }
  /** The target did a part of what it was asked: that part is a change like any other, and is never tried again. */
  | { type: 'effect_partly_applied'; step: StepKey; key: string; error: StepError; response?: unknown }
  | { type: 'effect_in_doubt'; step: StepKey; key: string; message: string }
  | {
      type: 'effect_settled';
      step: StepKey;
      key: string;
      happened: boolean;
      response?: unknown;
      by: Actor;
      reason?: string;
    }
  | {
      type: 'gate_opened';
      step: StepKey;
      taskId: string;
      gate: 'before' | 'after';
      owner: string;
      dueAt?: number;
      causes: GateCause[];
      allow: TaskAnswer[];
      /** Id of the earlier step that sending back leads to; absent means the step itself. */
      backTo?: string;
      /** What the reviewer sees: the resolved request (before) or the output (after). The digest binds the decision. */
      shown: unknown;
      digest: string;
      /** The host's awake time: the total time of the step stands still until its next attempt. */
      awakeMs?: number;
      /** So many people must approve; absent means one. */
      quorum?: number;
      /** Who must not answer: `starter`, `person:…`, `role:…`, `step:…` (whoever decided there). */
      notBy?: string[];
    }
  /** One of several people approved what is shown; more are needed. */
  | { type: 'gate_approved'; step: StepKey; taskId: string; by: Actor; verified: boolean; reason?: string }
  /** One of several people changed what is shown and approved that; what others approved before is void. */
  | {
      type: 'gate_edited';
      step: StepKey;
      taskId: string;
      by: Actor;
      verified: boolean;
      reason?: string;
      value: unknown;
      digest: string;
    }
  | {
      type: 'gate_decided';
      step: StepKey;
      taskId: string;
      answer: 'approve' | 'edit' | 'reject' | 'send_back';
      by: Actor;
      /** False when nobody proved to be this person; absent in histories from before PINs. */
      verified?: boolean;
      reason?: string;
      /** The edited payload, when the answer is `edit`. */
      value?: unknown;
    }
  | {
      type: 'escalation_opened';
      step: StepKey;
      taskId: string;
      on: EscalationTrigger;
      owner: string;
      message: string;
      allow: TaskAnswer[];
      /** Present when the question is whether this effect happened. */
      effectKey?: string;
      /** Nothing else of the run starts until this is decided. */
      pausesRun?: boolean;
      /** JSON Pointer of the escalation rule, in the workflow: its ladder is climbed. */
      place?: string;
      dueAt?: number;
      /** The step only waits too long, and goes on waiting; the item closes when the wait ends. */
      isWait?: boolean;
      /** JSON Pointer of the limit that was reached, in the workflow. */
      rule?: string;
      /** The limit as it was reached; a person may raise it. */
      limit?: Limit;
      /** Id of the loop edge that is at its limit. */
      loop?: string;
      /** The same was announced before under the key `of`; `as` is the key that a second time would have. */
      duplicate?: { of: string; as: string };
      /** The error nothing retries or handles: what really happened, where `on` only names the rule that applies. */
      cause?: ErrorClass;
    }
  /** A map begins: its children run for each item of the list, so many at a time. */
  | {
      type: 'map_opened';
      step: StepKey;
      attempt: number;
      config: Record<string, unknown> & { items: unknown[] };
      concurrency: number;
      /** Failures that end only their item. */
      tolerated: number;
    }
  /** Every step of the item has ended. `error`: it has no result; `stops`: more failed than the map tolerates. */
  | { type: 'item_ended'; step: StepKey; index: number; output?: unknown; error?: StepError; stops?: true }
  /** The run goes back: what the edge repeats has a new visit. */
  | {
      type: 'loop_taken';
      /** The step that the edge starts from, in the visit that ends here. */
      step: StepKey;
      edge: string;
      /** Which round begins: 2 is the first time back. */
      iteration: number;
      /** By place: the visit that each repeated step has now. */
      visits: Record<string, number>;
      /** Edges that left the loop in the round that ends: they stay taken. */
      exits?: string[];
      /** Loop edges inside, whose rounds are counted anew. */
      restarts?: string[];
      /** Edges inside that left an inner loop in the round that ends: they are open again. */
      forgets?: string[];
    }
  /** The step waits, and a rule says how long that may last. */
  | { type: 'wait_limited'; step: StepKey; dueAt: number; rule: string }
  /** Nobody decided in time: the item goes to the next owner. */
  | { type: 'task_escalated'; step: StepKey; taskId: string; rung: number; owner: string; dueAt?: number }
  | {
      type: 'escalation_decided';
      step: StepKey;
      taskId: string;
      answer: TaskAnswer;
      by: Actor;
      verified?: boolean;
      reason?: string;
      value?: unknown;
    }
  /** The system it depends on does not answer; it waits without using a retry. */
  | { type: 'dependency_waited'; step: StepKey; dependency: string; until: number }
  | { type: 'dependency_resumed'; step: StepKey; dependency: string }
  /** 80 % of a limit is used; once for each limit, and again when it was raised. */
  | ({ type: 'budget_warning'; step: StepKey } & Omit<Limit, 'step'>)
  | { type: 'step_confirmed'; step: StepKey; ports: string[] }
  | { type: 'step_skipped'; step: StepKey }
  /** The step ended without a result; `ports` is `['failed']` or `['rejected']` when a path handles it, else empty. */
  | {
      type: 'step_failed';
      step: StepKey;
      error: StepError;
      ports: string[];
      /** An escalation rule took the path from `failed`, whatever errors its edges name. */
      byRule?: boolean;
      /** It ends only its item of a map. */
      tolerated?: true;
    }
  /** Running effects are settled first; then the run ends as failed with the reason `cancelled`. */
  | {
      type: 'cancel_requested';
      by: Actor;
      reason?: string;
      /** What was done is undone once the running effects are settled. */
      rollback?: boolean;
    }
  /** Nothing new begins and no timer fires until somebody lets it go on; what is under way ends. */
  | { type: 'run_paused'; by: Actor; reason?: string }
  | { type: 'run_resumed'; by: Actor; reason?: string }
  /** Tried again from this step: what ended without a result, and was ended because of it, may begin again. */
  | { type: 'run_reopened'; step: StepKey; by: Actor; reason?: string }
  /** A person gave the step's result; the step itself is not run. */
  | {
      type: 'step_supplied';
      step: StepKey;
      output: unknown;
      ports: string[];
      by: Actor;
      verified: boolean;
      reason?: string;
    }
  /** From here on the run undoes what it changed, in the reverse order of confirmation. */
  | { type: 'rollback_started'; by: Actor; reason?: string }
  | { type: 'run_rolled_back' }
  /** What these steps changed is undone while the rest of the run goes on; a run that had ended goes on with it. */
  | {
      type: 'undo_ordered';
      id: string;
      steps: StepKey[];
      because: UndoCause;
      by: Actor;
      reason?: string;
      /** The join that goes on without these steps. */
      join?: StepKey;
      then: UndoThen;
    }
  /** Everything of this order that can be undone was; `kept` is what stays. */
  | { type: 'undo_finished'; id: string; kept: KeptEffect[] }
  /** These steps count as not reached; what they did stays in the history. A run that had ended goes on. */
  | {
      type: 'steps_reset';
      steps: StepKey[];
      because: UndoCause | 'retry';
      by: Actor;
      reason?: string;
      /** `$review` of the named step when it runs again. */
      review?: { step: StepKey; comment: string };
      /** Places of loop edges and of edges that left a loop: what was counted and kept open there begins anew. */
      forgets?: string[];
    }
  | { type: 'run_confirmed' }
  | { type: 'run_completed'; output: unknown }
  | { type: 'run_failed'; reason: string; openEffects: number; by?: Actor; step?: StepKey };

interface Spent {
  costMicros?: number;
  usage?: Usage;
  /** Facts for the inspector: model, status code, address. Never secrets. */
  details?: Record<string, unknown>;
}

export interface EventEnvelope {
  runId: string;
  /** 1, 2, 3 … without gaps inside a run. */
  seq: number;
  at: number;
  /** True while the event may wait in the run's buffer: the end of an unmarked pure or reading step. */
  lazy?: boolean;
}

export type RunEvent = EventEnvelope & RunEventBody;
export type RunEventType = RunEvent['type'];
