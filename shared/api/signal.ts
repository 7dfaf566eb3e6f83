/**
 * The part of AbortSignal that this code relies on, so that shared code needs neither DOM nor Node types.
 * A real AbortSignal satisfies it.
 */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
