/**
 * RunState: what the fold of a run's events knows. Plain JSON, so that it can be sent as a snapshot and folded on.
 * The seven words are derived here and nowhere else (product document, "The seven words").
 */
import type { EffectClass } from '../steps/effect.ts';
import type { EscalationTrigger } from '../workflow/document.ts';
import type { ErrorClass, StepError } from './errors.ts';
import type {
  Actor,
  BasedOn,
  CallPlace,
  GateCause,
  KeptEffect,
  ReadVersion,
  Origin,
  StepKey,
  TaskAnswer,
  UndoCause,
  UndoThen,
  Usage,
} from './events.ts';
import { stepsPutAside } from './aside.ts';
import { scopeOfKey, undoneBy } from './keys.ts';
import type { Limit } from './limits.ts';
import type { RunMetrics } from './metrics.ts';
import type { Estimate, Spend } from './spend.ts';

export const stateWords = [
  'started',
  'waiting',
  'confirmed',
  'failed',
  'escalated',
  'rolled_back',
  'complete',
] as const;
export type StateWord = (typeof stateWords)[number];

/** One line of a state record. */
export interface Transition {
  word: StateWord;
  at: number;
  /** Why, in a machine word: `retry`, `review`, `rejected`, `cancelled`, an error class … */
  reason?: string;
  by?: Actor;
}

export interface Attempt {
  attempt: number;
  startedAt: number;
  endedAt?: number;
  outcome?: 'succeeded' | 'failed' | 'abandoned';
  error?: StepError;
  costMicros: number;
  usage?: Usage;
  details?: Record<string, unknown>;
  repeated?: boolean;
  /** Held for this attempt: it is in flight, or nobody knows what it cost. */
  reserved?: Estimate;
  /** The system it depended on. */
  dependency?: string;
  callDigest?: string;
  /** No call was made: this one's result was served again. */
  reusedFrom?: CallPlace;
}

/**
 * `ready` covers every moment in which the step may begin (again) as soon as its inputs are prepared; `pending` is a
 * step that was reached and put back.
 */
export type StepStatus =
  | 'pending'
  | 'ready'
  | 'running'
  /** A map whose items are under way. */
  | 'open'
  | 'timer'
  | 'retry'
  | 'signal'
  | 'dependency'
  | 'child'
  | 'review'
  | 'succeeded'
  | 'confirmed'
  | 'skipped'
  | 'failed'
  | 'rolled_back'
  | 'escalated';

export interface StepState {
  key: StepKey;
  status: StepStatus;
  /** Absent for positions that are no word: pending and skipped. */
  word?: StateWord;
  record: Transition[];
  attempts: Attempt[];
  /** Config with values, of the latest attempt. */
  config?: Record<string, unknown>;
  output?: unknown;
  /** Which version of what it read the output is. */
  version?: ReadVersion;
  /** Set once the step ended: the ports its outgoing edges are taken from. */
  ports: string[];
  error?: StepError;
  /** It failed and a rule chose its fallback path: every edge from `failed` is taken. */
  byRule?: boolean;
  /** It failed, and that ends only its item of a map. */
  tolerated?: true;
  /** Confirmed, but not yet durable: "done, not saved yet". */
  provisional: boolean;
  /** Next due time of a timer, a retry or the waiting for a signal. */
  dueAt?: number;
  /** The run that does the work of this step, and how it is. */
  child?: { runId: string; version: string; undo?: true; word: 'started' | 'waiting' | 'escalated'; reason?: string };
  /** Name of the signal it waits for. */
  awaits?: string;
  /** Set while the system it depends on does not answer. */
  waitsFor?: { dependency: string; since: number };
  /** Set while the step waits and a rule limits that; `taskId` once the limit was reached. */
  watch?: { dueAt: number; rule: string; taskId?: string };
  /** Retries used, by index of the retrier. */
  retries: number[];
  firstStartedAt?: number;
  /** The host's awake time when the counting towards the total timeout began; absent while a review stops it. */
  awakeSince?: number;
  /** Awake milliseconds counted towards the total timeout before `awakeSince`. */
  awakeSpentMs?: number;
  /** The latest heartbeat of this or an earlier attempt: the next one may go on from it. */
  heartbeat?: unknown;
  generation: number;
  sendBacks: number;
  /** Set by an approved gate before the step: the config that was seen (or edited) and nothing else may run. */
  approved?: Record<string, unknown>;
  /** `$review` for the next attempt after a send back. */
  review?: { comment: string; by: Actor };
  /** The output is not what the step found but what this person gave for it. */
  supplied?: { by: Actor; verified: boolean; reason?: string };
  /** It did not run here: its result is the one it had in this other run. */
  copied?: { runId: string; step: StepKey; decidedBy?: Actor[] };
}

/** The effect ledger's states. `settled_*` are the answers of a person to an effect in doubt. */
export type EffectStatus = 'intended' | 'confirmed' | 'partly_applied' | 'failed' | 'in_doubt' | 'rolled_back';

