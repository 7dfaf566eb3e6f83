/**
 * The contract between the one application and its hosts: every endpoint with its mode, input and output.
 * `query` answers once and changes nothing, `command` changes something once (its `commandId` deduplicates),
 * `watch` sends a value now and again after every change until it is cancelled. JSON only.
 * Inputs are parsed here at the border; outputs are typed.
 */
import './interpretive.ts';
import * as z from 'zod';
import { taskAnswers } from '../run/events.ts';
import type { DependencyState, DependencyWord } from '../run/dependency.ts';
import type { RunEvent } from '../run/events.ts';
import type { ForkPlan } from '../run/fork-plan.ts';
import type { Limit } from '../run/limits.ts';
import type { MetricsSummary } from '../run/metrics-summary.ts';
import type { RollbackPlan } from '../run/rollback-plan.ts';
import type { EffectState, RunState, StateWord, TaskState } from '../run/state.ts';
import type { StepManifest } from '../steps/manifest.ts';
import type { Signal } from './signal.ts';
import type { WorkflowDocument } from '../workflow/document.ts';
import type { Problem } from '../workflow/problem.ts';
import type { Touch } from '../workflow/touches.ts';

export type Mode = 'query' | 'command' | 'watch';

export interface Endpoint<M extends Mode = Mode, S extends z.ZodType = z.ZodType, O = unknown> {
  mode: M;
  input: S;
  /** Type only: never present at run time. */
  output?: O;
}

function query<O>() {
  return <S extends z.ZodType>(input: S): Endpoint<'query', S, O> => ({ mode: 'query', input });
}
function command<O>() {
  return <S extends z.ZodType>(input: S): Endpoint<'command', S, O> => ({ mode: 'command', input });
}
function watch<O>() {
  return <S extends z.ZodType>(input: S): Endpoint<'watch', S, O> => ({ mode: 'watch', input });
}

const none = z.strictObject({});
const id = z.string().min(1).max(200);
const commandId = z.string().min(8).max(100);
const document = z.unknown();
const actor = z.string().min(1).max(100);
/** Proves that the actor is this person; never stored, never sent back. */
const pin = z.string().min(1).max(100);

export interface AppInfo {
  version: string;
  host: 'electron' | 'loopback' | 'terminal';
  dataDir: string;
  sqliteVersion: string;
}

export interface WorkflowSummary {
  id: string;
  name: string;
  description?: string;
  revision: number;
  updatedAt: number;
  steps: number;
  runs: number;
  lastRun?: { runId: string; word: StateWord; startedAt: number };
}

export interface WorkflowDraft {
  id: string;
  revision: number;
  updatedAt: number;
  document: WorkflowDocument;
}

export interface SampleSummary {
  id: string;
  name: string;
  description: string;
  steps: number;
  kinds: string[];
}

export interface RunSummary {
  runId: string;
  workflowId: string;
  workflowName: string;
  version: string;
  word: StateWord;
  reason?: string;
  active: number;
  startedAt: number;
  updatedAt: number;
  endedAt?: number;
  costMicros: number;
  openTasks: number;
  openEffects: number;
  /** Systems that do not answer and that steps of this run wait for. */
  waitsFor?: string[];
  /** The step of another run whose work it does. */
  parent?: { runId: string; step: string };
}

/** A system that steps depend on, and whether it answers. */
export interface DependencyView extends DependencyState {
  word: DependencyWord;
  /** Unfinished runs with a step that waits for it. */
  waiting: number;
}

export interface InboxItem extends TaskState {
  runId: string;
  workflowId: string;
  workflowName: string;
  /** The step's label. */
  label: string;
  costMicros: number;
}

/** Everything the decision card shows. */
export interface InboxCard extends InboxItem {
  input: unknown;
  stepInput: unknown;
  stepOutput: unknown;
  details?: Record<string, unknown>;
  /** Effects that will fire next if this is approved, in words and target; `maybe` when a branch decides whether. */
  next: { step: string; label: string; effect: string; target: string; undo?: string; maybe?: boolean }[];
  history: { at: number; text: string }[];
}

export interface LedgerRow extends EffectState {
  runId: string;
  workflowName: string;
  label: string;
}

