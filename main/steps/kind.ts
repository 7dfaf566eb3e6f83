/**
 * What a step kind is to the runtime: a manifest and an `execute`. A kind reaches the world only through `ctx`;
 * it never sees the store, the run or another step.
 */
import type { BasedOn, ReadVersion } from '../../shared/run/events.ts';
import type { StepError } from '../../shared/run/errors.ts';
import type { EffectClass } from '../../shared/steps/effect.ts';
import type { AttemptOutcome } from '../runtime/core/commands.ts';
import type { Estimate } from '../../shared/run/spend.ts';
import type { StepManifest } from '../../shared/steps/manifest.ts';

export interface HttpRequest {
  method: string;
  /** May be `sandbox://system/path`: resolved at connect, the logical URL is what is recorded. */
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON unless it is a string. */
  body?: unknown;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  /** Parsed when the answer is JSON, else text. */
  body: unknown;
}

export interface StepLog {
  (level: 'debug' | 'info' | 'warn', message: string, data?: Record<string, unknown>): void;
}

/** The announced effect of an attempt. */
export interface TaskEffect {
  class: EffectClass;
  key?: string;
  generation: number;
  /** What was read for it: the change is made only while that has not changed. */
  basedOn?: readonly BasedOn[];
}

export interface StepContext {
  runId: string;
  step: string;
  attempt: number;
  /** Aborts on cancel, on the attempt timeout and when the host stops. */
  signal: AbortSignal;
  /**
   * Throws `StepFailure`; a refused connection or failed lookup is `not_sent`, decided here and never by the step.
   * `received` is told the bytes of the answer so far.
   */
  http(request: HttpRequest, received?: (bytes: number) => void): Promise<HttpResponse>;
  /**
   * "Still at work": restarts the heartbeat timeout. The payload, plain JSON of at most 8 kB, says how far it is; the
   * latest one is kept and given to the next attempt. Throws `StepFailure` when it is larger or no JSON.
   */
  heartbeat(payload?: unknown): void;
  /** The last payload of an earlier attempt, also when that one ended in a crash. */
  lastHeartbeat?: unknown;
  /** The announced effect of this attempt, for classes above `read`: send `key` to targets that honour it. */
  effect: TaskEffect;
  log: StepLog;
  now(): number;
}

/** How an attempt ends: a result, a failure, or sleep until `dueAt` – no process has to stay alive for that. */
export type Outcome = AttemptOutcome;

/** What the step is about to ask of the world, for the ledger, the gate card and the digest. */
export interface PlannedRequest {
  /** Logical, for people: `POST sandbox://payments/refunds`. */
  target: string;
  request: unknown;
}

export interface StepKind {
  manifest: StepManifest;
  /** Returns one sentence and the place when the resolved config cannot be executed. */
  validate(config: Record<string, unknown>): { message: string; pointer: string } | undefined;
  /** One sentence when a person's edit of the output does not have the shape this config promises. */
  checkOutput?(config: Record<string, unknown>, output: unknown): string | undefined;
  /** Required for kinds that can change the world. Pure: no clock, no network. */
  plan?(config: Record<string, unknown>): PlannedRequest;
  /** The system that an attempt depends on: scheme, host and port, or a connection. Pure. */
  dependency?(config: Record<string, unknown>): string | undefined;
  /** The most that one attempt may cost and use; absent for kinds that cost nothing. Pure. */
  estimate?(config: Record<string, unknown>): Estimate;
  /** The target itself will refuse the request when this version is no longer the current one. Pure. */
  makesCondition?(config: Record<string, unknown>, read: ReadVersion): boolean;
  execute(config: Record<string, unknown>, ctx: StepContext): Promise<Outcome>;
  /** The engine does its work; `execute` is never called and says so. */
  byEngine?: true;
}

/** What a step throws when it cannot go on; anything else that is thrown becomes class `code`. */
export class StepFailure extends Error {
  readonly error: StepError;
  readonly sent: boolean;
  /** What the target answered, when that is worth keeping although it failed: it did a part. */
  readonly response: unknown;
  constructor(error: StepError, sent: boolean, response?: unknown) {
    super(error.message);
    this.name = 'StepFailure';
    this.error = error;
    this.sent = sent;
    this.response = response;
  }
}
