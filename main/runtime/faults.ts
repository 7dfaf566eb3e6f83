/**
 * Named points at which the world may stop. The list is closed and typed: the crash tests and the Fault Lab break a
 * run at exactly these, and production code calls `hit` at them with a hook that does nothing.
 */
export const faultPoints = [
  /** A command was taken from the mailbox; nothing is decided. */
  'before_decide',
  /** Events are decided and expressions evaluated; nothing is on disk. */
  'before_commit',
  /** The transaction is durable; nobody was told and nothing was called. */
  'after_commit',
  /** Subscribers were told; the attempts that the transaction started are not dispatched yet. */
  'before_dispatch',
  /** An attempt is about to call; its intent is durable when it has an effect. */
  'before_call',
  /** The call came back; its outcome is only in memory. */
  'after_call',
  /** The outcome is in the mailbox, with its checks evaluated; not decided. */
  'before_outcome',
] as const;
export type FaultPoint = (typeof faultPoints)[number];

export interface FaultPlace {
  runId: string;
  /** The step an attempt belongs to; absent at points of the whole run. */
  step?: string;
  /** Types of the events of the transaction, at `before_commit`, `after_commit` and `before_dispatch`. */
  events?: string[];
}

export interface Faults {
  hit(point: FaultPoint, place: FaultPlace): void;
}

export const noFaults: Faults = { hit: () => undefined };
