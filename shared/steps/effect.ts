/**
 * Effect classes: what may be done again after a crash or a lost answer.
 * Source of the rule: the effect protocol (README, "The promise"). Ordered from harmless to irreversible.
 */
export const effectClasses = ['pure', 'read', 'idempotent', 'probeable', 'once'] as const;
export type EffectClass = (typeof effectClasses)[number];

/** The analyst's words for each class. */
export const effectWords: Record<EffectClass, string> = {
  pure: 'Calculates',
  read: 'Only reads',
  idempotent: 'Safe to repeat',
  probeable: 'Can be checked',
  once: 'Happens once',
};

/** True for classes that change another system: these need an intent in the ledger before the call. */
export function changesTheWorld(effect: EffectClass): boolean {
  return effect !== 'pure' && effect !== 'read';
}
