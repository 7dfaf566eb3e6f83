/**
 * The life of an attempt: begin (gate before, intent), finish (gate after, confirm), fail (settle the effect, retry,
 * fallback, escalation). The order is the one of the semantics, "Control flow"; every effect above `read` has its
 * intent in the same turn as the attempt's start, so that it is durable before anything is called.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import { changesTheWorld } from '../../../shared/steps/effect.ts';
import { canonicalText } from '../../../shared/workflow/canonical.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import type { AttemptOutcome, Checked, DecideContext, GateValues, Prepared } from './commands.ts';
import { settleFailedEffect } from './effects.ts';
import { failStep } from './failure.ts';
import { gateCauses } from './gate.ts';
import { nextRetry } from './retry.ts';
import { emit, stepState, type Turn } from './turn.ts';

type Success = Extract<AttemptOutcome, { ok: true }>;
type Failure = Extract<AttemptOutcome, { ok: false }>;

export function beginAttempt(turn: Turn, node: GraphStep, key: StepKey, prepared: Prepared): void {
  const before = node.step.gates?.before;
  if (before && !stepState(turn, key).approved && openGate(turn, node, key, 'before', prepared.config, prepared.gate)) {
    return;
  }
  const attempt = startAttempt(turn, node, key, prepared.config);
  if (!changesTheWorld(node.effect)) return;
  const { generation } = stepState(turn, key);
  const effectKey = keyOfEffect(turn.ctx, key, 1, generation);
  const plan = prepared.plan ?? { target: node.step.kind, request: prepared.config };
  emit(turn, {
    type: 'effect_intended',
    step: key,
    attempt,
    key: effectKey,
    ordinal: 1,
    generation,
    class: node.effect,
    target: plan.target,
    requestDigest: turn.ctx.digest(canonicalText(plan.request)),
    ...(turn.state.effects[effectKey] ? {} : { request: plan.request }),
  });
}

/** The step's expressions gave no usable value: an attempt that failed before anything was called. */
export function refuseAttempt(turn: Turn, node: GraphStep, key: StepKey, error: StepError): void {
  const attempt = startAttempt(turn, node, key, {});
  emit(turn, { type: 'attempt_failed', step: key, attempt, error }, true);
  retryOrFail(turn, node, key, error, true);
}

export function finishAttempt(
  turn: Turn,
  node: GraphStep,
  key: StepKey,
  attempt: number,
  outcome: AttemptOutcome,
  checked: Checked,
): void {
  if ('suspend' in outcome) {
    emit(turn, { type: 'timer_set', step: key, attempt, dueAt: outcome.dueAt, output: outcome.output });
  } else if (outcome.ok) {
    succeed(turn, node, key, attempt, outcome, checked);
  } else {
    fail(turn, node, key, attempt, outcome);
  }
}

export function succeed(
  turn: Turn,
  node: GraphStep,
  key: StepKey,
  attempt: number,
  outcome: Success,
  checked: Checked,
): void {
  const { ok: _ok, response, ports = ['out'], ...spent } = outcome;
  const effectKey = keyOfEffect(turn.ctx, key, 1, stepState(turn, key).generation);
  if (turn.state.effects[effectKey]) {
    emit(turn, {
      type: 'effect_confirmed',
      step: key,
      key: effectKey,
      ...(response === undefined ? {} : { response }),
    });
  }
  emit(turn, { type: 'attempt_succeeded', step: key, attempt, ports, ...spent }, !node.checkpointed);
  if (turn.state.cancelling) return;
  if (checked.doneWhen && !checked.doneWhen.holds) {
    const message = `The result does not count as done: ${checked.doneWhen.expression} is not true`;
    retryOrFail(turn, node, key, { class: 'invalid_output', message }, true);
    return;
  }
  if (node.step.gates?.after && openGate(turn, node, key, 'after', outcome.output, checked.gate)) return;
  emit(turn, { type: 'step_confirmed', step: key, ports }, !node.checkpointed);
}

