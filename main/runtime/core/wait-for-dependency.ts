/**
 * A step whose dependency does not answer: it takes the fallback that names this, else waits without using a retry, and
 * after the set time goes to a person. Waiting counts to the step's total time (semantics, Circuit breaker).
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { StepKey } from '../../../shared/run/events.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { defaultBreaker } from '../../../shared/run/dependency.ts';
import { durationText } from '../../../shared/workflow/describe.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import { admit, type Admission } from './breaker.ts';
import { putInDoubt, unsettledEffect } from './effects.ts';
import { escalate, escalationRule } from './failure.ts';
import { failOrFallBack } from './fallback.ts';
import { fallbackEdges } from './paths.ts';
import { totalTimeOf } from './retry.ts';
import { emit, stepState, type Turn } from './turn.ts';

/** When neither a rule nor a total timeout says how long a step may wait. */
const longestWaitMs = 15 * 60_000;

/** May an attempt of this step begin now? Steps that depend on nothing always may. */
export function admission(
  turn: Turn,
  dependency: string | undefined,
): Extract<Admission, { passes: true }> | { passes: false; until: number; dependency: string } {
  if (dependency === undefined) return { passes: true, isProbe: false };
  const { dependencyOf, breaker = defaultBreaker, now } = turn.ctx;
  const found = admit(dependencyOf?.(dependency), now, breaker);
  return found.passes ? found : { ...found, dependency };
}

export function waitForDependency(turn: Turn, node: GraphStep, key: StepKey, dependency: string, until: number): void {
  const { now } = turn.ctx;
  const { waitsFor } = stepState(turn, key);
  const since = waitsFor?.dependency === dependency ? waitsFor.since : now;
  const waited = `${dependency} has not answered for ${durationText(now - since)}`;
  const message = now === since ? `${dependency} does not answer` : waited;
  const error: StepError = { class: 'dependency_unhealthy', message };
  const unsettled = unsettledEffect(turn.state, key);
  const fallbacks = unsettled ? [] : fallbackEdges(node, error);
  if (fallbacks.some((edge) => edge.onErrors !== undefined)) {
    failOrFallBack(turn, node, key, error, { on: 'dependency_unhealthy', message, happened: false });
    return;
  }
  const leftMs = timeLeft(turn, node, key, now - since);
  if (leftMs > 0) {
    emit(turn, { type: 'dependency_waited', step: key, dependency, until: Math.min(until, now + leftMs) });
    return;
  }
  if (unsettled) putInDoubt(turn, unsettled, message);
  else if (isUndoKey(key) || fallbacks.length > 0)
    failOrFallBack(turn, node, key, error, { on: 'dependency_unhealthy', message, happened: false });
  else escalate(turn, key, { on: 'dependency_unhealthy', message, allow: ['retry', 'give_up'], pausesRun: false });
}

/** Milliseconds that it may still wait: the rule's time, the rest of the total time, else a quarter of an hour. */
function timeLeft(turn: Turn, node: GraphStep, key: StepKey, waitedMs: number): number {
  const ruled = escalationRule(turn.ctx, key, 'dependency_unhealthy')?.ms;
  const total = node.step.retry?.totalTimeoutMs;
  const step = stepState(turn, key);
  const counted = step.firstStartedAt === undefined ? waitedMs : totalTimeOf(step, turn.ctx);
  const left = total === undefined ? [] : [total - counted];
  if (ruled !== undefined) left.push(ruled - waitedMs);
  return left.length === 0 ? longestWaitMs - waitedMs : Math.min(...left);
}

/** It answers again: what waited for it goes on. False when nothing of this run did. */
export function resumeWaiting(turn: Turn, dependency: string): boolean {
  const waiting = Object.values(turn.state.steps).filter(
    (step) => step.status === 'dependency' && step.waitsFor?.dependency === dependency,
  );
  for (const { key } of waiting) emit(turn, { type: 'dependency_resumed', step: key, dependency });
  return waiting.length > 0;
}