/** Recovery quality of the runs that started in `[from, to)`. */
export interface MetricsReport {
  /** As asked, else the start of the first run; null when there is none. */
  from: number | null;
  /** As asked, else now. */
  to: number;
  all: MetricsSummary;
  /** The one that ran last comes first; names are those of the latest run. */
  workflows: (MetricsSummary & { workflowId: string; workflowName: string })[];
}

export interface SandboxEntry {
  at: number;
  system: string;
  action: string;
  resource: string;
  key?: string;
  request?: unknown;
  result?: unknown;
}

/** What `runs.watch` sends: first the whole state with its document, then events to fold with `evolve`. */
export type RunUpdate =
  | { type: 'snapshot'; state: RunState; events: RunEvent[]; document: WorkflowDocument }
  | { type: 'events'; events: RunEvent[] };

/** A person with a PIN; the PIN itself is never told. */
export interface PersonSummary {
  /** `person:ada`. */
  who: string;
  roles: string[];
  /** Epoch milliseconds. */
  setAt: number;
}

export interface WorkspaceSettings {
  /** Who decides on this machine: `person:…` or `role:…`. */
  actingAs: string;
  currency: string;
  colorScheme: 'auto' | 'light' | 'dark';
}

export interface DoctorFinding {
  check: 'integrity' | 'pragmas' | 'foreign_keys' | 'journal' | 'projections';
  ok: boolean;
  message: string;
}

const forked = { runId: id, step: id, draft: z.boolean().optional() };
const forking = {
  /** Instead of the input of that run. */
  input: z.unknown().optional(),
  by: actor,
  reason: z.string().max(2000).optional(),
  accepts: z.array(id).max(100_000).optional(),
};

