/**
 * What a model call costs, in integer micro-units. Prices change, so the table carries a version that is kept with every
 * call. Must never round a cost down: a budget counts what is spent.
 */
import type { Usage } from '../../../shared/run/events.ts';

export interface Price {
  /** Per million tokens. */
  inputMicros: number;
  outputMicros: number;
}

export const priceTable: { version: string; models: Readonly<Record<string, Price>> } = {
  version: '2026-11',
  models: { 'demo-1': { inputMicros: 150_000, outputMicros: 600_000 } },
};

/** The longest answer a model is let give; a call reserves as much. */
export const longestAnswerTokens = 4_096;

/** Undefined for a model without a price: an unknown cost is not zero. */
export function costMicrosOf(model: string, usage: Usage): number | undefined {
  const price = Object.hasOwn(priceTable.models, model) ? priceTable.models[model] : undefined;
  if (!price) return undefined;
  const millionths =
    BigInt(usage.inputTokens) * BigInt(price.inputMicros) + BigInt(usage.outputTokens) * BigInt(price.outputMicros);
  return Number((millionths + 999_999n) / 1_000_000n);
}
