/**
 * Do the budgets make sense: is there room for at least one call, can each of them be reached, and is it where it is
 * watched? What a call may cost is known without its values only from below, so nothing here is a false alarm.
 */
import type { Estimate } from '../../run/spend.ts';
import { durationText, moneyText } from '../describe.ts';
import type { Budget } from '../document.ts';
import { templateParts } from '../template.ts';
import { label, report, type CheckContext } from './context.ts';

type Measure = keyof Budget;

/** At 0 of these nothing could ever begin; 0 retries or rounds are a choice. */
const neverNothing: readonly Measure[] = [
  'costMicros',
  'tokens',
  'attempts',
  'wallMs',
  'perDayMicros',
  'perMonthMicros',
];
const ofWorkflow: readonly Measure[] = ['perDayMicros', 'perMonthMicros'];
const shared: readonly Measure[] = ['costMicros', 'tokens', 'attempts', 'wallMs', 'retries', 'iterations'];

function amountText(measure: Measure, amount: number): string {
  if (measure.endsWith('Micros')) return moneyText(amount);
  if (measure === 'wallMs') return durationText(amount);
  return `${amount} ${measure}`;
}

export function checkBudgets(context: CheckContext): void {
  const { document } = context;
  const ofRun = document.settings?.budget;
  const path = ['settings', 'budget'];
  const calls = Object.entries(document.steps).flatMap(([id, step]) => {
    const estimate = context.estimate?.(step.kind, withoutValues(step.config));
    return estimate ? [{ id, estimate }] : [];
  });
  if (ofRun) {
    checkNothing(context, ofRun, path, 'the workflow');
    for (const { id, estimate } of calls) checkRoom(context, ofRun, path, id, estimate);
    checkReach(context, 'a run', ofRun.costMicros, [...path, 'costMicros'], 'a day', ofRun.perDayMicros);
    checkReach(context, 'a day', ofRun.perDayMicros, [...path, 'perDayMicros'], 'a month', ofRun.perMonthMicros);
  }
  (document.settings?.stopWhen ?? []).forEach((condition, index) => {
    if ('costAboveMicros' in condition)
      checkReach(
        context,
        'the stop condition',
        condition.costAboveMicros,
        ['settings', 'stopWhen', index],
        'a run',
        ofRun?.costMicros,
      );
  });
  for (const [id, { budget }] of Object.entries(document.steps)) {
    if (!budget) continue;
    const at = ['steps', id, 'budget'];
    const estimate = calls.find((call) => call.id === id)?.estimate;
    checkNothing(context, budget, at, label(context, id));
    if (estimate) checkRoom(context, budget, at, id, estimate);
    for (const measure of ofWorkflow) {
      if (budget[measure] === undefined) continue;
      report(context, {
        code: 'budget_of_workflow',
        message: `A budget per day or month belongs to the whole workflow, not to ${label(context, id)}.`,
        path: [...at, measure],
        fix: 'Set it in the settings of the workflow.',
      });
    }
    for (const measure of shared) {
      const [own, run] = [budget[measure], ofRun?.[measure]];
      if (own === undefined || run === undefined || own <= run) continue;
      report(context, {
        code: 'budget_never_reached',
        severity: 'warning',
        message: `The budget of ${label(context, id)} (${amountText(measure, own)}) can never be reached: the whole run has ${amountText(measure, run)}.`,
        path: [...at, measure],
        fix: 'Make it smaller, or remove it.',
      });
    }
  }
}

function checkNothing(context: CheckContext, budget: Budget, path: (string | number)[], of: string): void {
  for (const measure of neverNothing) {
    if (budget[measure] !== 0) continue;
    report(context, {
      code: 'budget_of_nothing',
      message: `With this budget of ${of} nothing could ever begin: it is 0.`,
      path: [...path, measure],
      fix: 'Make it larger, or remove it.',
    });
  }
}

/** One call has to fit, else its step only ever asks whether it may begin. */
function checkRoom(
  context: CheckContext,
  budget: Budget,
  path: (string | number)[],
  id: string,
  estimate: Estimate,
): void {
  const needs: [Measure, number][] = [
    ['costMicros', estimate.costMicros],
    ['tokens', estimate.tokens],
    ['perDayMicros', estimate.costMicros],
    ['perMonthMicros', estimate.costMicros],
  ];
  for (const [measure, need] of needs) {
    const limit = budget[measure];
    if (limit === undefined || limit === 0 || limit >= need) continue;
    report(context, {
      code: 'budget_below_one_call',
      message: `One call of ${label(context, id)} may take ${amountText(measure, need)}, but this budget is ${amountText(measure, limit)}, so it never begins without being asked about.`,
      path: [...path, measure],
      step: id,
      fix: `Allow at least ${amountText(measure, need)}.`,
    });
  }
}

function checkReach(
  context: CheckContext,
  what: string,
  own: number | undefined,
  path: (string | number)[],
  whole: string,
  limit: number | undefined,
): void {
  if (own === undefined || limit === undefined || own <= limit) return;
  report(context, {
    code: 'budget_never_reached',
    severity: 'warning',
    message: `The limit of ${what} (${moneyText(own)}) can never be reached: ${whole} has ${moneyText(limit)}.`,
    path,
    fix: 'Make it smaller, or remove it.',
  });
}

/** The config with nothing in place of what a run fills in: what is sent is never less. */
function withoutValues(config: Record<string, unknown>): Record<string, unknown> {
  const plain = (value: unknown): unknown => {
    if (typeof value === 'string')
      return templateParts(value)
        .parts.map((part) => (part.type === 'text' ? part.text : ''))
        .join('');
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  };
  return plain(config) as Record<string, unknown>;
}
