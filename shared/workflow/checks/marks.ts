/**
 * Do the three marks make sense where they are: retries only for failures that may pass, checkpoints where another
 * system is changed, gates that can ask somebody? Technical failure and human decision are never mixed here.
 */
import { isErrorClass, isRetryable, transientErrors } from '../../run/errors.ts';
import { changesTheWorld, type EffectClass } from '../../steps/effect.ts';
import { effectText } from '../describe.ts';
import type { EscalationRule, Gate, GateCondition, Retry } from '../document.ts';
import type { GraphStep } from '../graph.ts';
import type { PathPart } from '../pointer.ts';
import { label, report, type CheckContext } from './context.ts';
import { checkReviewers } from './reviewers.ts';
import { checkSendBack } from './send-back.ts';

function errorClassOf(pattern: string): string {
  return pattern.split(':', 1)[0] ?? '';
}

function unknownClass(context: CheckContext, pattern: string, path: PathPart[], step: string): boolean {
  if (pattern === '*' || isErrorClass(errorClassOf(pattern))) return false;
  report(context, {
    code: 'unknown_error_class',
    message: `"${pattern}" is no error class.`,
    path,
    step,
    fix: `Use * or one of: ${transientErrors.join(', ')}, or another class of the list.`,
  });
  return true;
}

function checkRetry(context: CheckContext, retry: Retry, path: PathPart[], id: string, effect: EffectClass): void {
  retry.retriers.forEach((retrier, index) => {
    const at = [...path, 'retriers', index, 'errors'];
    const useless: string[] = [];
    retrier.errors.forEach((pattern, place) => {
      if (unknownClass(context, pattern, [...at, place], id)) return;
      const name = errorClassOf(pattern);
      if (pattern !== '*' && isErrorClass(name) && !isRetryable(name))
        report(context, {
          code: 'never_retried',
          message: `${label(context, id)} would retry "${pattern}", but that is a decision and is never retried.`,
          path: [...at, place],
          fix: 'Remove it; use a review gate, a fallback path or an escalation rule instead.',
        });
      else if (effect === 'once' && name !== 'not_sent') useless.push(pattern);
    });
    if (useless.length > 0)
      report(context, {
        code: 'retry_of_once',
        severity: 'warning',
        message: `${label(context, id)} happens once, so it is tried again only when its request never left, not on ${useless.map((pattern) => (pattern === '*' ? 'other passing failures' : pattern)).join(', ')}.`,
        path: at,
        fix: 'Retry only not_sent, or mark the step as safe to repeat if its target honours the key.',
      });
  });
}

/** Why a condition can never hold, or undefined when it can. */
function deadCondition(condition: GateCondition, effect: EffectClass): string | undefined {
  if ('confidenceBelow' in condition)
    return condition.confidenceBelow === 0 ? 'confidence is never below 0' : undefined;
  if ('effectIn' in condition)
    return condition.effectIn.includes(effect)
      ? undefined
      : `the step’s effect is “${effectText(effect).toLowerCase()}”`;
  return undefined;
}

function checkGate(context: CheckContext, node: GraphStep, side: 'before' | 'after', gate: Gate): void {
  const { id, effect } = node;
  const path = ['steps', id, 'gates', side];
  if (gate.when !== 'always') {
    const reasons = gate.when.any.map((condition) => deadCondition(condition, effect));
    if (reasons.every((reason) => reason !== undefined))
      report(context, {
        code: 'gate_never_asks',
        message: `The review of ${label(context, id)} can never be asked for: ${[...new Set(reasons)].join('; ')}.`,
        path: [...path, 'when'],
        fix: 'Choose a condition that can hold, or ask every time.',
      });
    const early = gate.when.any.findIndex((condition) => 'confidenceBelow' in condition);
    if (side === 'before' && early >= 0 && gate.confidence === undefined)
      report(context, {
        code: 'confidence_too_early',
        severity: 'warning',
        message: `The review before ${label(context, id)} looks at a confidence the step has not given yet, so it always asks.`,
        path: [...path, 'when', 'any', early],
        fix: 'Say where the confidence comes from, or review after the step.',
      });
  }
  if (side === 'after' && gate.allow?.includes('edit') && changesTheWorld(effect))
    report(context, {
      code: 'edit_after_change',
      message: `The result of ${label(context, id)} cannot be edited in review: it has changed another system by then.`,
      path: [...path, 'allow'],
      fix: 'Remove edit, or review before the step.',
    });
  if (gate.ladder !== undefined && gate.dueMs === undefined)
    report(context, {
      code: 'ladder_without_due_time',
      severity: 'warning',
      message: `The review of ${label(context, id)} names who is next, but has no due time, so nobody else is ever asked.`,
      path: [...path, 'ladder'],
      fix: 'Set a due time.',
    });
  checkReviewers(context, id, side, gate);
  checkSendBack(context, id, side, gate);
}