export const contract = {
  'app.info': query<AppInfo>()(none),
  /** Checks the data folder; `rebuild` refolds the projections, `backup` writes a verified copy to that file. */
  'app.doctor': command<DoctorFinding[]>()(
    z.strictObject({ commandId, rebuild: z.boolean().optional(), backup: z.string().min(1).max(4000).optional() }),
  ),
  'steps.list': query<StepManifest[]>()(none),
  'samples.list': query<SampleSummary[]>()(none),

  'workflows.list': watch<WorkflowSummary[]>()(none),
  'workflows.get': query<WorkflowDraft>()(z.strictObject({ id })),
  /** A new workflow: empty, from a sample, or from a document (import). A taken id gets a fresh one. */
  'workflows.create': command<WorkflowDraft>()(
    z.strictObject({
      commandId,
      name: z.string().min(1).max(200).optional(),
      sampleId: id.optional(),
      document: document.optional(),
    }),
  ),
  /** Saves the draft; refused with `conflict` when `revision` is not the stored one. */
  'workflows.save': command<{ revision: number; updatedAt: number }>()(
    z.strictObject({ commandId, id, revision: z.int().min(0), document }),
  ),
  'workflows.delete': command<null>()(z.strictObject({ commandId, id })),
  'workflows.export': query<{ fileName: string; text: string }>()(z.strictObject({ id })),
  /** What a run of the draft would touch beyond the Sandbox, and whether somebody allowed exactly that. */
  'workflows.touches': query<{ touches: Touch[]; digest: string; allowed: boolean }>()(z.strictObject({ id })),
  /** Allows what was shown; refused with `conflict` when the draft touches something else by now. */
  'workflows.allow': command<null>()(z.strictObject({ commandId, id, digest: z.string().min(1).max(128), by: actor })),
  'workflows.check': query<Problem[]>()(z.strictObject({ document })),

  'runs.list': watch<RunSummary[]>()(
    z.strictObject({
      workflowId: id.optional(),
      limit: z.int().min(1).max(100_000).optional(),
      /** Only runs that have not ended. */
      unfinished: z.boolean().optional(),
    }),
  ),
  /** Always begins with a whole snapshot, so a page that comes back needs nothing it had before. */
  'runs.watch': watch<RunUpdate>()(z.strictObject({ runId: id, after: z.int().min(0).optional() })),
  /**
   * Pins the workflow's draft as an immutable version and starts a run of it; refused at `/consent` when it touches
   * something that nobody allowed.
   */
  'runs.start': command<{ runId: string }>()(
    z.strictObject({
      commandId,
      workflowId: id,
      input: z.unknown().optional(),
      env: z.record(z.string(), z.unknown()).optional(),
      key: z.string().max(200).optional(),
      by: actor.optional(),
    }),
  ),
  /** Starts a run of a document as it is; it also becomes a draft when its id is free. For the terminal. */
  'runs.startDocument': command<{ runId: string; workflowId: string; existing: boolean }>()(
    z.strictObject({
      commandId,
      document,
      input: z.unknown().optional(),
      env: z.record(z.string(), z.unknown()).optional(),
      key: z.string().min(1).max(200).optional(),
      by: actor.optional(),
    }),
  ),
  /** Sends the run's state once, when it has ended or is parked. */
  'runs.settled': watch<RunState>()(z.strictObject({ runId: id, parkAfterMs: z.int().min(0).max(86_400_000) })),
  'runs.cancel': command<null>()(
    z.strictObject({ commandId, runId: id, by: actor, reason: z.string().max(2000).optional() }),
  ),

  /** Every limit that binds the run now, with what is used of it and held by calls in flight. */
  'runs.limits': query<Limit[]>()(z.strictObject({ runId: id })),
  /** Tells the run something by name; a step that waits for it goes on. The same `id` again is the same signal. */
  'runs.signal': command<null>()(
    z.strictObject({
      commandId,
      runId: id,
      name: z.string().min(1).max(100),
      data: z.unknown().optional(),
      id: id.optional(),
      by: actor,
    }),
  ),
  /** Nothing new begins and no timer fires until it is resumed; what is under way ends. */
  'runs.pause': command<null>()(
    z.strictObject({ commandId, runId: id, by: actor, reason: z.string().max(2000).optional() }),
  ),
  'runs.resume': command<null>()(
    z.strictObject({ commandId, runId: id, by: actor, reason: z.string().max(2000).optional() }),
  ),
  /** Tries again from a step that failed; a failed run is reopened. Nothing that succeeded runs again. */
  'runs.retry': command<null>()(
    z.strictObject({ commandId, runId: id, step: id, by: actor, reason: z.string().max(2000).optional() }),
  ),
  /** Gives the result of a step instead of running it. `ports`: the paths to go on along, by default `out`. */
  'runs.skip': command<null>()(
    z.strictObject({
      commandId,
      runId: id,
      step: id,
      by: actor,
      reason: z.string().max(2000).optional(),
      output: z.unknown(),
      ports: z.array(z.string().min(1).max(64)).min(1).max(20).optional(),
      pin: pin.optional(),
    }),
  ),

  /** What a rollback would do now, before anybody asks for it. */
  'runs.rollbackPlan': query<RollbackPlan>()(z.strictObject({ runId: id, to: id.optional() })),
  /**
   * Undoes what the run changed, the last change first; a run in progress is cancelled before. With `to`, the id of a
   * checkpointed step: undoes only what ran after it, and runs that again.
   */
  'runs.rollback': command<null>()(
    z.strictObject({
      commandId,
      runId: id,
      by: actor,
      reason: z.string().max(2000).optional(),
      to: id.optional(),
    }),
  ),

  /** What a fork would copy, and what of that run it may do again. `draft`: it goes on in the draft as it is now. */
  'runs.forkPlan': query<ForkPlan>()(z.strictObject({ ...forked, document: document.optional() })),
  /**
   * Starts a run that goes on from the checkpoint `step` of another one; that one is not touched. Refused at `/accepts`
   * when it may do again what is not named there (keys of effects), and at `/consent` like `runs.start`.
   */
  'runs.fork': command<{ runId: string }>()(z.strictObject({ commandId, ...forked, ...forking })),
  /** The same in a document as it is, if one is given, and for whoever saw what it touches. For the terminal. */
  'runs.forkDocument': command<{ runId: string }>()(
    z.strictObject({ commandId, ...forked, ...forking, document: document.optional() }),
  ),

  'inbox.list': watch<InboxItem[]>()(z.strictObject({ state: z.enum(['open', 'done', 'all']).optional() })),
  'inbox.get': query<InboxCard>()(z.strictObject({ taskId: id })),
  'inbox.decide': command<null>()(
    z.strictObject({
      commandId,
      taskId: id,
      answer: z.enum(taskAnswers),
      by: actor,
      reason: z.string().max(5000).optional(),
      value: z.unknown().optional(),
      /** Digest of what the person saw; refused when it is not what the task shows. */
      digest: z.string().max(128).optional(),
      /** With `skip`: the paths to go on along, by default `out`. */
      ports: z.array(z.string().min(1).max(64)).min(1).max(20).optional(),
      /** Without it the answer counts as unverified. */
      pin: pin.optional(),
    }),
  ),

  /** Systems that steps depend on, those that do not answer first. */
  'dependencies.list': watch<DependencyView[]>()(none),
  /** A person says that it answers again: what waits for it goes on at once. */
  'dependencies.reset': command<null>()(z.strictObject({ commandId, name: z.string().min(1).max(2_000), by: actor })),
  /** Who can be told apart by a PIN. */
  'people.list': query<PersonSummary[]>()(none),
  /** Sets a person's PIN; changing one needs the `current` one. `roles` are what `notBy` may keep out. */
  'people.setPin': command<null>()(
    z.strictObject({
      commandId,
      who: actor,
      pin: pin.min(4),
      current: pin.optional(),
      roles: z
        .array(
          z
            .string()
            .regex(/^role:\S.*$/)
            .max(100),
        )
        .max(50)
        .optional(),
    }),
  ),
  'people.remove': command<null>()(z.strictObject({ commandId, who: actor })),

  'ledger.list': watch<LedgerRow[]>()(z.strictObject({ runId: id.optional() })),
  /** Recovery quality over all runs that started in `[from, to)`, and per workflow. Unknown workflow: `not_found`. */
  'metrics.read': query<MetricsReport>()(
    z.strictObject({ workflowId: id.optional(), from: z.int().min(0).optional(), to: z.int().min(0).optional() }),
  ),
  /** Consent of this data folder to reach a private address; recorded with who gave it. */
  'hosts.allow': command<null>()(
    z.strictObject({ commandId, host: z.string().min(1).max(255), port: z.int().min(1).max(65_535), by: actor }),
  ),
  'sandbox.entries': query<SandboxEntry[]>()(none),
  'settings.get': query<WorkspaceSettings>()(none),
  'settings.set': command<WorkspaceSettings>()(
    z.strictObject({
      commandId,
      actingAs: z
        .string()
        .regex(/^(role|person):\S.*$/)
        .max(100)
        .optional(),
      colorScheme: z.enum(['auto', 'light', 'dark']).optional(),
    }),
  ),
} as const;

