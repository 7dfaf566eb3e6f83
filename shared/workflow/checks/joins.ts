/** Can every join that does not wait for all branches be reached as it says? */
import { neededBy } from '../joins.ts';
import { label, report, type CheckContext } from './context.ts';

export function checkJoins(context: CheckContext): void {
  for (const { id, step, arriving } of context.graph.steps.values()) {
    const needed = neededBy(step);
    if (needed === Number.POSITIVE_INFINITY || needed <= Math.max(arriving.length, 1)) continue;
    report(context, {
      code: 'join_of_too_many',
      message: `${label(context, id)} waits for ${needed} branches, but only ${arriving.length} lead to it.`,
      path: ['steps', id, 'join'],
      fix: 'Wait for fewer branches, or connect more of them.',
    });
  }
}
