/**
 * The life of an attempt: begin (gate before, intent), finish (gate after, confirm), fail (settle the effect, retry,
 * fallback, escalation). The order is the one of the semantics, "Control flow"; every effect above `read` has its
 * intent in the same turn as the attempt's start, so that it is durable before anything is called.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { RunEventBody, StepKey, TaskAnswer } from '../../../shared/run/events.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { changeToUndo, effectOfKey, isDone } from '../../../shared/run/state.ts';
import { changesTheWorld } from '../../../shared/steps/effect.ts';
import type { Gate } from '../../../shared/workflow/document.ts';
import { canonicalText } from '../../../shared/workflow/canonical.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import type { AttemptOutcome, Checked, DecideContext, GateValues, Prepared } from './commands.ts';
import { isHeldByRule } from './rules.ts';
import { startChild } from './child-start.ts';
import { confirmStep } from './confirm.ts';
import { findsOut, putInDoubt, settleFailedEffect, unsettledEffect } from './effects.ts';
import { endByRule, escalate, escalationRule } from './failure.ts';
import { failOrFallBack, takeFallbackByRule } from './fallback.ts';
import { gateCauses } from './gate.ts';
import { crossedLimit, type CrossedLimit, reservationOf, retriesLeft, warnOfLimits } from './limits.ts';
import { askAboutRepetition, repeatedCall } from './repeated-call.ts';
import { mapResult, openMap } from './maps.ts';
import { nextRetry, totalTimeOf } from './retry.ts';
import { askAboutDuplicate, effectRepeated } from './same-effect.ts';
import { whyNotBack } from './send-back.ts';
import { emit, isHeld, stepState, type Turn } from './turn.ts';
import { basedOnOf } from './unchanged-since.ts';
import { admission, waitForDependency } from './wait-for-dependency.ts';

type Started = Extract<RunEventBody, { type: 'attempt_started' }>;
type Success = Extract<AttemptOutcome, { ok: true }>;
type Failure = Extract<AttemptOutcome, { ok: false }>;

export function beginAttempt(turn: Turn, node: GraphStep, key: StepKey, prepared: Prepared): void {
  const { approved, generation } = stepState(turn, key);
  // A hash for nothing would be most of what a calculating step costs here.
  const effectKey = changesTheWorld(node.effect) ? keyOfEffect(turn.ctx, key, 1, generation) : '';
  const earlier = effectOfKey(turn.state, effectKey);
  const isAnnounced = earlier !== undefined;
  // It was given up while nobody knew, and is wanted again: that it did not happen must be said first.
  if (earlier?.status === 'in_doubt' && !findsOut(turn, earlier)) {
    putInDoubt(turn, earlier, 'it must be known before it is done again');
    return;
  }
  // An announced effect is repeated to find out whether it happened; stopping there would leave the question open.
  // Undoing is exempt from the budgets of going forward.
  const call = repeatedCall(turn, key, prepared);
  if (call?.answer === 'park') {
    askAboutRepetition(turn, key, call.source);
    return;
  }
  const { stops = [] } = prepared;
  // What is served from the record reaches no other system and costs nothing.
  const { estimate, dependency }: Prepared = call ? { config: prepared.config } : prepared;
  const entry = admission(turn, dependency);
  if (!entry.passes) {
    waitForDependency(turn, node, key, entry.dependency, entry.until);
    return;
  }
  const crossed = isAnnounced || isUndoKey(key) ? undefined : crossedLimit(turn, node, key, stops, estimate);
  if (crossed) {
    stopAtLimit(turn, node, key, crossed);
    return;
  }
  const before = node.step.gates?.before;
  // Nobody can still refuse a request that was announced: it may have happened.
  const mayAsk = before && !approved && !isAnnounced;
  if (mayAsk && openGate(turn, node, key, 'before', before, prepared.config, prepared.gate)) return;
  const effect = changesTheWorld(node.effect) ? announcementOf(turn, node, prepared, effectKey) : undefined;
  const first = effect && effectRepeated(turn.state, key, effectOfKey(turn.state, effectKey) ?? effect);
  if (first) {
    askAboutDuplicate(turn, node, key, effectKey, first);
    return;
  }
  const reserved = isUndoKey(key) ? undefined : reservationOf(turn, node, estimate);
  if (node.children) {
    openMap(turn, key, stepState(turn, key).attempts.length + 1, prepared.config);
    return;
  }
  const attempt = startAttempt(turn, node, key, prepared.config, {
    ...(reserved ? { reserved } : {}),
    ...(dependency === undefined ? {} : { dependency }),
    ...(entry.isProbe ? { isProbe: true } : {}),
    ...(prepared.callDigest === undefined ? {} : { callDigest: prepared.callDigest }),
  });
  if (call) {
    succeed(turn, node, key, attempt, call.outcome, call.checked);
    return;
  }
  if (!effect) return;
  const { request, ...announced } = effect;
  const basedOn = basedOnOf(turn, node, key);
  const undone = isUndoKey(key) ? changeToUndo(turn.state, key) : undefined;
  emit(turn, {
    type: 'effect_intended',
    step: key,
    attempt,
    ...announced,
    ordinal: 1,
    generation,
    ...(isAnnounced ? {} : { request }),
    ...(isAnnounced || basedOn.length === 0 ? {} : { basedOn }),
    ...(undone ? { undoes: undone.key } : {}),
  });
  if (node.step.kind === 'workflow') startChild(turn, node, key, effectKey);
}

/** What the rule for this limit says; without one that says so, nothing goes on until a person has decided. */
function stopAtLimit(turn: Turn, node: GraphStep, key: StepKey, crossed: CrossedLimit): void {
  const { on, message } = crossed;
  const then = escalationRule(turn.ctx, key, on)?.then;
  if (takeFallbackByRule(turn, node, key, crossed)) return;
  if (then === 'fail' || then === 'rollback') {
    endByRule(turn, key, { class: 'budget', code: on, message }, then);
    return;
  }
  const allow: TaskAnswer[] = [...(crossed.limit ? ['raise' as const] : []), 'retry', 'give_up', 'skip'];
  escalate(turn, key, { ...crossed, allow, pausesRun: true });
}

