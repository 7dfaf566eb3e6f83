/**
 * Limits: cost, tokens, attempts and time of a step, the run and its workflow per day and month, and the stop conditions
 * drawn on the canvas. They are looked at before every attempt, with the most that it may cost; at a limit the run parks
 * at this step boundary and a named person raises it, lets it pass, or gives up (semantics, Budgets).
 */
import { runLimits, stepLimits, type Limit } from '../../../shared/run/limits.ts';
import type { Estimate } from '../../../shared/run/spend.ts';
import type { RunState, TaskState } from '../../../shared/run/state.ts';
import { durationText, moneyText } from '../../../shared/workflow/describe.ts';
import { amountText } from '../../../shared/workflow/describe-limits.ts';
import type { EscalationTrigger } from '../../../shared/workflow/document.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import type { Refusal } from './commands.ts';
import { emit, type Turn } from './turn.ts';

export interface CrossedLimit {
  on: EscalationTrigger;
  /** JSON Pointer of the rule in the workflow. */
  rule: string;
  message: string;
  /** Absent for a stop condition: it is let pass, not raised. */
  limit?: Limit;
}

const noCost: Estimate = { costMicros: 0, tokens: 0 };

/** `stops`: the values of the stop conditions that are expressions, by their index. */
export function crossedLimit(
  turn: Turn,
  node: GraphStep,
  key: string,
  stops: readonly unknown[],
  estimate: Estimate = noCost,
): CrossedLimit | undefined {
  const stop = crossedStops(turn, stops).find(({ rule }) => !wasLetPass(turn.state, rule));
  if (stop) return stop;
  for (const limit of limitsOf(turn, node, key)) {
    const message = whyCrossed(limit, mostOf(limit, estimate));
    if (message === undefined || wasLetPass(turn.state, limit.rule, limit.period)) continue;
    return { on: 'cost_over', rule: limit.rule, message, limit };
  }
  return undefined;
}

/** Every limit of the run and of this step; retries are bounded where they are scheduled. */
function limitsOf(turn: Turn, node: GraphStep, key: string): Limit[] {
  const context = { document: turn.ctx.graph.document, now: turn.ctx.now, othersSpent: turn.ctx.othersSpent };
  return [...runLimits(turn.state, context), ...stepLimits(turn.state, node.id, key, context)];
}

/** A limit that somebody let pass is not asked about again in this run; for a day or month, until the next one. */
function wasLetPass(state: RunState, rule: string, period?: string): boolean {
  return Object.values(state.tasks).some(
    (task) => task.rule === rule && task.decision?.answer === 'retry' && task.limit?.period === period,
  );
}

function mostOf({ measure }: Limit, estimate: Estimate): number {
  return measure === 'costMicros' || measure === 'tokens' ? estimate[measure] : 0;
}

/** Undefined while there is room for one more attempt that may take `most`. */
function whyCrossed(limit: Limit, most: number): string | undefined {
  const { measure, used, reserved } = limit;
  if (measure === 'retries') return undefined;
  const taken = used + reserved;
  // The last round that is allowed is still gone; what would be one too many is not.
  const isLeft = measure === 'iterations' ? taken <= limit.limit : taken < limit.limit;
  if (isLeft && taken + most <= limit.limit) return undefined;
  const text = (amount: number): string => amountText(measure, amount);
  if (most > limit.limit)
    return `One call of this step may take ${text(most)}; ${budgetName(limit)} is ${text(limit.limit)}`;
  const inFlight = reserved === 0 ? '' : `, and up to ${text(reserved)} is held by other calls`;
  const next = taken >= limit.limit || most === 0 ? '' : `; this call may take ${text(most)}`;
  return `${usedText(limit)}${inFlight}${next}; ${budgetName(limit)} is ${text(limit.limit)}`;
}

function budgetName({ scope }: Limit): string {
  switch (scope) {
    case 'step':
    case 'run':
      return 'its budget';
    case 'day':
      return 'its budget per day';
    case 'month':
      return 'its budget per month';
  }
}

