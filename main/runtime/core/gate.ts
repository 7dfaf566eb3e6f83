/**
 * When a review gate asks. Missing, non-numeric or NaN confidence counts as 0, and an expression without a clear
 * `false` counts as true: a gate that cannot tell asks (fail closed).
 */
import type { GateCause } from '../../../shared/run/events.ts';
import type { EffectClass } from '../../../shared/steps/effect.ts';
import type { Gate, GateCondition } from '../../../shared/workflow/document.ts';
import type { GateValues } from './commands.ts';

export interface GateFacts {
  values: GateValues;
  /** Cost of the run so far, in micro-units. */
  costMicros: number;
  effect: EffectClass;
}

/** Empty when the gate lets the step pass without asking. */
export function gateCauses(gate: Gate, facts: GateFacts): GateCause[] {
  if (gate.when === 'always') return [{ condition: 'always' }];
  return gate.when.any.flatMap((condition, index) => causeOf(condition, facts, facts.values.expressions[index]) ?? []);
}

function causeOf(condition: GateCondition, facts: GateFacts, value: unknown): GateCause | undefined {
  if ('confidenceBelow' in condition) {
    const measured = confidenceOf(facts.values.confidence);
    const limit = condition.confidenceBelow;
    return measured < limit ? { condition: 'confidence', measured, limit } : undefined;
  }
  if ('costAboveMicros' in condition) {
    const limit = condition.costAboveMicros;
    return facts.costMicros > limit ? { condition: 'cost', measured: facts.costMicros, limit } : undefined;
  }
  if ('effectIn' in condition) {
    return condition.effectIn.includes(facts.effect)
      ? { condition: 'effect', measured: facts.effect, limit: condition.effectIn }
      : undefined;
  }
  return value === false
    ? undefined
    : { condition: 'expression', measured: value ?? null, limit: condition.expression };
}

export function confidenceOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
