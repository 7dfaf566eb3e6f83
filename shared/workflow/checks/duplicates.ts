/**
 * Does a step ask another system for exactly what a step before it has asked for? The run would stop there and ask
 * whether it is meant, so that is said before. Must never warn of a path that is taken because the first step failed.
 */
import { changesTheWorld } from '../../steps/effect.ts';
import { canonicalText } from '../canonical.ts';
import type { GraphStep } from '../graph.ts';
import { neighbours, reachable } from '../walk.ts';
import { label, report, type CheckContext } from './context.ts';

export function checkDuplicates(context: CheckContext): void {
  const { document, graph } = context;
  const groups = new Map<string, GraphStep[]>();
  for (const node of graph.steps.values()) {
    if (!changesTheWorld(node.effect) || !context.manifests.has(node.step.kind)) continue;
    const call = `${node.step.kind}\n${canonicalText(node.step.config)}`;
    groups.set(call, [...(groups.get(call) ?? []), node]);
  }
  const forward = document.edges.filter((edge) => !edge.loop);
  const next = neighbours(
    forward.map((edge) => ({ from: edge.from.step, to: edge.to.step })),
    'forward',
  );
  for (const same of groups.values()) {
    if (same.length < 2) continue;
    const warned = new Set<string>();
    for (const { id } of same) {
      const well = forward.filter(({ from }) => from.step === id && !['failed', 'rejected'].includes(from.port));
      const starts = well.map(({ to }) => to.step);
      const after = reachable(next, starts);
      for (const { id: other } of same) {
        if (other === id || warned.has(other) || !(after.has(other) || starts.includes(other))) continue;
        warned.add(other);
        report(context, {
          code: 'duplicate_effect',
          severity: 'warning',
          message: `${label(context, other)} asks for exactly what ${label(context, id)} before it has done, so the run stops there and asks whether that is meant.`,
          path: ['steps', other, 'config'],
          fix: 'Remove one of the two, or let it ask for something else.',
        });
      }
    }
  }
}