function announcementOf(turn: Turn, node: GraphStep, { plan, config }: Prepared, key: string) {
  const { target, request } = plan ?? { target: node.step.kind, request: config };
  return { key, class: node.effect, target, requestDigest: turn.ctx.digest(canonicalText(request)), request };
}

/** The step's expressions gave no usable value: an attempt that failed before anything was called. */
export function refuseAttempt(turn: Turn, node: GraphStep, key: StepKey, error: StepError): void {
  const attempt = startAttempt(turn, node, key, stepState(turn, key).config ?? {});
  emit(turn, { type: 'attempt_failed', step: key, attempt, error }, true);
  retryOrFail(turn, node, key, error);
}

/** Durable: what a long step reports must outlive the host that runs it. The engine asks for it only now and then. */
export function recordHeartbeat(turn: Turn, step: StepKey, attempt: number, payload: unknown): void {
  emit(turn, { type: 'heartbeat_recorded', step, attempt, payload });
}

export function finishAttempt(
  turn: Turn,
  node: GraphStep,
  key: StepKey,
  attempt: number,
  outcome: AttemptOutcome,
  checked: Checked,
): void {
  if ('suspend' in outcome && outcome.signal !== undefined) {
    const { signal: name, dueAt } = outcome;
    emit(turn, { type: 'signal_awaited', step: key, attempt, name, ...(dueAt === undefined ? {} : { dueAt }) });
  } else if ('suspend' in outcome) {
    emit(turn, { type: 'timer_set', step: key, attempt, dueAt: outcome.dueAt, output: outcome.output });
  } else if (outcome.ok) {
    succeed(turn, node, key, attempt, outcome, checked);
  } else {
    fail(turn, node, key, attempt, outcome);
  }
  if (!isUndoKey(key)) warnOfLimits(turn, node, key);
}

export function succeed(
  turn: Turn,
  node: GraphStep,
  key: StepKey,
  attempt: number,
  outcome: Success,
  checked: Checked,
): void {
  const { ok: _ok, response, ports = ['out'], output, version, ...spent } = outcome;
  const lazy = mayWait(turn, node, key, attempt);
  const effect = unsettledEffect(turn.state, key);
  if (effect) {
    emit(turn, {
      type: 'effect_confirmed',
      step: key,
      key: effect.key,
      ...(response === undefined ? {} : { response }),
    });
  }
  if (checked.doneWhen && !checked.doneWhen.holds) {
    const message = `The result does not count as done: ${checked.doneWhen.expression} is not true`;
    const error: StepError = { class: 'invalid_output', code: 'done_when', message };
    const details = { ...spent.details, output };
    emit(turn, { type: 'attempt_failed', step: key, attempt, error, ...spent, details }, lazy);
    if (node.children) failOrFallBack(turn, node, key, error, { on: undefined, message, happened: true });
    else retryOrFail(turn, node, key, error);
    return;
  }
  const read = version ? { version } : {};
  emit(turn, { type: 'attempt_succeeded', step: key, attempt, ports, output, ...read, ...spent }, lazy);
  // What is about to be undone leads nowhere and is shown to nobody.
  if (isHeld(turn, key)) return;
  const after = node.step.gates?.after;
  // Nobody reviews for a run that is being cancelled; without the review the step is not confirmed.
  if (after && (turn.state.cancelling || openGate(turn, node, key, 'after', after, output, checked.gate))) return;
  if (!isHeldByRule(turn, node, key, output)) confirmStep(turn, node, key, ports, lazy);
}

/** What was paid from a budget is settled on disk, so that no crash makes it be paid twice. */
function mayWait(turn: Turn, node: GraphStep, key: StepKey, attempt: number): boolean {
  return !node.checkpointed && !stepState(turn, key).attempts[attempt - 1]?.reserved;
}

