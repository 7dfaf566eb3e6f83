/**
 * The store port: everything the runtime and the application need from a database, and nothing that names SQLite.
 * Asynchronous from day one, so that the writer may move into a worker thread without any caller knowing.
 * The journal, the workflow versions and the effect ledger are the truth; every other table is a projection of them.
 */
import type { RunSummary, InboxItem, LedgerRow, WorkflowDraft, WorkflowSummary } from '../../shared/api/contract.ts';
import type { DependencyState } from '../../shared/run/dependency.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import type { RunMetrics } from '../../shared/run/metrics.ts';
import type { SpendTotal } from '../../shared/run/spend.ts';
import type { RunState } from '../../shared/run/state.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';

/** What one run adds in one transaction. `state` is the fold after `events`; projections are written from it. */
export interface RunAppend {
  runId: string;
  events: RunEvent[];
  state: RunState;
  /** Ids of the outside commands these events answer; a second one with the same id must not act again. */
  commandIds: string[];
  /** What these events, or earlier ones that were not written yet, said of systems that steps depend on. */
  dependencies?: DependencyState[];
}

export interface RunQuery {
  workflowId?: string;
  /** Only runs that have not ended. */
  unfinished?: boolean;
  limit?: number;
}

/** Runs that started in `[from, to)`, newest first; `before` goes on where the last page ended. */
export interface MetricsQuery {
  workflowId?: string;
  from?: number;
  to?: number;
  before?: { startedAt: number; runId: string };
  limit: number;
}

export interface MeasuredRunRow extends RunSummary {
  metrics: RunMetrics;
}

/** An unfinished run that does not only wait for a person. */
export interface RunWake {
  runId: string;
  /** Epoch milliseconds of its next timer; 0 when it was on its way. */
  wakeAt: number;
}

export interface DoctorFinding {
  check: 'integrity' | 'pragmas' | 'foreign_keys' | 'journal' | 'projections';
  ok: boolean;
  message: string;
}

export interface ReadStore {
  events(runId: string, after?: number): Promise<RunEvent[]>;
  runs(query: RunQuery): Promise<RunSummary[]>;
  run(runId: string): Promise<RunSummary | undefined>;
  runByKey(key: string): Promise<string | undefined>;
  metrics(query: MetricsQuery): Promise<MeasuredRunRow[]>;
  /** What a start has to look at, now or later, the earliest first. */
  wakes(): Promise<RunWake[]>;
  tasks(query: { state?: 'open' | 'done' | 'all'; runId?: string; taskId?: string }): Promise<InboxItem[]>;
  ledger(query: { runId?: string }): Promise<LedgerRow[]>;
  commandSeen(commandId: string): Promise<boolean>;
  version(digest: string): Promise<WorkflowDocument | undefined>;
  drafts(): Promise<WorkflowSummary[]>;
  draft(id: string): Promise<WorkflowDraft | undefined>;
  setting(name: string): Promise<unknown>;
  /** What all runs of each workflow spent per day and month, from this period (`2026-11`) on. */
  spendTotals(since: string): Promise<SpendTotal[]>;
  dependencies(): Promise<DependencyState[]>;
  /** Unfinished runs that wait for systems, and for which. */
  waitingRuns(): Promise<{ runId: string; waitsFor: string[] }[]>;
}

export interface WriteStore {
  /** All appends in ONE transaction with one fsync; resolves when it is durable. Refuses a gap or a repeat in `seq`. */
  append(batch: RunAppend[]): Promise<void>;
  saveVersion(version: {
    digest: string;
    workflowId: string;
    document: WorkflowDocument;
    createdAt: number;
  }): Promise<void>;
  /** `revision` is the one the caller saw (0 for a new draft); resolves to undefined when another one is stored. */
  saveDraft(draft: {
    id: string;
    revision: number;
    document: WorkflowDocument;
    now: number;
  }): Promise<WorkflowDraft | undefined>;
  deleteDraft(id: string): Promise<void>;
  saveSetting(name: string, value: unknown): Promise<void>;
  /** What a person changed; a state that is older than the stored one changes nothing. */
  saveDependency(state: DependencyState): Promise<void>;
}

export interface Store extends ReadStore, WriteStore {
  /** SQLite's version and the pragmas as read back after the first write. */
  facts(): { sqliteVersion: string; driver: string; path: string; pragmas: Record<string, string | number> };
  doctor(options: { rebuild?: boolean; backup?: string }): Promise<DoctorFinding[]>;
  close(): Promise<void>;
}

/** A refusal of a data folder or file, in one sentence: in use, corrupt, read-only, from the future. */
export class StoreError extends Error {
  readonly reason: 'corrupt' | 'read_only' | 'from_the_future' | 'too_old' | 'in_use' | 'full' | 'unreadable';
  constructor(reason: StoreError['reason'], message: string) {
    super(message);
    this.name = 'StoreError';
    this.reason = reason;
  }
}

/** The synchronous driver surface that better-sqlite3 and libsql share: the part we use. */
export interface SqlStatement {
  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint };
  get(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown[];
}
export interface SqlDatabase {
  prepare(sql: string): SqlStatement;
  exec(sql: string): unknown;
  close(): unknown;
}
/** A driver and its floor: SQLite older than `minimumVersion` is refused. */
export interface SqlDriver {
  name: string;
  minimumVersion: string;
  open(path: string): SqlDatabase;
}
