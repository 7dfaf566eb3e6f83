/**
 * The graph document (`*.holdfast.json`), format version 1: the one schema that import, export, editor, command line
 * and runtime share. Ids are identity, labels are text, layout is kept apart so that a diff ignores moves.
 * Unknown fields are refused. Nothing here evaluates an expression or knows a step kind.
 */
import * as z from 'zod';
import { effectClasses } from '../steps/effect.ts';

export const stepIdPattern = /^[a-z][A-Za-z0-9_]*$/;

const stepId = z
  .string()
  .regex(stepIdPattern, 'A step id starts with a small letter and has only letters, digits and _')
  .max(64);
const shortText = z.string().max(10_000);
const milliseconds = z
  .int()
  .min(0)
  .max(10 * 366 * 86_400_000);
const micros = z.int().min(0);
const count = z.int().min(0).max(1_000_000);
/** `role:finance-lead` or `person:ada`. */
const owner = z
  .string()
  .regex(/^(role|person):[^\s].{0,99}$/, 'An owner is written role:name or person:name')
  .meta({ description: 'A role or a person: role:finance-lead, person:ada' });
/** JSON Schema of inputs and outputs: kept as it is, checked by the step kinds that use it. */
const jsonSchema = z.record(z.string(), z.unknown());
const config = z.record(z.string(), z.unknown());
/** Text with `{{ JSONata }}` in it. */
const expression = z.string().min(1).max(100_000);

export const retrierSchema = z.strictObject({
  errors: z.array(z.string().min(1)).min(1),
  intervalMs: milliseconds,
  backoffRate: z.number().min(1).max(100).default(1),
  maxDelayMs: milliseconds.optional(),
  maxRetries: count,
  jitter: z.enum(['none', 'full']).default('none'),
});

export const retrySchema = z.strictObject({
  retriers: z.array(retrierSchema).default([]),
  attemptTimeoutMs: milliseconds.optional(),
  totalTimeoutMs: milliseconds.optional(),
  heartbeatTimeoutMs: milliseconds.optional(),
});

export const gateConditionSchema = z.union([
  z.strictObject({ confidenceBelow: z.number().min(0).max(1) }),
  z.strictObject({ costAboveMicros: micros }),
  z.strictObject({ effectIn: z.array(z.enum(effectClasses)).min(1) }),
  z.strictObject({ expression }),
]);

export const reviewAnswers = ['approve', 'edit', 'reject', 'send_back'] as const;

const rungSchema = z.strictObject({ owner, dueMs: milliseconds });

/** Who must not answer a review. */
const keptOut = z
  .string()
  .max(110)
  .regex(
    /^(starter|step:[a-z][A-Za-z0-9_]{0,63}|(role|person):[^\s].{0,99})$/,
    'Who must not review is written starter, person:name, role:name or step:id',
  )
  .meta({
    description:
      'Who must not answer: starter (who started the run), person:ada, role:clerk, or step:pay (whoever decided on that step)',
  });

export const gateSchema = z.strictObject({
  when: z.union([z.literal('always'), z.strictObject({ any: z.array(gateConditionSchema).min(1) })]).default('always'),
  confidence: expression.optional(),
  owner: owner,
  dueMs: milliseconds.optional(),
  ladder: z.array(rungSchema).optional(),
  allow: z.array(z.enum(reviewAnswers)).min(1).optional(),
  quorum: z.int().min(1).max(20).optional(),
  notBy: z.array(keptOut).max(20).optional(),
  sendBackTo: stepId.optional(),
  maxSendBacks: z.int().min(0).max(100).optional(),
});

export const escalationTriggers = [
  'cost_over',
  'confidence_below',
  'inconsistent_data',
  'waits_longer_than',
  'retries_exhausted',
  'dependency_unhealthy',
  'loop_limit',
  'in_doubt',
  'rollback_failed',
  'review_overdue',
  'stop_condition',
] as const;

export const escalationRuleSchema = z.strictObject({
  on: z.enum(escalationTriggers),
  owner,
  then: z.enum(['pause', 'fallback', 'rollback', 'fail']).optional(),
  ms: milliseconds.optional(),
  micros: micros.optional(),
  below: z.number().min(0).max(1).optional(),
  /** How long the owner has; then the ladder is climbed. */
  dueMs: milliseconds.optional(),
  ladder: z.array(rungSchema).optional(),
});

export const budgetSchema = z.strictObject({
  costMicros: micros.optional(),
  tokens: count.optional(),
  retries: count.optional(),
  attempts: count.optional(),
  iterations: count.optional(),
  wallMs: milliseconds.optional(),
  perDayMicros: micros.optional(),
  perMonthMicros: micros.optional(),
});

/** How long an attempt may take in which the graph sets no limit. */
export const defaultAttemptTimeoutMs = 60_000;

/** How long a request that was sent may still be on its way to its target, unless a probe says otherwise. */
export const defaultSettleMs = 5_000;

/** How to ask the target whether a change happened whose answer was lost. */
export const probeSchema = z.strictObject({
  kind: z.string().min(1).max(64),
  kindVersion: z.int().min(1).default(1),
  label: shortText.optional(),
  config,
  happened: expression.meta({
    description:
      'Over the answer (output), what was sent (request) and $effect.key: true when it happened, false when it did not; an answer of 404 or 410 says that it did not',
  }),
  result: expression.optional().meta({
    description: 'The result of the step when it happened, from the same names; without it the answer itself',
  }),
  settleMs: milliseconds.optional().meta({
    description: 'How long a request may still be on its way; a no counts when it is still a no after this time',
  }),
});

