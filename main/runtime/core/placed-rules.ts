/** Escalation rules and where they stand: the drawn step's own first, also for what undoes it, then the workflow's. */
import type { StepKey } from '../../../shared/run/events.ts';
import { stepIdOf, undoneBy } from '../../../shared/run/keys.ts';
import type { EscalationRule, EscalationTrigger } from '../../../shared/workflow/document.ts';
import { nodeOf } from '../../../shared/workflow/graph.ts';
import type { DecideContext } from './commands.ts';

export interface PlacedRule {
  rule: EscalationRule;
  /** JSON Pointer of the rule in the workflow. */
  place: string;
  /** Drawn on the step itself. */
  isOwn: boolean;
}

export function rulesFor(ctx: DecideContext, key: StepKey, on: EscalationTrigger): PlacedRule[] {
  const id = stepIdOf(undoneBy(key));
  const own = (nodeOf(ctx.graph, undoneBy(key))?.step.escalation ?? []).map((rule, index): PlacedRule => ({
    rule,
    place: `/steps/${id}/escalation/${index}`,
    isOwn: true,
  }));
  const common = (ctx.graph.document.settings?.escalation ?? []).map((rule, index): PlacedRule => ({
    rule,
    place: `/settings/escalation/${index}`,
    isOwn: false,
  }));
  return [...own, ...common].filter(({ rule }) => rule.on === on);
}
