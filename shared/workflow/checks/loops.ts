/** Can every loop be repeated as a whole? It is entered at one step only: where its connections lead back to. */
import { sideEntries } from '../regions.ts';
import { exists, label, report, type CheckContext } from './context.ts';

export function checkLoops(context: CheckContext): void {
  const { edges } = context.document;
  const known = edges.filter((edge) => exists(context, edge.from.step) && exists(context, edge.to.step));
  for (const { region, step, edge } of sideEntries(known)) {
    const head = label(context, region.head);
    const how = edge ? `can also be reached from ${label(context, edge.from.step)} outside it` : 'begins on its own';
    report(context, {
      code: 'loop_second_entry',
      message: `${label(context, step)} is inside the loop back to ${head}, but ${how}, so the loop cannot be repeated as a whole.`,
      path: edge ? ['edges', edges.indexOf(edge)] : ['steps', step],
      step: edge?.from.step ?? step,
      fix: `Let the way into the loop lead through ${head}, or let the loop go back further.`,
    });
  }
}
