/**
 * What all runs of a workflow spent per UTC day and month, in memory: brought up to date the moment a decision is taken,
 * so that two runs in one turn of the event loop cannot both take the last of a budget. The table behind it is written
 * with the events; this is filled from it once, before the first run is loaded.
 */
import { addSpend, nothingSpent, type PeriodSpend, type Spend, type SpendTotal } from '../../../shared/run/spend.ts';

export interface Spending {
  load(totals: readonly SpendTotal[]): void;
  /** What was spent in this period by all runs of the workflow but the one whose share this is. */
  others(workflowId: string, period: string, own: PeriodSpend | undefined): PeriodSpend;
  /** A decision changed one run's share. */
  note(workflowId: string, before: Spend | undefined, after: Spend | undefined): void;
}

export function createSpending(): Spending {
  const totals = new Map<string, PeriodSpend>();
  const keyOf = (workflowId: string, period: string): string => `${workflowId}\n${period}`;

  function add(key: string, share: PeriodSpend): void {
    totals.set(key, addSpend(totals.get(key) ?? nothingSpent, share));
  }

  return {
    load(found) {
      for (const { workflowId, period, ...share } of found) add(keyOf(workflowId, period), share);
    },
    others(workflowId, period, own) {
      const total = totals.get(keyOf(workflowId, period));
      return total ? addSpend(total, negative(own)) : nothingSpent;
    },
    note(workflowId, before, after) {
      if (before === after) return;
      for (const period of Object.keys({ ...before, ...after })) {
        const old = before?.[period];
        const share = after?.[period] ?? nothingSpent;
        if (old !== share) add(keyOf(workflowId, period), addSpend(share, negative(old)));
      }
    },
  };
}

/** Taken away: amounts are, what was raised or warned about holds for all runs. */
function negative(share: PeriodSpend | undefined): PeriodSpend {
  return { spentMicros: -(share?.spentMicros ?? 0), reservedMicros: -(share?.reservedMicros ?? 0) };
}