/** The target did it, or a part of it, and it was not undone: what a compensation is for. */
export function isDone({ status }: Pick<EffectState, 'status'>): boolean {
  return status === 'confirmed' || status === 'partly_applied';
}

export interface EffectState {
  key: string;
  step: StepKey;
  ordinal: number;
  generation: number;
  class: EffectClass;
  target: string;
  requestDigest: string;
  request: unknown;
  response?: unknown;
  /** What came of it, kept here once its step was sent back: the step's own output is then that of a later change. */
  output?: unknown;
  status: EffectStatus;
  undoes?: string;
  /** What was read for it, at which version. */
  basedOn?: BasedOn[];
  error?: StepError;
  /** Attempts that announced this effect: more than one means it was repeated under the same key. */
  attempts: number;
  /** It was repeated while nobody knew how an earlier attempt ended: a later "no" says nothing about that one. */
  mayHaveHappened?: true;
  intendedAt: number;
  settledAt?: number;
  /** Sequence number of the answer: rollback undoes in the reverse of this order. */
  settledSeq?: number;
  settledBy?: Actor;
}

export type TaskKind = 'review' | 'escalation' | 'in_doubt';

export interface TaskState {
  taskId: string;
  kind: TaskKind;
  step: StepKey;
  owner: string;
  openedAt: number;
  dueAt?: number;
  allow: TaskAnswer[];
  gate?: 'before' | 'after';
  /** Id of the earlier step that sending back leads to; absent means the step itself. */
  backTo?: string;
  causes?: GateCause[];
  shown?: unknown;
  digest?: string;
  on?: EscalationTrigger;
  message?: string;
  effectKey?: string;
  pausesRun?: boolean;
  /** JSON Pointer of the escalation rule, in the workflow. */
  place?: string;
  /** The step only waits too long, and goes on waiting. */
  isWait?: boolean;
  /** JSON Pointer of the limit that was reached, in the workflow. */
  rule?: string;
  /** The limit as it was reached. */
  limit?: Limit;
  /** The error that nothing retries or handles. */
  cause?: ErrorClass;
  /** Id of the loop edge that may go round once more when the answer is `retry`. */
  loop?: string;
  /** The effect that would be done a second time, and the key that would have. */
  duplicate?: { of: string; as: string };
  /** How often nobody decided in time; absent while the first owner has it. */
  rung?: number;
  /** So many people must approve; absent means one. */
  quorum?: number;
  /** Who must not answer. */
  notBy?: string[];
  /** Approvals of what is shown now, while more are needed. */
  approvals?: { by: Actor; at: number; verified: boolean; reason?: string }[];
  decision?: { answer: TaskAnswer; by: Actor; at: number; reason?: string; value?: unknown; verified?: boolean };
  /** The run ended before anybody decided. */
  closedAt?: number;
}

export interface UndoOrder {
  id: string;
  because: UndoCause;
  /** None of these begins before the order has ended. */
  steps: StepKey[];
  by: Actor;
  reason?: string;
  /** The join that goes on without these steps. */
  join?: StepKey;
  then: UndoThen;
  orderedAt: number;
  finishedAt?: number;
  kept?: KeptEffect[];
}

export interface LoopState {
  /** How often the body has run since the loop was entered, the round under way included. */
  iteration: number;
  /** Rounds beyond the limit that people allowed. */
  extra?: number;
}

/** A map that was opened: kept after it closed, for what still refers to its items. */
export interface MapState {
  items: unknown[];
  /** Failures that end only their item. */
  tolerated: number;
  /** Indices of the items under way. */
  running: number[];
  /** Index of the next item to begin. */
  next: number;
  /** In the order of the items; `null` while there is none, and for an item that failed. */
  results: unknown[];
  failed: { index: number; error: StepError }[];
  /** By index: the steps of items that ended, with the maps inside them. */
  ended: ({ steps: Record<StepKey, StepState>; maps?: Record<StepKey, MapState> } | null)[];
  /** No further item begins: the map fails with this once the items under way have ended. */
  stopped?: { index: number; error: StepError };
}

/** Statuses in which a step waits for something that is not a person's escalation. */
export type WaitingReason = Extract<StepStatus, 'review' | 'signal' | 'child' | 'timer' | 'retry' | 'dependency'>;

/** What somebody outside said to the run. */
export interface SignalState {
  id: string;
  name: string;
  data: unknown;
  by: Actor;
  at: number;
  /** The step whose waiting it ended. */
  usedBy?: StepKey;
}

