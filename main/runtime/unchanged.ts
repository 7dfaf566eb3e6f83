/**
 * Right before a change: is what was read for it still the same? Reads again by the kind that read, and compares. Must
 * never let the change begin when the answer is no, or when there is no answer.
 */
import { transientErrors } from '../../shared/run/errors.ts';
import type { BasedOn } from '../../shared/run/events.ts';
import type { Outcome, StepContext, StepKind } from '../steps/kind.ts';

/** What was read, and how: with what it takes to read it again. */
export interface EarlierRead extends BasedOn {
  kind: string;
  /** Resolved. */
  config: Record<string, unknown>;
}

type Failed = Extract<Outcome, { ok: false }>;

/** Of the change nothing has left, whatever became of the look: when that may pass, it is tried again. */
export function notLookedAt({ error }: Failed): Failed {
  if (!transientErrors.includes(error.class)) return { ok: false, error, sent: false };
  const message = `What was read could not be looked at again, so nothing was sent: ${error.message}`;
  return { ok: false, error: { ...error, class: 'not_sent', code: error.class, message }, sent: false };
}

/** Undefined when the change may be made: what the request itself makes a condition of needs no second look. */
export async function whyNotUnchanged(
  reads: readonly EarlierRead[],
  change: { kind: StepKind; config: Record<string, unknown> },
  kinds: ReadonlyMap<string, StepKind>,
  contextOf: (read: EarlierRead) => StepContext,
): Promise<Failed | undefined> {
  for (const read of reads) {
    if (change.kind.makesCondition?.(change.config, read)) continue;
    const found = await kinds.get(read.kind)?.execute(read.config, contextOf(read));
    if (found && 'ok' in found && !found.ok) return notLookedAt(found);
    const now = found && 'ok' in found ? found.version : undefined;
    if (now && (now.digest === read.digest || (now.etag !== undefined && now.etag === read.etag))) continue;
    const message = `${read.url} has changed since ${read.step} read it, so nothing was sent.`;
    return { ok: false, sent: false, error: { class: 'stale', code: 'changed', message } };
  }
  return undefined;
}