/** The end of a map whose items have all ended: their results in order, or the failure it did not tolerate. */
export function closeMap(turn: Turn, node: GraphStep, key: StepKey, checked: Checked): void {
  const step = stepState(turn, key);
  const attempt = step.attempts.length;
  const { output, details, stopped } = mapResult(turn.state, step);
  if (!stopped) {
    succeed(turn, node, key, attempt, { ok: true, output, details }, checked);
    return;
  }
  emit(turn, { type: 'attempt_failed', step: key, attempt, error: stopped, details }, !node.checkpointed);
  failOrFallBack(turn, node, key, stopped, { on: undefined, message: stopped.message, happened: false, isFinal: true });
}

function fail(turn: Turn, node: GraphStep, key: StepKey, attempt: number, outcome: Failure): void {
  const { ok: _ok, sent, response, ...rest } = outcome;
  emit(turn, { type: 'attempt_failed', step: key, attempt, ...rest }, mayWait(turn, node, key, attempt));
  const effect = unsettledEffect(turn.state, key);
  if (effect && settleFailedEffect(turn, effect, outcome.error, { sent, response }) === 'in_doubt') return;
  retryOrFail(turn, node, key, outcome.error);
}

/**
 * While nobody knows whether an idempotent effect happened, repeating it under its key is the only safe way to find
 * out; when that is used up the question goes to a person, and no other path is taken before the answer.
 */
function retryOrFail(turn: Turn, node: GraphStep, key: StepKey, error: StepError): void {
  if (turn.state.cancelling || (isHeld(turn, key) && !unsettledEffect(turn.state, key))) return;
  const step = stepState(turn, key);
  const happened = Object.values(turn.state.effects).some(
    (effect) => effect.step === key && effect.generation === step.generation && isDone(effect),
  );
  const onceIsFinal = node.effect === 'once' && error.class !== 'not_sent';
  const budgetLeft = isUndoKey(key) ? undefined : retriesLeft(turn, node, key);
  const decision = nextRetry(node.step.retry, error, {
    used: step.retries,
    elapsedMs: totalTimeOf(step, turn.ctx),
    budgetLeft,
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
  const message = `${because}${error.message}`;
  const unsettled = unsettledEffect(turn.state, key);
  if (unsettled) {
    putInDoubt(turn, unsettled, message);
    return;
  }
  failOrFallBack(turn, node, key, error, { on: exhausted ? 'retries_exhausted' : undefined, message, happened });
}

/** A reservation is on disk before the call: what a lost one may have cost is never forgotten. */
function startAttempt(
  turn: Turn,
  node: GraphStep,
  key: StepKey,
  config: Record<string, unknown>,
  known: Pick<Started, 'reserved' | 'dependency' | 'isProbe' | 'callDigest'> = {},
): number {
  const { attempts } = stepState(turn, key);
  const attempt = attempts.length + 1;
  const repeated = attempts[attempts.length - 1]?.outcome === 'abandoned';
  emit(
    turn,
    {
      type: 'attempt_started',
      step: key,
      attempt,
      config,
      ...(repeated ? { repeated: true } : {}),
      awakeMs: turn.ctx.awakeMs,
      ...known,
    },
    !changesTheWorld(node.effect) && !known.reserved && !known.isProbe,
  );
  return attempt;
}

/** Opens the gate when one of its conditions holds; false when the step may pass without asking. */
function openGate(
  turn: Turn,
  node: GraphStep,
  key: StepKey,
  side: 'before' | 'after',
  gate: Gate,
  shown: unknown,
  values: GateValues | undefined,
): boolean {
  const causes = gateCauses(gate, {
    values: values ?? { expressions: [] },
    costMicros: turn.state.costMicros,
    effect: node.effect,
  });
  if (causes.length === 0) return false;
  const allow = gate.allow ?? ['approve', 'edit', 'reject', 'send_back'];
  const backTo = gate.sendBackTo === node.id ? undefined : gate.sendBackTo;
  const possible = allow.filter((answer) => {
    if (answer === 'edit') return side === 'before' || !changesTheWorld(node.effect);
    if (answer !== 'send_back') return true;
    // What a map did for its items is not simply done once more.
    if (backTo === undefined) return side === 'after' && !node.children;
    return whyNotBack(turn.state, turn.ctx.graph, key, backTo) === undefined;
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
    ...(backTo === undefined || !possible.includes('send_back') ? {} : { backTo }),
    shown,
    digest: turn.ctx.digest(canonicalText(shown)),
    awakeMs: turn.ctx.awakeMs,
    ...(gate.quorum !== undefined && gate.quorum > 1 ? { quorum: gate.quorum } : {}),
    ...(gate.notBy && gate.notBy.length > 0 ? { notBy: gate.notBy } : {}),
  });
  return true;
}

/** Hash of run, step key, ordinal and generation: the same for every attempt and recovery of one generation. */
export function keyOfEffect(ctx: DecideContext, key: StepKey, ordinal: number, generation: number): string {
  return ctx.digest(`${ctx.runId}\n${key}\n${ordinal}\n${generation}`).slice(0, 40);
}
