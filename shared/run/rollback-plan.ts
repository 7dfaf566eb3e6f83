/** What a rollback would do: shown before anybody asks for it, and followed exactly when nothing fails. */
import type { StepKey } from './events.ts';

export interface PlannedUndo {
  effectKey: string;
  step: StepKey;
  /** What was done: `POST sandbox://payments/refunds`. */
  target: string;
  /** Label of the compensation. */
  undo: string;
}

export interface RollbackPlan {
  /** In the order in which they will be undone. */
  undo: PlannedUndo[];
  /** What stays, and why. */
  stays: { effectKey: string; step: StepKey; target: string; why: string }[];
  /** Going back to a checkpoint: the steps that run again. */
  again?: StepKey[];
}