function fail(turn: Turn, node: GraphStep, key: StepKey, attempt: number, outcome: Failure): void {
  const { ok: _ok, sent, ...rest } = outcome;
  emit(turn, { type: 'attempt_failed', step: key, attempt, ...rest }, !node.checkpointed);
  const effectKey = keyOfEffect(turn.ctx, key, 1, stepState(turn, key).generation);
  const settled = settleFailedEffect(turn, key, effectKey, outcome.error, sent);
  if (settled === 'in_doubt') return;
  retryOrFail(turn, node, key, outcome.error, settled === 'did_not_happen', effectKey);
}

/**
 * `known` is false while nobody knows whether an idempotent effect happened: repeating it under its key is the only
 * safe way to find out, and when that is used up the question goes to a person.
 */
function retryOrFail(
  turn: Turn,
  node: GraphStep,
  key: StepKey,
  error: StepError,
  known: boolean,
  effectKey?: string,
): void {
  if (turn.state.cancelling) return;
  const step = stepState(turn, key);
  const happened = Object.values(turn.state.effects).some(
    (effect) => effect.step === key && effect.generation === step.generation && effect.status === 'confirmed',
  );
  const onceIsFinal = node.effect === 'once' && error.class !== 'not_sent';
  const budget = turn.ctx.graph.document.settings?.budget?.retries;
  const decision = nextRetry(node.step.retry, error, {
    used: step.retries,
    firstStartedAt: step.firstStartedAt ?? turn.ctx.now,
    now: turn.ctx.now,
    budgetLeft: budget === undefined ? undefined : budget - turn.state.retriesUsed,
    random: turn.ctx.random,
  });
  if (decision.retry && !happened && !onceIsFinal) {
    emit(turn, {
      type: 'retry_scheduled',
      step: key,
      dueAt: turn.ctx.now + decision.delayMs,
      delayMs: decision.delayMs,
      retrier: decision.retrier,
    });
    return;
  }
  const exhausted = !decision.retry && decision.named;
  const because = exhausted ? `${decision.message}. ` : '';
  failStep(turn, node, key, error, {
    on: exhausted ? 'retries_exhausted' : undefined,
    message: `${because}${error.message}`,
    ...(known || effectKey === undefined ? {} : { inDoubt: effectKey }),
  });
}

function startAttempt(turn: Turn, node: GraphStep, key: StepKey, config: Record<string, unknown>): number {
  const { attempts } = stepState(turn, key);
  const attempt = attempts.length + 1;
  const repeated = attempts[attempts.length - 1]?.outcome === 'abandoned';
  emit(
    turn,
    { type: 'attempt_started', step: key, attempt, config, ...(repeated ? { repeated: true } : {}) },
    !changesTheWorld(node.effect),
  );
  return attempt;
}

/** Opens the gate when one of its conditions holds; false when the step may pass without asking. */
function openGate(
  turn: Turn,
  node: GraphStep,
  key: StepKey,
  side: 'before' | 'after',
  shown: unknown,
  values: GateValues | undefined,
): boolean {
  const gate = node.step.gates?.[side];
  if (!gate) return false;
  const causes = gateCauses(gate, {
    values: values ?? { expressions: [] },
    costMicros: turn.state.costMicros,
    effect: node.effect,
  });
  if (causes.length === 0) return false;
  const { sendBacks } = stepState(turn, key);
  const allow = gate.allow ?? ['approve', 'edit', 'reject', 'send_back'];
  const possible = allow.filter((answer) => {
    if (answer === 'edit') return side === 'before' || !changesTheWorld(node.effect);
    if (answer === 'send_back') return side === 'after' && sendBacks < (gate.maxSendBacks ?? 3);
    return true;
  });
  emit(turn, {
    type: 'gate_opened',
    step: key,
    taskId: turn.ctx.id(),
    gate: side,
    owner: gate.owner,
    ...(gate.dueMs === undefined ? {} : { dueAt: turn.ctx.now + gate.dueMs }),
    causes,
    allow: possible,
    shown,
    digest: turn.ctx.digest(canonicalText(shown)),
  });
  return true;
}

/** Hash of run, step key, ordinal and generation: the same for every attempt and recovery of one generation. */
export function keyOfEffect(ctx: DecideContext, key: StepKey, ordinal: number, generation: number): string {
  return ctx.digest(`${ctx.runId}\n${key}\n${ordinal}\n${generation}`).slice(0, 40);
}
