/**
 * Do the rules about a step's effect fit together: fallback paths that rules rely on, compensations that read what is
 * there? A contradiction is said before a run, because at run time it can only be handed to a person.
 */
import { stepReferences } from '../expression-scan.ts';
import { changesTheWorld } from '../../steps/effect.ts';
import type { EscalationRule } from '../document.ts';
import type { GraphStep } from '../graph.ts';
import type { PathPart } from '../pointer.ts';
import { templatesIn } from '../template.ts';
import { neighbours, reachable, type Neighbours } from '../walk.ts';
import { exists, label, manifestOf, report, type CheckContext } from './context.ts';

/** What is asked with these has no other path: an effect nobody knows about, and one that cannot be undone. */
const neverFallback: readonly EscalationRule['on'][] = ['in_doubt', 'rollback_failed', 'review_overdue'];

function checkFallbackRules(
  context: CheckContext,
  rules: readonly EscalationRule[] | undefined,
  path: PathPart[],
  id?: string,
): void {
  const hasPath = context.document.edges.some(
    (edge) => edge.from.port === 'failed' && (id === undefined || edge.from.step === id),
  );
  rules?.forEach((rule, index) => {
    if (rule.then !== 'fallback') return;
    const at = [...path, index, 'then'];
    if (neverFallback.includes(rule.on))
      report(context, {
        code: 'fallback_not_possible',
        message: `The escalation rule ${rule.on} cannot take a fallback path: a person has to answer first.`,
        path: at,
        fix: 'Choose to pause, to roll back or to fail.',
      });
    else if (!hasPath)
      report(context, {
        code: 'fallback_without_path',
        message: `The escalation rule ${rule.on} takes the fallback path, but ${id === undefined ? 'no step' : label(context, id)} ${id === undefined ? 'has one' : 'has none'}.`,
        path: at,
        fix: 'Connect the port “failed” to the step that takes over, or choose what else follows.',
      });
  });
}

/** What undoes a step runs when that step has ended: it can read that step and what ran before it, and nothing else. */
function checkCompensation(context: CheckContext, id: string, config: unknown): void {
  const back = neighbours(
    context.document.edges.map((edge) => ({ from: edge.from.step, to: edge.to.step })),
    'backward',
  );
  const before = reachable(back, [id]);
  const missing = new Set<string>();
  for (const { expression } of templatesIn(config, []).expressions)
    if (!context.parseExpression(expression))
      for (const { step } of stepReferences(expression))
        if (step !== id && exists(context, step) && !before.has(step)) missing.add(step);
  for (const named of missing)
    report(context, {
      code: 'undo_reads_missing_output',
      message: `What undoes ${label(context, id)} needs the result of ${label(context, named)}, which does not run before it, so it may be missing when it is needed.`,
      path: ['steps', id, 'compensate', 'config'],
      fix: 'Use output, request or response of the step itself, or a step that runs before it.',
    });
}

/** Only what was read before, by a step that can say which version it read, can be looked at again. */
function checkReads(context: CheckContext, node: GraphStep, back: Neighbours): void {
  const { id, step, effect } = node;
  if (!step.unchangedSince) return;
  const path = ['steps', id, 'unchangedSince'];
  if (!changesTheWorld(effect))
    report(context, {
      code: 'nothing_to_guard',
      severity: 'warning',
      message: `${label(context, id)} changes no other system, so it makes no difference whether what was read has changed.`,
      path,
      fix: 'Remove it, or name the reads on the step that makes the change.',
    });
  const before = reachable(back, [id]);
  step.unchangedSince.forEach((named, index) => {
    const at = { path: [...path, index], fix: 'Name a step that reads from another system and runs before this one.' };
    const read = context.graph.steps.get(named);
    if (!read) {
      const message = `${label(context, id)} relies on what the step "${named}" reads, but there is no such step.`;
      report(context, { ...at, code: 'unknown_step', message });
      return;
    }
    const versioned = manifestOf(context, read.step.kind)?.versioned === true && read.effect === 'read';
    const why =
      (!before.has(named) && 'does not run before it') ||
      (!versioned && 'reads nothing whose version is known') ||
      ((step.parent ?? read.step.parent) !== undefined && 'is not beside it in the drawing itself');
    if (!why) return;
    const message = `${label(context, id)} relies on what ${label(context, named)} reads, which ${why}.`;
    report(context, { ...at, code: 'read_not_usable', message });
  });
}

export function checkEffects(context: CheckContext): void {
  const back = neighbours(
    context.document.edges.map((edge) => ({ from: edge.from.step, to: edge.to.step })),
    'backward',
  );
  for (const node of context.graph.steps.values()) {
    const { id, step } = node;
    checkReads(context, node, back);
    checkFallbackRules(context, step.escalation, ['steps', id, 'escalation'], id);
    if (step.compensate) checkCompensation(context, id, step.compensate.config);
  }
  checkFallbackRules(context, context.document.settings?.escalation, ['settings', 'escalation']);
}