export const compensationSchema = z.strictObject({
  kind: z.string().min(1),
  kindVersion: z.int().min(1).default(1),
  label: shortText.optional(),
  config,
  effect: z.enum(effectClasses).optional(),
  probe: probeSchema.optional(),
  retry: retrySchema.optional(),
});

export const joinSchema = z.union([z.enum(['all', 'any']), z.strictObject({ atLeast: z.int().min(1) })]);

export const stepSchema = z.strictObject({
  kind: z.string().min(1).max(64),
  kindVersion: z.int().min(1).default(1),
  label: shortText.optional(),
  description: shortText.optional(),
  config: config.default({}),
  effect: z.enum(effectClasses).optional(),
  probe: probeSchema.optional(),
  retry: retrySchema.optional(),
  checkpoint: z.boolean().optional(),
  gates: z.strictObject({ before: gateSchema.optional(), after: gateSchema.optional() }).optional(),
  doneWhen: expression.optional(),
  verify: z.boolean().optional(),
  unchangedSince: z
    .array(stepId)
    .min(1)
    .max(20)
    .optional()
    .meta({ description: 'Reading steps: the change is made only while what they have read is still the same' }),
  budget: budgetSchema.optional(),
  compensate: compensationSchema.optional(),
  escalation: z.array(escalationRuleSchema).optional(),
  parent: stepId.optional(),
  join: joinSchema.optional(),
  losers: z.enum(['cancel', 'finish']).optional(),
});

export const edgeSchema = z.strictObject({
  id: z.string().min(1).max(64),
  from: z.strictObject({ step: stepId, port: z.string().min(1).max(64).default('out') }),
  to: z.strictObject({ step: stepId }),
  label: shortText.optional(),
  onErrors: z.array(z.string().min(1)).min(1).optional(),
  loop: z
    .strictObject({
      maxIterations: z.int().min(1).max(100_000).meta({
        description: 'How often the repeated steps may run for each time they are entered, the first time included',
      }),
    })
    .optional(),
});

export const stopConditionSchema = z.union([
  z.strictObject({ costAboveMicros: micros }),
  z.strictObject({ runsLongerThanMs: milliseconds }),
  z.strictObject({ iterationsAbove: count }),
  z.strictObject({ expression }),
]);

export const settingsSchema = z.strictObject({
  budget: budgetSchema.optional(),
  onFailure: z.enum(['pause', 'rollback', 'fail']).optional(),
  stopWhen: z.array(stopConditionSchema).optional(),
  repeatedCalls: z.enum(['reuse', 'park', 'allow']).optional(),
  escalation: z.array(escalationRuleSchema).optional(),
});

const point = { x: z.number(), y: z.number() };

export const documentSchema = z.strictObject({
  $schema: z.literal('urn:holdfast:workflow:1').optional(),
  formatVersion: z.literal(1),
  id: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'A workflow id has letters, digits, _ and -'),
  name: z.string().min(1).max(10_000),
  description: shortText.optional(),
  owner: owner.optional(),
  class: z
    .strictObject({ duration: z.enum(['short', 'long']).optional(), failureSensitive: z.boolean().optional() })
    .optional(),
  inputs: jsonSchema.optional(),
  steps: z.record(stepId, stepSchema),
  edges: z.array(edgeSchema).default([]),
  settings: settingsSchema.optional(),
  triggers: z
    .array(
      z.strictObject({ id: z.string().min(1).max(64), kind: z.string().min(1).max(64), config: config.default({}) }),
    )
    .optional(),
  connections: z.array(z.string().min(1).max(100)).optional(),
  notes: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(64),
        text: shortText,
        ...point,
        width: z.number().optional(),
        height: z.number().optional(),
      }),
    )
    .optional(),
  groups: z
    .array(z.strictObject({ id: z.string().min(1).max(64), label: shortText, steps: z.array(stepId) }))
    .optional(),
  scenarios: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(64),
        name: shortText,
        input: z.unknown().optional(),
        expect: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
  definitions: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  pins: z.record(stepId, z.strictObject({ output: z.unknown() })).optional(),
  layout: z.record(stepId, z.strictObject(point)).optional(),
});

export type WorkflowDocument = z.output<typeof documentSchema>;
export type Step = z.output<typeof stepSchema>;
export type Edge = z.output<typeof edgeSchema>;
export type Gate = z.output<typeof gateSchema>;
export type GateCondition = z.output<typeof gateConditionSchema>;
export type Retry = z.output<typeof retrySchema>;
export type Retrier = z.output<typeof retrierSchema>;
export type Budget = z.output<typeof budgetSchema>;
export type Compensation = z.output<typeof compensationSchema>;
export type Probe = z.infer<typeof probeSchema>;
export type EscalationRule = z.output<typeof escalationRuleSchema>;
export type EscalationTrigger = (typeof escalationTriggers)[number];
export type Settings = z.output<typeof settingsSchema>;
export type ReviewAnswer = (typeof reviewAnswers)[number];
