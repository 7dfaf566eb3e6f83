/**
 * A step that cannot go on and has no fallback path for it: escalation rule of the step, then of the workflow, then what the workflow
 * says about failure. Nothing is ever escalated to nowhere: without a rule it goes to the workflow's owner.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { StepKey, TaskAnswer } from '../../../shared/run/events.ts';
import type { Limit } from '../../../shared/run/limits.ts';
import type { TaskState } from '../../../shared/run/state.ts';
import type { EscalationRule, EscalationTrigger } from '../../../shared/workflow/document.ts';
import { onFailureOf } from '../../../shared/workflow/on-failure.ts';
import { changesTheWorld } from '../../../shared/steps/effect.ts';
import type { DecideContext } from './commands.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { rulesFor } from './placed-rules.ts';
import { isSkippable } from './reviewers.ts';
import { isCaughtByMap } from './maps.ts';
import { emit, graphStep, type Turn } from './turn.ts';

export interface FailureFacts {
  on: EscalationTrigger | undefined;
  message: string;
  /** The step's effect is confirmed, only its result is not accepted: doing it again, or another way, would do it twice. */
  happened: boolean;
  /** Everything below the step has ended: it cannot be done again. */
  isFinal?: boolean;
  /** Id of the loop edge that is at its limit: going round once more is what a person may allow. */
  loop?: string;
}

const triggerByClass: Partial<Record<StepError['class'], EscalationTrigger>> = {
  low_confidence: 'confidence_below',
  stale: 'inconsistent_data',
  partial: 'inconsistent_data',
  loop_limit: 'loop_limit',
  dependency_unhealthy: 'dependency_unhealthy',
  budget: 'cost_over',
};

export function failStep(turn: Turn, key: StepKey, error: StepError, facts: FailureFacts): void {
  if (isUndoKey(key)) {
    escalate(turn, key, {
      on: 'rollback_failed',
      message: facts.message,
      allow: ['retry', 'give_up'],
      pausesRun: false,
    });
    return;
  }
  if (isCaughtByMap(turn, key, error)) {
    emit(turn, { type: 'step_failed', step: key, error, ports: [], tolerated: true });
    return;
  }
  const on = triggerOf(error, facts);
  const rule = escalationRule(turn.ctx, key, on);
  const then = rule?.then ?? onFailure(turn.ctx);
  if (then === 'fail' || then === 'rollback') {
    emit(turn, { type: 'step_failed', step: key, error, ports: [] });
    // A rule turns back at once; the workflow's own choice waits until its other steps are settled.
    if (rule?.then === 'rollback')
      emit(turn, { type: 'cancel_requested', by: 'system', reason: facts.message, rollback: true });
    return;
  }
  const allow: TaskAnswer[] = facts.happened || facts.isFinal ? ['give_up', 'skip'] : ['retry', 'give_up', 'skip'];
  // Nothing was exhausted when nothing could be retried: then the error itself says why.
  const cause = facts.on === undefined ? { cause: error.class } : {};
  const loop = facts.loop === undefined ? {} : { loop: facts.loop };
  escalate(turn, key, { on, message: facts.message, allow, pausesRun: then === 'pause', ...cause, ...loop });
}

/** What a rule says when nobody is to be asked: the step ends with this error, and the run fails or turns back with it. */
export function endByRule(turn: Turn, step: StepKey, error: StepError, then: 'fail' | 'rollback'): void {
  emit(turn, { type: 'step_failed', step, error, ports: [] });
  if (then === 'rollback')
    emit(turn, { type: 'cancel_requested', by: 'system', reason: error.message, rollback: true });
}

/** Which rules this is a case for. */
export function triggerOf(error: StepError, { on }: Pick<FailureFacts, 'on'>): EscalationTrigger {
  return on ?? triggerByClass[error.class] ?? 'retries_exhausted';
}

export interface EscalationRequest {
  on: EscalationTrigger;
  message: string;
  allow: TaskAnswer[];
  effectKey?: string;
  /** JSON Pointer of the limit that was reached, in the workflow. */
  rule?: string;
  limit?: Limit;
  cause?: StepError['class'];
  loop?: string;
  duplicate?: TaskState['duplicate'];
  pausesRun: boolean;
  /** JSON Pointer of the rule that speaks, where several could. */
  place?: string;
  /** The step only waits too long, and goes on waiting. */
  isWait?: boolean;
}

export function escalate(turn: Turn, key: StepKey, request: EscalationRequest): void {
  const { pausesRun, ...rest } = request;
  const rules = rulesFor(turn.ctx, key, request.on);
  const placed = rules.find(({ place }) => request.place === undefined || place === request.place);
  const rule = placed?.rule;
  const node = graphStep(turn.ctx, key);
  // At the limit of a loop there is a result; whether it may go round once more is the question.
  const maySkip = rest.loop === undefined && node !== undefined && isSkippable(node.step);
  emit(turn, {
    type: 'escalation_opened',
    step: key,
    taskId: turn.ctx.id(),
    owner: rule?.owner ?? turn.state.owner,
    ...rest,
    ...(placed ? { place: placed.place } : {}),
    ...(rule?.dueMs === undefined ? {} : { dueAt: turn.ctx.now + rule.dueMs }),
    allow: rest.allow.filter((answer) => answer !== 'skip' || maySkip),
    ...(pausesRun || rule?.then === 'pause' ? { pausesRun: true } : {}),
  });
}

/** The rule of the drawn step first, also for what undoes it, then the workflow's. */
export function escalationRule(ctx: DecideContext, key: StepKey, on: EscalationTrigger): EscalationRule | undefined {
  return rulesFor(ctx, key, on)[0]?.rule;
}

export function onFailure({ graph }: DecideContext): 'pause' | 'fail' | 'rollback' {
  return onFailureOf(
    graph.document,
    [...graph.steps.values()].some((node) => changesTheWorld(node.effect)),
  );
}
