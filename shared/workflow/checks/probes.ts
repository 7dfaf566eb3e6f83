/**
 * Can the target be asked whether a change happened? Whoever asks must only read, and a change that can be checked needs
 * somebody who asks: without that a lost answer ends with a person, like what happens once.
 */
import { effectOf } from '../../steps/manifest.ts';
import { durationText } from '../describe.ts';
import { defaultAttemptTimeoutMs, defaultSettleMs } from '../document.ts';
import type { GraphStep } from '../graph.ts';
import type { PathPart } from '../pointer.ts';
import { label, manifestOf, report, type CheckContext } from './context.ts';

function checkAsker(context: CheckContext, node: GraphStep, path: readonly PathPart[], who: string): void {
  checkPatience(context, node, path, who);
  const { step, effect } = node;
  const { probe, retry } = step;
  if (!probe) {
    if (effect === 'probeable')
      report(context, {
        code: 'probe_missing',
        severity: 'warning',
        message: `${who} can be checked, but nothing says how, so a person is asked whenever its answer is lost.`,
        path: [...path, 'effect'],
        fix: 'Add "probe" with the call that asks the other system.',
      });
    return;
  }
  const manifest = manifestOf(context, probe.kind);
  if (manifest && (effectOf(probe, manifest) !== 'read' || manifest.versioned !== true))
    report(context, {
      code: 'probe_not_reading',
      message: `What asks whether ${who} happened must be a call that reads from the other system, and nothing else.`,
      path: [...path, 'probe'],
      fix: 'Choose a call that only reads, such as GET.',
    });
  if (effect !== 'probeable')
    report(context, {
      code: 'probe_not_used',
      severity: 'warning',
      message: `Nobody asks whether ${who} happened, because its effect is not “Can be checked”.`,
      path: [...path, 'probe'],
      fix: 'Set "effect" to "probeable", or remove the probe.',
    });
  else if (!retry || retry.retriers.every(({ maxRetries }) => maxRetries === 0))
    report(context, {
      code: 'probe_without_retry',
      severity: 'warning',
      message: `The other system is asked about ${who} when the step is tried again, but it is not retryable: after a lost answer a person is asked.`,
      path: [...path, 'probe'],
      fix: 'Mark the step as retryable.',
    });
}

/** A no needs the time in which a lost request may still arrive; an attempt that ends before never makes the change. */
function checkPatience(context: CheckContext, { step }: GraphStep, path: readonly PathPart[], who: string): void {
  const settleMs = step.probe?.settleMs ?? defaultSettleMs;
  const timeoutMs = step.retry?.attemptTimeoutMs ?? defaultAttemptTimeoutMs;
  if (!step.probe || timeoutMs > settleMs) return;
  report(context, {
    code: 'probe_outlasts_attempt',
    message: `An attempt of ${who} ends after ${durationText(timeoutMs)}, but finding out that it did not happen takes ${durationText(settleMs)}, so it is never tried again.`,
    path: [...path, 'probe'],
    fix: 'Give the attempt more time, or say with "settleMs" how long a request may be on its way.',
  });
}

export function checkProbes(context: CheckContext): void {
  for (const node of context.graph.steps.values())
    checkAsker(context, node, ['steps', node.id], label(context, node.id));
  for (const [id, node] of context.graph.compensations)
    if (context.document.steps[id]?.compensate)
      checkAsker(context, node, ['steps', id, 'compensate'], `what undoes ${label(context, id)}`);
}
