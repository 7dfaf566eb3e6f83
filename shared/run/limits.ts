/**
 * The limits that bind a run now – of the step, the run, and its workflow per UTC day and month – each with what is
 * used of it. Runtime, command line and screens read the same list. Must never decide anything: it only measures.
 */
import type { Budget, WorkflowDocument } from '../workflow/document.ts';
import type { StepKey } from './events.ts';
import { isUndoKey, stepIdOf, visitOf } from './keys.ts';
import { addSpend, nothingSpent, periodsOf, type PeriodSpend } from './spend.ts';
import { stepOf, type Attempt, type RunState } from './state.ts';

export type LimitScope = 'step' | 'run' | 'day' | 'month';
export type Measure = 'costMicros' | 'tokens' | 'attempts' | 'wallMs' | 'retries' | 'iterations';

export interface Limit {
  /** JSON Pointer of the rule in the workflow. */
  rule: string;
  scope: LimitScope;
  measure: Measure;
  /** As it holds now: what the workflow says, or what a person raised it to. */
  limit: number;
  /** Settled: what calls that ended have cost. */
  used: number;
  /** Held by calls in flight and by calls whose cost nobody knows. */
  reserved: number;
  /** `2026-11-23` or `2026-11`, for the limits of the whole workflow. */
  period?: string;
  /** In a list of all limits: the step it is a limit of. */
  step?: StepKey;
}

export interface LimitContext {
  document: WorkflowDocument;
  /** Epoch milliseconds. */
  now: number;
  /** What the other runs of this workflow spent in a day or month. */
  othersSpent?: ((period: string) => PeriodSpend) | undefined;
}

export function runLimits(state: RunState, { document, now, othersSpent }: LimitContext): Limit[] {
  const budget = document.settings?.budget;
  if (!budget) return [];
  const found = measured(state, budget, '/settings/budget', 'run', (measure) => usedByRun(state, measure, now));
  const { day, month } = periodsOf(now);
  const spans = [
    ['day', 'perDayMicros', day],
    ['month', 'perMonthMicros', month],
  ] as const;
  for (const [scope, name, period] of spans) {
    const written = budget[name];
    if (written === undefined) continue;
    const total = addSpend(state.spend?.[period] ?? nothingSpent, othersSpent?.(period) ?? nothingSpent);
    found.push({
      rule: `/settings/budget/${name}`,
      scope,
      measure: 'costMicros',
      limit: Math.max(written, total.raisedMicros ?? 0),
      used: total.spentMicros,
      reserved: total.reservedMicros,
      period,
    });
  }
  return found;
}

/** Every limit of the run, of its workflow, and of each step that was reached. */
export function allLimits(state: RunState, context: LimitContext): Limit[] {
  const keys = Object.keys(state.steps).filter((key) => !isUndoKey(key));
  const steps = keys.flatMap((key) =>
    stepLimits(state, stepIdOf(key), key, context).map((limit) => ({ ...limit, step: key })),
  );
  return [...runLimits(state, context), ...steps];
}

/** Cost and tokens are of the drawn step, in all its rounds and items; attempts, retries and time of this one. */
export function stepLimits(state: RunState, id: string, key: StepKey, { document, now }: LimitContext): Limit[] {
  const budget = document.steps[id]?.budget;
  if (!budget) return [];
  return measured(state, budget, `/steps/${id}/budget`, 'step', (measure) => usedByStep(state, id, key, measure, now));
}

const timeUnits: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a person writes as the new limit: money as `1.50`, time as `90 s` or `2 h`, else a whole number. */
export function limitValueOf({ measure }: Pick<Limit, 'measure'>, text: string): number | undefined {
  switch (measure) {
    case 'costMicros': {
      const [, whole, fraction = ''] = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text.trim()) ?? [];
      return whole === undefined ? undefined : Number(`${whole}${fraction.padEnd(6, '0')}`);
    }
    case 'wallMs': {
      const [, whole, unit = 'ms'] = /^(\d{1,12}) ?(ms|s|min|h|d)?$/.exec(text.trim()) ?? [];
      return whole === undefined ? undefined : Number(whole) * (timeUnits[unit] as number);
    }
    case 'tokens':
    case 'attempts':
    case 'retries':
    case 'iterations': {
      const [whole] = /^\d{1,15}$/.exec(text.trim()) ?? [];
      return whole === undefined ? undefined : Number(whole);
    }
  }
}

const measures: readonly Measure[] = ['costMicros', 'tokens', 'attempts', 'wallMs', 'retries', 'iterations'];

interface Used {
  used: number;
  reserved: number;
}

function measured(
  state: RunState,
  budget: Budget,
  place: string,
  scope: 'step' | 'run',
  use: (measure: Measure) => Used,
): Limit[] {
  return measures.flatMap((measure) => {
    const written = budget[measure];
    if (written === undefined) return [];
    const rule = `${place}/${measure}`;
    return [{ rule, scope, measure, limit: Math.max(written, state.raised?.[rule] ?? 0), ...use(measure) }];
  });
}

function usedByRun(state: RunState, measure: Measure, now: number): Used {
  switch (measure) {
    case 'costMicros':
      return { used: state.costMicros, reserved: state.reserved?.costMicros ?? 0 };
    case 'tokens':
      return { used: state.usage.inputTokens + state.usage.outputTokens, reserved: state.reserved?.tokens ?? 0 };
    case 'attempts':
      return count(Object.values(state.steps).reduce((sum, step) => sum + step.attempts.length, 0));
    case 'wallMs':
      return count(now - state.startedAt);
    case 'retries':
      return count(state.retriesUsed);
    case 'iterations':
      return count(state.iterations ?? 0);
  }
}

function usedByStep(state: RunState, id: string, key: StepKey, measure: Measure, now: number): Used {
  const step = stepOf(state, key);
  switch (measure) {
    case 'costMicros':
      return sumOf(state, id, (attempt) => [attempt.costMicros, attempt.reserved?.costMicros ?? 0]);
    case 'tokens':
      return sumOf(state, id, ({ usage, reserved }) => [
        usage ? usage.inputTokens + usage.outputTokens : 0,
        reserved?.tokens ?? 0,
      ]);
    case 'attempts':
      return count(step?.attempts.length ?? 0);
    case 'wallMs':
      return count(step?.firstStartedAt === undefined ? 0 : now - step.firstStartedAt);
    case 'retries':
      return count((step?.retries ?? []).reduce((sum, used) => sum + used, 0));
    case 'iterations':
      return count(visitOf(key) - 1);
  }
}

function count(used: number): Used {
  return { used, reserved: 0 };
}

function sumOf(state: RunState, id: string, of: (attempt: Attempt) => [used: number, reserved: number]): Used {
  const sum = { used: 0, reserved: 0 };
  for (const step of Object.values(state.steps)) {
    // Undoing is exempt from the budgets of going forward.
    if (stepIdOf(step.key) !== id || isUndoKey(step.key)) continue;
    for (const attempt of step.attempts) {
      const [used, reserved] = of(attempt);
      sum.used += used;
      sum.reserved += reserved;
    }
  }
  return sum;
}
