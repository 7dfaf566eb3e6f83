/**
 * Steps that wait too long: for a review, for their next try, for a signal. The limit of the nearest rule is written
 * down when the wait begins, so that it outlives the host; when it is over the rule's owner is asked while the step
 * keeps waiting, and the item closes by itself with the wait. What a `wait` step was drawn to wait is never too long.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { StepKey, TaskAnswer } from '../../../shared/run/events.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { isOpen, stepOf, type RunState, type StepState } from '../../../shared/run/state.ts';
import { openLimits } from '../../../shared/run/wake.ts';
import { durationText, stepLabel } from '../../../shared/workflow/describe.ts';
import type { EscalationRule } from '../../../shared/workflow/document.ts';
import type { DecideContext } from './commands.ts';
import { putInDoubt, unsettledEffect } from './effects.ts';
import { endByRule, escalate } from './failure.ts';
import { takeFallbackByRule } from './fallback.ts';
import { rulesFor, type PlacedRule } from './placed-rules.ts';
import { emit, graphStep, stepState, type Turn } from './turn.ts';

/** Called at the end of a turn: every wait that began in it gets its limit. */
export function limitWaits(turn: Turn): void {
  const { end, cancelling, rollback, steps } = turn.state;
  if (end || cancelling || rollback) return;
  for (const step of Object.values(steps)) {
    if (!isWaiting(step) || step.watch) continue;
    const placed = nearestRule(turn.ctx, step.key);
    if (!placed) continue;
    emit(turn, {
      type: 'wait_limited',
      step: step.key,
      dueAt: turn.ctx.now + (placed.rule.ms ?? 0),
      rule: placed.place,
    });
  }
}

/** Waits whose limit was not reached yet, with the moment it will be. */
export function limitedWaits(state: RunState): { step: StepKey; dueAt: number }[] {
  return state.cancelling || state.paused || state.rollback ? [] : openLimits(state);
}

/** False when it came too late: the wait has ended, or was escalated already. */
export function escalateWait(turn: Turn, key: StepKey): boolean {
  const step = stepOf(turn.state, key);
  const isDue = limitedWaits(turn.state).some((wait) => wait.step === key && wait.dueAt <= turn.ctx.now);
  const placed = rulesFor(turn.ctx, key, 'waits_longer_than').find(({ place }) => place === step?.watch?.rule);
  if (!step || !isDue || !placed) return false;
  const { then, ms = 0 } = placed.rule;
  const label = stepLabel(turn.ctx.graph.document, key);
  const message = `“${label}” has waited longer than ${durationText(ms)} for ${awaitedBy(turn.state, step)}`;
  const unsettled = unsettledEffect(turn.state, key);
  if (unsettled && then !== undefined && then !== 'pause') {
    putInDoubt(turn, unsettled, message);
    return true;
  }
  const node = graphStep(turn.ctx, key);
  if (then === 'fallback' && node && takeFallbackByRule(turn, node, key, { on: 'waits_longer_than', message }))
    return true;
  if (then !== 'fail' && then !== 'rollback') {
    askAboutWait(turn, key, placed, message);
    return true;
  }
  const error: StepError = { class: 'timeout', code: 'waits_longer_than', message };
  endByRule(turn, key, error, then);
  return true;
}

function askAboutWait(turn: Turn, key: StepKey, { rule, place }: PlacedRule, message: string): void {
  // What was announced may still happen, so there is nothing to give up or to replace yet.
  const allow: TaskAnswer[] = unsettledEffect(turn.state, key) ? ['approve'] : ['approve', 'give_up', 'skip'];
  escalate(turn, key, {
    on: 'waits_longer_than',
    message,
    allow,
    pausesRun: rule.then === 'pause',
    isWait: true,
    place,
  });
}

function isWaiting({ key, word, status }: StepState): boolean {
  return word === 'waiting' && status !== 'timer' && !isUndoKey(key);
}

/** The step's own rules come before the workflow's; of several the one that is over first. */
function nearestRule(ctx: DecideContext, key: StepKey): PlacedRule | undefined {
  const rules = rulesFor(ctx, key, 'waits_longer_than');
  const own = rules.filter(({ isOwn }) => isOwn);
  const msOf = ({ ms = 0 }: EscalationRule): number => ms;
  return (own.length > 0 ? own : rules).sort((one, other) => msOf(one.rule) - msOf(other.rule))[0];
}

function awaitedBy(state: RunState, { key, status }: StepState): string {
  if (status === 'retry') return 'its next try';
  if (status !== 'review') return `its ${status}`;
  const owner = Object.values(state.tasks).find((task) => task.step === key && isOpen(task))?.owner;
  return `a review by ${owner}`;
}

/** The error of a step that nobody wants to wait for any more. */
export function errorOfWait(turn: Turn, key: StepKey, by: string): StepError {
  const label = stepLabel(turn.ctx.graph.document, stepState(turn, key).key);
  return { class: 'timeout', code: 'waits_longer_than', message: `${by} gave up waiting for “${label}”` };
}
