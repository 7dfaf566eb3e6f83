/**
 * A review gate as the form shows it: when it asks, whom, until when, and which answers are allowed. Translates to and
 * from the document's gate and keeps what the form does not show.
 */
import {
  reviewAnswers,
  type Gate,
  type GateCondition,
  type ReviewAnswer,
} from '../../../../shared/workflow/document.ts';

export type AskWhen = 'always' | 'confidence' | 'expression';

export const answerWords: Record<ReviewAnswer, string> = {
  approve: 'Approve',
  edit: 'Edit and approve',
  reject: 'Reject',
  send_back: 'Send back',
};

const usualThreshold = 0.8;
const fourHoursMs = 4 * 3_600_000;

function conditions(gate: Gate): GateCondition[] {
  return gate.when === 'always' ? [] : gate.when.any;
}

export function askWhen(gate: Gate): AskWhen {
  const first = conditions(gate)[0];
  if (!first) return 'always';
  return 'confidenceBelow' in first ? 'confidence' : 'expression';
}

export function thresholdOf(gate: Gate): number {
  for (const condition of conditions(gate)) if ('confidenceBelow' in condition) return condition.confidenceBelow;
  return usualThreshold;
}

export function conditionExpression(gate: Gate): string {
  for (const condition of conditions(gate)) if ('expression' in condition) return condition.expression;
  return '';
}

/** Conditions the form does not draw (cost, effect) are listed in words and kept. */
export function otherConditions(gate: Gate): string[] {
  return conditions(gate).flatMap((condition, index) => {
    if ('costAboveMicros' in condition) return [`the cost is above ${condition.costAboveMicros / 1_000_000}`];
    if ('effectIn' in condition) return [`its effect is one of: ${condition.effectIn.join(', ')}`];
    if (index === 0) return [];
    return [
      'confidenceBelow' in condition
        ? `confidence is below ${Math.round(condition.confidenceBelow * 100)} %`
        : 'an expression holds',
    ];
  });
}

export function withWhen(gate: Gate, when: AskWhen): Gate {
  switch (when) {
    case 'always': {
      const { confidence: _unused, ...rest } = gate;
      return { ...rest, when: 'always' };
    }
    case 'confidence':
      return { ...gate, when: { any: [{ confidenceBelow: thresholdOf(gate) }] } };
    case 'expression': {
      const { confidence: _unused, ...rest } = gate;
      return { ...rest, when: { any: [{ expression: conditionExpression(gate) || '{{ true }}' }] } };
    }
  }
}

/** Replaces the first condition and keeps the others. */
export function withCondition(gate: Gate, condition: GateCondition): Gate {
  return { ...gate, when: { any: [condition, ...conditions(gate).slice(1)] } };
}

export function allowedOf(gate: Gate): ReviewAnswer[] {
  return gate.allow ?? [...reviewAnswers];
}

/** The order of answers is fixed, so that a file does not change with the order of clicks. */
export function withAnswer(gate: Gate, answer: ReviewAnswer, allowed: boolean): Gate {
  const chosen = new Set(allowedOf(gate));
  if (allowed) chosen.add(answer);
  else chosen.delete(answer);
  if (chosen.size === 0) return gate;
  return { ...gate, allow: reviewAnswers.filter((candidate) => chosen.has(candidate)) };
}

/** What a freshly gated step asks: below 80 % when it has a confidence, else always. */
export function freshGate(owner: string, hasConfidence: boolean): Gate {
  return {
    when: hasConfidence ? { any: [{ confidenceBelow: usualThreshold }] } : 'always',
    owner,
    dueMs: fourHoursMs,
    allow: [...reviewAnswers],
  };
}

/** `Finance lead` → `role:finance-lead`; what is already written with its kind stays. */
export function ownerFromText(text: string): string {
  const clean = text.trim();
  if (/^(role|person):/.test(clean)) return clean;
  return `role:${clean.toLowerCase().replace(/\s+/g, '-')}`;
}
