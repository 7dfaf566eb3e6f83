/** What a fork would do: shown before anybody asks for it, and followed exactly. */
import type { StepKey } from './events.ts';
import type { EffectStatus } from './state.ts';

/** What the run that is forked did to another system, and the fork may do a second time. */
export interface RepeatedEffect {
  effectKey: string;
  step: StepKey;
  /** What was done: `POST sandbox://payments/refunds`. */
  target: string;
  /** `confirmed`, `partly_applied`, or one that nobody has an answer for. */
  status: EffectStatus;
  /** Epoch milliseconds of the answer; of the intent while there is none. */
  at: number;
}

export interface ForkPlan {
  /** Digest of the version that the fork is pinned to. */
  version: string;
  /** Steps that count as done with the results they have in that run, in the order it reached them. */
  copied: StepKey[];
  /** In the order in which they were announced. */
  again: RepeatedEffect[];
}