function usedText(limit: Limit): string {
  const who = {
    step: 'This step',
    run: 'The run',
    day: `On ${limit.period} (UTC) the workflow`,
    month: `In ${limit.period} (UTC) the workflow`,
  }[limit.scope];
  const used = amountText(limit.measure, limit.used);
  switch (limit.measure) {
    case 'costMicros':
      return `${who} has cost ${used}`;
    case 'tokens':
      return `${who} has used ${used}`;
    case 'attempts':
    case 'retries':
      return `${who} has made ${used}`;
    case 'iterations':
      return `${who} has gone back for ${used}`;
    case 'wallMs':
      return `${who} has taken ${used}`;
  }
}

/** What the retry budgets of the run and of this step still allow; undefined without one. */
export function retriesLeft(turn: Turn, node: GraphStep, key: string): number | undefined {
  const left = limitsOf(turn, node, key).flatMap((limit) =>
    limit.measure === 'retries' ? [limit.limit - limit.used] : [],
  );
  return left.length === 0 ? undefined : Math.min(...left);
}

/** Only a workflow that limits cost or tokens holds anything for its calls; the others go on as fast as they can. */
export function reservationOf(turn: Turn, node: GraphStep, estimate: Estimate | undefined): Estimate | undefined {
  if (!estimate || (estimate.costMicros === 0 && estimate.tokens === 0)) return undefined;
  const budgets = [turn.ctx.graph.document.settings?.budget, node.step.budget];
  const isLimited = budgets.some((budget) => limitedBy.some((name) => budget?.[name] !== undefined));
  return isLimited ? estimate : undefined;
}

const limitedBy = ['costMicros', 'tokens', 'perDayMicros', 'perMonthMicros'] as const;

/** From here on a limit is close. */
const warnedAt = 0.8;

/** Called when an attempt began or ended: says once of every limit that most of it is used. */
export function warnOfLimits(turn: Turn, node: GraphStep, key: string): void {
  for (const limit of limitsOf(turn, node, key)) {
    if (limit.used === 0 || limit.used < limit.limit * warnedAt) continue;
    const warned = limit.period === undefined ? turn.state.warned?.[limit.rule] : warnedOfPeriod(turn, limit.period);
    if (warned !== undefined && warned >= limit.limit) continue;
    emit(turn, { type: 'budget_warning', step: key, ...limit }, true);
  }
}

function warnedOfPeriod({ ctx, state }: Turn, period: string): number {
  return Math.max(state.spend?.[period]?.warnedMicros ?? -1, ctx.othersSpent?.(period).warnedMicros ?? -1);
}

/** Why this cannot be the new limit; a limit may have been raised by somebody else since it was reached. */
export function refuseRaise(turn: Turn, node: GraphStep, task: TaskState, value: unknown): Refusal | undefined {
  const found = limitsOf(turn, node, task.step).find(({ rule }) => rule === task.rule);
  const limit = found && found.period === task.limit?.period ? found : task.limit;
  if (!limit) return { code: 'refused', message: 'There is no limit to raise here' };
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > limit.limit) return undefined;
  const unit = limit.measure === 'costMicros' ? ' (in micro-units)' : '';
  const message = `The new limit must be a whole number${unit} above ${amountText(limit.measure, limit.limit)}`;
  return { code: 'refused', message };
}

function crossedStops({ ctx, state }: Turn, stops: readonly unknown[]): CrossedLimit[] {
  const conditions = ctx.graph.document.settings?.stopWhen ?? [];
  const sinceMs = ctx.now - state.startedAt;
  return conditions.flatMap((condition, index) => {
    const rule = `/settings/stopWhen/${index}`;
    const stop = (message: string): CrossedLimit[] => [{ on: 'stop_condition', rule, message }];
    if ('costAboveMicros' in condition && state.costMicros > condition.costAboveMicros) {
      return stop(
        `The run has cost ${moneyText(state.costMicros)}; it stops above ${moneyText(condition.costAboveMicros)}`,
      );
    }
    if ('runsLongerThanMs' in condition && sinceMs > condition.runsLongerThanMs) {
      return stop(
        `The run has taken ${durationText(sinceMs)}; it stops after ${durationText(condition.runsLongerThanMs)}`,
      );
    }
    const rounds = state.iterations ?? 0;
    if ('iterationsAbove' in condition && rounds > condition.iterationsAbove)
      return stop(`The run has gone back ${rounds} times; it stops above ${condition.iterationsAbove}`);
    // An expression without a clear `false` stops the run: what cannot be told apart is looked at by a person.
    if ('expression' in condition && stops[index] !== false)
      return stop(`The stop condition ${condition.expression} holds`);
    return [];
  });
}
