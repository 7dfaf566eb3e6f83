/**
 * Can a review be answered at all by the people it needs? Several reviewers and people who are kept out must leave
 * enough others; who is kept out because of an earlier step must have been asked there.
 */
import type { Gate } from '../document.ts';
import { neighbours, reachable } from '../walk.ts';
import { exists, label, report, type CheckContext } from './context.ts';

export function checkReviewers(context: CheckContext, id: string, side: 'before' | 'after', gate: Gate): void {
  const path = ['steps', id, 'gates', side];
  const who = `The review of ${label(context, id)}`;
  const keptOut = gate.notBy ?? [];
  const asked = [gate.owner, ...(gate.ladder ?? []).map((rung) => rung.owner)];
  keptOut.forEach((entry, index) => {
    const at = [...path, 'notBy', index];
    if (entry === gate.owner)
      report(context, {
        code: 'owner_kept_out',
        message: `${who} asks ${entry} and keeps ${entry} out at the same time.`,
        path: at,
        fix: 'Ask somebody else, or remove the entry.',
      });
    if (entry.startsWith('step:')) checkEarlierReview(context, id, entry.slice('step:'.length), at);
  });
  const people = new Set(asked.filter((one) => !keptOut.includes(one)));
  const { quorum = 1 } = gate;
  // Behind a role there may be any number of people.
  if ([...people].every((one) => one.startsWith('person:')) && people.size < quorum && quorum > 1)
    report(context, {
      code: 'quorum_too_large',
      message: `${who} needs ${quorum} people, but asks only ${people.size === 1 ? 'one' : people.size}.`,
      path: [...path, 'quorum'],
      fix: 'Ask a role, or need fewer people.',
    });
}

function checkEarlierReview(context: CheckContext, id: string, earlier: string, path: (string | number)[]): void {
  const who = `The review of ${label(context, id)}`;
  if (!exists(context, earlier)) {
    report(context, {
      code: 'unknown_step',
      message: `${who} keeps out who decided on the step "${earlier}", which does not exist.`,
      path,
      fix: 'Name an existing step, or remove it.',
    });
    return;
  }
  const back = neighbours(
    context.document.edges.map((edge) => ({ from: edge.from.step, to: edge.to.step })),
    'backward',
  );
  const { gates } = context.document.steps[earlier] ?? {};
  const isAsked = gates?.before !== undefined || gates?.after !== undefined;
  if (isAsked && reachable(back, [id]).has(earlier)) return;
  report(context, {
    code: 'nobody_decided_there',
    message: `${who} keeps out who decided on ${label(context, earlier)}, but nobody reviews that step before this one.`,
    path,
    fix: 'Name a step with a review that runs before this one, or remove it.',
  });
}