export type Contract = typeof contract;
export type EndpointName = keyof Contract;
export type InputOf<N extends EndpointName> = z.input<Contract[N]['input']>;
export type OutputOf<N extends EndpointName> = NonNullable<Contract[N]['output']> | NullOf<Contract[N]['output']>;
type NullOf<T> = null extends T ? null : never;
export type NamesOf<M extends Mode> = { [N in EndpointName]: Contract[N]['mode'] extends M ? N : never }[EndpointName];

/** The closed list of errors an endpoint may answer with. `where` is a place: a JSON Pointer, a file, a field. */
export const apiErrorCodes = [
  'bad_input',
  'not_found',
  'conflict',
  'refused',
  'too_large',
  'too_many',
  'timeout',
  'aborted',
  'closed',
  'internal',
] as const;
export type ApiErrorCode = (typeof apiErrorCodes)[number];

export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly where: string | undefined;
  constructor(code: ApiErrorCode, message: string, where?: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.where = where;
  }
}

/** What the application implements: one function per endpoint. A watch pushes values until the signal aborts. */
export type Handlers = {
  [N in EndpointName]: Contract[N]['mode'] extends 'watch'
    ? (
        input: z.output<Contract[N]['input']>,
        push: (value: OutputOf<N>) => void,
        signal: Signal,
      ) => Promise<void> | void
    : (input: z.output<Contract[N]['input']>, signal: Signal) => Promise<OutputOf<N>> | OutputOf<N>;
};

/** What a page, a terminal command or a test holds. */
export interface Client {
  call<N extends NamesOf<'query' | 'command'>>(
    name: N,
    input: InputOf<N>,
    options?: { signal?: Signal; timeoutMs?: number },
  ): Promise<OutputOf<N>>;
  /** Returns the function that ends the subscription. */
  watch<N extends NamesOf<'watch'>>(
    name: N,
    input: InputOf<N>,
    onValue: (value: OutputOf<N>) => void,
    onError?: (error: ApiError) => void,
  ): () => void;
  close(): void;
}
