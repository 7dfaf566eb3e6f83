/**
 * Can a review send back at all? The named step must run before the reviewed one, and whatever it makes run again must be
 * undoable where it changes another system: else the review would not offer to send back.
 */
import { changesTheWorld } from '../../steps/effect.ts';
import type { Gate } from '../document.ts';
import { neighbours, reachable } from '../walk.ts';
import { exists, label, report, type CheckContext } from './context.ts';

export function checkSendBack(context: CheckContext, id: string, side: 'before' | 'after', gate: Gate): void {
  const path = ['steps', id, 'gates', side];
  const target = gate.sendBackTo;
  const isOffered = gate.allow === undefined || gate.allow.includes('send_back');
  if (target === undefined) {
    if (side === 'before' && gate.allow?.includes('send_back'))
      report(context, {
        code: 'send_back_without_step',
        message: `The review before ${label(context, id)} may send back, but does not say to which step.`,
        path: [...path, 'allow'],
        fix: 'Name the step to send back to, or remove send back.',
      });
    return;
  }
  const at = { path: [...path, 'sendBackTo'], fix: 'Name a step that runs before this one.' };
  if (!exists(context, target)) {
    const message = `The review of ${label(context, id)} sends back to the step "${target}", which does not exist.`;
    report(context, { ...at, code: 'unknown_step', message });
    return;
  }
  const arrows = context.document.edges
    .filter((edge) => !edge.loop)
    .map((edge) => ({ from: edge.from.step, to: edge.to.step }));
  if (target === id ? side === 'before' : !reachable(neighbours(arrows, 'backward'), [id]).has(target)) {
    report(context, {
      ...at,
      code: 'send_back_not_upstream',
      message: `The review of ${label(context, id)} sends back to ${label(context, target)}, which does not run before it.`,
    });
    return;
  }
  if (target === id || !isOffered) return;
  const forward = neighbours(arrows, 'forward');
  const later = reachable(forward, [id]);
  const again = [target, ...reachable(forward, [target])].filter(
    (one) => !later.has(one) && (one !== id || side === 'after'),
  );
  const stays = again.find((one) => {
    const node = context.graph.steps.get(one);
    return node !== undefined && changesTheWorld(node.effect) && !context.graph.compensations.has(one);
  });
  if (stays !== undefined)
    report(context, {
      code: 'send_back_cannot_undo',
      severity: 'warning',
      message: `The review of ${label(context, id)} cannot send back to ${label(context, target)} once ${label(context, stays)} has happened, because the workflow does not say how to undo that.`,
      path: [...path, 'sendBackTo'],
      fix: `Say how to undo ${label(context, stays)}, or send back to a later step.`,
    });
}