/** What nobody knows must be known before anything follows from it; what cannot be undone is not undone by a rule. */
const needsAnswer: readonly EscalationRule['on'][] = ['in_doubt', 'rollback_failed'];

function checkRules(context: CheckContext, rules: readonly EscalationRule[] | undefined, path: PathPart[]): void {
  rules?.forEach((rule, index) => {
    const missing =
      (rule.on === 'cost_over' && rule.micros === undefined && 'micros') ||
      (rule.on === 'confidence_below' && rule.below === undefined && 'below') ||
      (rule.on === 'waits_longer_than' && rule.ms === undefined && 'ms');
    if (missing)
      report(context, {
        code: 'escalation_without_limit',
        message: `The escalation rule ${rule.on} has no limit.`,
        path: [...path, index],
        fix: `Add "${missing}".`,
      });
    if (rule.ladder !== undefined && rule.dueMs === undefined)
      report(context, {
        code: 'ladder_without_due_time',
        severity: 'warning',
        message: `The escalation rule ${rule.on} names who is next, but has no due time, so nobody else is ever asked.`,
        path: [...path, index, 'ladder'],
        fix: 'Set a due time.',
      });
    if (needsAnswer.includes(rule.on) && (rule.then === 'fail' || rule.then === 'rollback'))
      report(context, {
        code: 'answer_needed_first',
        message: `The escalation rule ${rule.on} cannot ${rule.then === 'fail' ? 'fail the run' : 'roll back'} by itself: a person has to answer first.`,
        path: [...path, index, 'then'],
        fix: 'Let it pause the run.',
      });
  });
}

export function checkMarks(context: CheckContext): void {
  const { document, graph } = context;
  for (const node of graph.steps.values()) {
    const { id, step, effect } = node;
    if (changesTheWorld(effect) && step.checkpoint !== true && context.manifests.has(step.kind))
      report(context, {
        code: 'effect_without_checkpoint',
        message: `${label(context, id)} changes another system (“${effectText(effect)}”), but is not checkpointed.`,
        path: ['steps', id, 'checkpoint'],
        fix: 'Mark the step as checkpointed.',
      });
    if (step.retry) checkRetry(context, step.retry, ['steps', id, 'retry'], id, effect);
    if (step.compensate?.retry)
      checkRetry(
        context,
        step.compensate.retry,
        ['steps', id, 'compensate', 'retry'],
        id,
        step.compensate.effect ?? 'idempotent',
      );
    if (step.gates?.before) checkGate(context, node, 'before', step.gates.before);
    if (step.gates?.after) checkGate(context, node, 'after', step.gates.after);
    checkRules(context, step.escalation, ['steps', id, 'escalation']);
  }
  document.edges.forEach((edge, index) =>
    edge.onErrors?.forEach((pattern, place) =>
      unknownClass(context, pattern, ['edges', index, 'onErrors', place], edge.from.step),
    ),
  );
  checkRules(context, document.settings?.escalation, ['settings', 'escalation']);
  const steps = [...graph.steps.values()];
  const needsOwner =
    steps.some(
      ({ step, effect }) => step.gates !== undefined || step.escalation !== undefined || changesTheWorld(effect),
    ) ||
    document.settings?.escalation !== undefined ||
    document.settings?.stopWhen !== undefined;
  if (document.owner === undefined && needsOwner)
    report(context, {
      code: 'no_owner',
      severity: 'warning',
      message: 'The workflow has no owner, so what no rule catches reaches nobody.',
      path: ['owner'],
      fix: 'Name the person or role that is responsible.',
    });
}
