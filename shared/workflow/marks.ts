/**
 * What a mark means at first when the analyst switches it on: a careful default that fits the step's effect class.
 */
import { changesTheWorld, type EffectClass } from '../steps/effect.ts';
import type { Gate, Retry, Step } from './document.ts';

export type Mark = 'retry' | 'checkpoint' | 'gates';

/** An effect that happens once may be tried again only when its request never left. */
export function defaultRetry(effect: EffectClass): Retry {
  return {
    retriers: [
      {
        errors: [effect === 'once' ? 'not_sent' : '*'],
        intervalMs: 500,
        backoffRate: 2,
        maxDelayMs: 10_000,
        maxRetries: 4,
        jitter: 'full',
      },
    ],
  };
}

/** What changes another system is reviewed before it does so; everything else is reviewed by its result. */
export function defaultGates(effect: EffectClass, owner: string): NonNullable<Step['gates']> {
  const gate: Gate = { when: 'always', owner };
  return changesTheWorld(effect) ? { before: gate } : { after: gate };
}
