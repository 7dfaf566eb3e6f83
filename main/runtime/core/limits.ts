/**
 * Limits of the run and of a step: cost, tokens, attempts, time, and the stop conditions drawn on the canvas. They are
 * looked at before every attempt; at a limit the run parks at this step boundary and a named person says whether it may
 * go on. A limit that somebody let pass is not asked about again in this run.
 */
import type { RunState, StepState } from '../../../shared/run/state.ts';
import { durationText, moneyText } from '../../../shared/workflow/describe.ts';
import type { Budget, EscalationTrigger } from '../../../shared/workflow/document.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import { stepState, type Turn } from './turn.ts';

export interface CrossedLimit {
  on: EscalationTrigger;
  /** JSON Pointer of the rule in the workflow. */
  rule: string;
  message: string;
}

interface Spent {
  costMicros: number;
  tokens: number;
  attempts: number;
  sinceMs: number;
}

/** `stops`: the values of the stop conditions that are expressions, by their index. */
export function crossedLimit(
  turn: Turn,
  node: GraphStep,
  key: string,
  stops: readonly unknown[],
): CrossedLimit | undefined {
  const { settings } = turn.ctx.graph.document;
  const run = spentByRun(turn.state, turn.ctx.now);
  const found = [
    ...crossedStops(turn, run, stops),
    ...crossedBudget(settings?.budget, run, '/settings/budget', 'The run'),
    ...crossedBudget(
      node.step.budget,
      spentByStep(stepState(turn, key), turn.ctx.now),
      `/steps/${node.id}/budget`,
      'This step',
    ),
  ];
  return found.find(({ rule }) => !wasLetPass(turn.state, rule));
}

function wasLetPass(state: RunState, rule: string): boolean {
  return Object.values(state.tasks).some((task) => task.rule === rule && task.decision?.answer === 'retry');
}

function crossedBudget(budget: Budget | undefined, spent: Spent, place: string, who: string): CrossedLimit[] {
  const found: CrossedLimit[] = [];
  const check = (name: keyof Budget, isCrossed: (limit: number) => boolean, says: (limit: number) => string): void => {
    const limit = budget?.[name];
    if (limit === undefined || !isCrossed(limit)) return;
    found.push({ on: 'cost_over', rule: `${place}/${name}`, message: `${who} ${says(limit)}` });
  };
  check(
    'costMicros',
    (limit) => spent.costMicros >= limit,
    (limit) => `has cost ${moneyText(spent.costMicros)}; its budget is ${moneyText(limit)}`,
  );
  check(
    'tokens',
    (limit) => spent.tokens >= limit,
    (limit) => `has used ${spent.tokens} tokens; its budget is ${limit}`,
  );
  check(
    'attempts',
    (limit) => spent.attempts >= limit,
    (limit) => `has made ${spent.attempts} attempts; its budget is ${limit}`,
  );
  check(
    'wallMs',
    (limit) => spent.sinceMs >= limit,
    (limit) => `has taken ${durationText(spent.sinceMs)}; its budget is ${durationText(limit)}`,
  );
  return found;
}

function crossedStops(turn: Turn, spent: Spent, stops: readonly unknown[]): CrossedLimit[] {
  const conditions = turn.ctx.graph.document.settings?.stopWhen ?? [];
  return conditions.flatMap((condition, index) => {
    const rule = `/settings/stopWhen/${index}`;
    const stop = (message: string): CrossedLimit[] => [{ on: 'stop_condition', rule, message }];
    if ('costAboveMicros' in condition && spent.costMicros > condition.costAboveMicros) {
      return stop(
        `The run has cost ${moneyText(spent.costMicros)}; it stops above ${moneyText(condition.costAboveMicros)}`,
      );
    }
    if ('runsLongerThanMs' in condition && spent.sinceMs > condition.runsLongerThanMs) {
      return stop(
        `The run has taken ${durationText(spent.sinceMs)}; it stops after ${durationText(condition.runsLongerThanMs)}`,
      );
    }
    // An expression without a clear `false` stops the run: what cannot be told apart is looked at by a person.
    if ('expression' in condition && stops[index] !== false)
      return stop(`The stop condition ${condition.expression} holds`);
    return [];
  });
}

function spentByRun(state: RunState, now: number): Spent {
  return {
    costMicros: state.costMicros,
    tokens: state.usage.inputTokens + state.usage.outputTokens,
    attempts: Object.values(state.steps).reduce((sum, step) => sum + step.attempts.length, 0),
    sinceMs: now - state.startedAt,
  };
}

function spentByStep(step: StepState, now: number): Spent {
  const spent: Spent = {
    costMicros: 0,
    tokens: 0,
    attempts: step.attempts.length,
    sinceMs: step.firstStartedAt === undefined ? 0 : now - step.firstStartedAt,
  };
  for (const { costMicros, usage } of step.attempts) {
    spent.costMicros += costMicros;
    spent.tokens += (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  }
  return spent;
}