export interface RunState {
  runId: string;
  workflowId: string;
  workflowName: string;
  version: string;
  owner: string;
  input: unknown;
  env: Record<string, unknown>;
  key?: string;
  /** Who started it: `person:…`, `cli`, `schedule`. */
  startedBy?: Actor;
  /** The run that this one was forked from, and the checkpoint it goes on from. */
  forkOf?: Origin;
  startedAt: number;
  endedAt?: number;
  word: StateWord;
  /** Why the run has this word: `timer`, `review`, `cancelled`, `rejected`, an error class. */
  reason?: string;
  record: Transition[];
  /** Steps with an attempt in progress. */
  active: number;
  steps: Record<StepKey, StepState>;
  /** By place (`decide`, `each[3]/decide`): the visit a loop brought it to. Absent places are in their first. */
  visits?: Record<string, number>;
  /** By place of a loop edge (its id, in an item `each[3]/again`): the rounds since its loop was entered. */
  loops?: Record<string, LoopState>;
  /** Places of edges that left a loop in an earlier round: they stay taken. */
  exits?: Record<string, true>;
  /** By key of the container step. */
  maps?: Record<StepKey, MapState>;
  /** How often any loop of the run went back. */
  iterations?: number;
  effects: Record<string, EffectState>;
  tasks: Record<string, TaskState>;
  /** The step of another run whose work this run does. */
  parent?: { runId: string; step: StepKey };
  /** Versions of the workflows inside this one that are named without a version, by id. */
  pins?: Record<string, string>;
  /** In the order they came; absent before the first. */
  signals?: SignalState[];
  costMicros: number;
  usage: Usage;
  /** Held by calls in flight and by calls whose cost nobody knows; absent when nothing is. */
  reserved?: Estimate;
  /** This run's share of its workflow's days and months. */
  spend?: Spend;
  /** Limits as persons raised them for this run, by JSON Pointer. */
  raised?: Record<string, number>;
  /** The highest limit that was warned about, by JSON Pointer. */
  warned?: Record<string, number>;
  /** Attempts beyond the first of their step, all steps together. */
  retriesUsed: number;
  /** Attempts whose work had to be done again after a crash. */
  repeated: number;
  output?: unknown;
  /** Somebody asked to cancel; running effects are being settled. */
  cancelling?: { by: Actor; reason?: string; rollback?: boolean };
  /** Somebody paused the run: nothing new begins. */
  paused?: { by: Actor; at: number; reason?: string };
  /** Set while the run undoes what it changed, and kept afterwards. */
  rollback?: { by: Actor; reason?: string };
  /** Changes that are or were undone while the run went on, by the order's id. */
  undoOrders?: Record<string, UndoOrder>;
  /** Set when the run ended. */
  end?: 'complete' | 'failed' | 'rolled_back';
  openEffects: number;
  allConfirmed: boolean;
  /** How well the run recovers; not a part of what it is. */
  metrics: RunMetrics;
  lastSeq: number;
  /** Every event up to this one is on disk. */
  savedSeq: number;
}

/**
 * The step's state, if it was reached, also of an item that has ended. Ids are the analyst's words: `constructor` is one,
 * so what is found must also carry that key. (One look instead of two: this is asked for every step of a run in every turn.)
 */
export function stepOf(state: Pick<RunState, 'steps' | 'maps'>, key: StepKey): StepState | undefined {
  const found = state.steps[key] ?? (state.maps && stepsPutAside(state, scopeOfKey(key))?.[key]);
  return found?.key === key ? found : undefined;
}

/** It began at least once, or was left out, and was not put back since. */
export function isReached(state: Pick<RunState, 'steps' | 'maps'>, key: StepKey): boolean {
  const step = stepOf(state, key);
  return step !== undefined && step.status !== 'pending';
}

export function taskOf(state: Pick<RunState, 'tasks'>, taskId: string): TaskState | undefined {
  const found = state.tasks[taskId];
  return found?.taskId === taskId ? found : undefined;
}

export function effectOfKey(state: Pick<RunState, 'effects'>, key: string): EffectState | undefined {
  const found = state.effects[key];
  return found?.key === key ? found : undefined;
}

/** The change that this compensation undoes: the one it was announced for, else the last one its step made. */
export function changeToUndo(state: Pick<RunState, 'effects'>, key: StepKey): EffectState | undefined {
  const effects = Object.values(state.effects);
  const announced = effects.findLast((effect) => effect.step === key)?.undoes;
  const undone = undoneBy(key);
  const changes = effects.filter((effect) => effect.step === undone && isDone(effect));
  return changes.find((effect) => effect.key === announced) ?? changes[changes.length - 1];
}

/** Nobody decided it yet, and the run has not gone on without it. */
export function isOpen(task: Pick<TaskState, 'decision' | 'closedAt'>): boolean {
  return task.decision === undefined && task.closedAt === undefined;
}

export function orderOf(state: Pick<RunState, 'undoOrders'>, id: string): UndoOrder | undefined {
  return state.undoOrders && Object.hasOwn(state.undoOrders, id) ? state.undoOrders[id] : undefined;
}

export function activeOrders(state: Pick<RunState, 'undoOrders'>): UndoOrder[] {
  return Object.values(state.undoOrders ?? {}).filter((order) => order.finishedAt === undefined);
}

/** Steps that wait for what is undone: they may bring an announced effect to an answer, and nothing else. */
export function heldSteps(state: Pick<RunState, 'undoOrders'>): ReadonlySet<StepKey> {
  return new Set(activeOrders(state).flatMap((order) => order.steps));
}
