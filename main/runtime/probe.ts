/**
 * Asks a target whether a change happened that was sent and never answered, before the change is made again. A yes
 * settles it, a no lets it be made. Must never let a no count while the lost request may still be on its way, nor let the
 * change be made when there is no clear answer.
 */
import { transientErrors } from '../../shared/run/errors.ts';
import type { StepError } from '../../shared/run/errors.ts';
import type { StepKey } from '../../shared/run/events.ts';
import type { EffectState, RunState } from '../../shared/run/state.ts';
import { defaultSettleMs } from '../../shared/workflow/document.ts';
import type { GraphStep } from '../../shared/workflow/graph.ts';
import type { Outcome, StepContext, StepKind } from '../steps/kind.ts';
import { StepFailure } from '../steps/kind.ts';
import { evaluate, resolve, type Resolved, type Scope } from './expressions.ts';
import { scopeOfStep } from './prepare.ts';

/** A question to the target, ready to be asked. */
export interface Probe {
  /** The kind of step that asks; one that only reads. */
  kind: string;
  /** A no counts when it is still a no after this many milliseconds. */
  settleMs: number;
  config(): Promise<Resolved>;
  judge(answer: unknown): Promise<Judgement>;
}

type Judgement = { happened: true; output: unknown } | { happened: false } | { unclear: string };
type Failed = Extract<Outcome, { ok: false }>;

/** With these the target says that what was asked for is not there. */
const notThere: readonly (string | undefined)[] = ['404', '410'];

/** The question about this effect; undefined when there is nothing to find out, or nobody drew how. */
export function probeOf(
  state: RunState,
  key: StepKey,
  { step: { probe } }: GraphStep,
  effect: EffectState | undefined,
): Probe | undefined {
  if (!probe || !effect?.mayHaveHappened) return undefined;
  const scope: Scope = { ...scopeOfStep(state, key), request: effect.request, effect: { key: effect.key } };
  return {
    kind: probe.kind,
    settleMs: probe.settleMs ?? defaultSettleMs,
    config: () => resolve(probe.config, scope),
    async judge(answer) {
      const seen = { ...scope, output: answer };
      const happened = await evaluate(probe.happened, seen);
      if (!happened.ok) return { unclear: happened.message };
      if (happened.value === false) return { happened: false };
      if (happened.value !== true) return { unclear: `${probe.happened} is neither true nor false for its answer.` };
      if (probe.result === undefined) return { happened: true, output: answer };
      const result = await evaluate(probe.result, seen);
      if (!result.ok) return { unclear: result.message };
      return result.value === undefined
        ? { unclear: `${probe.result} has no value for its answer.` }
        : { happened: true, output: result.value };
    },
  };
}

/** The outcome of the step when it happened or nobody can say; undefined when it did not, so that it may be made. */
export async function askTarget(
  probe: Probe,
  kinds: ReadonlyMap<string, StepKind>,
  contextOf: () => StepContext,
  wait: (ms: number) => Promise<void>,
): Promise<Outcome | undefined> {
  const first = await askOnce(probe, kinds, contextOf());
  if (first !== undefined) return first;
  await wait(probe.settleMs);
  return askOnce(probe, kinds, contextOf());
}

async function askOnce(
  probe: Probe,
  kinds: ReadonlyMap<string, StepKind>,
  ctx: StepContext,
): Promise<Outcome | undefined> {
  const kind = kinds.get(probe.kind);
  const resolved = await probe.config();
  if (!resolved.ok) return noAnswer(resolved.error);
  const problem = kind ? kind.validate(resolved.config) : { message: `There is no step kind "${probe.kind}" here.` };
  if (!kind || problem) return noAnswer({ class: 'invalid_output', code: 'config', message: problem?.message ?? '' });
  const found = await kind.execute(resolved.config, ctx).catch((error: unknown) => {
    if (error instanceof StepFailure) return { ok: false as const, error: error.error, sent: false };
    throw error;
  });
  if ('suspend' in found) return noAnswer({ class: 'code', code: 'probe', message: 'It does not answer at once.' });
  if (!found.ok) return isNotThere(found.error) ? undefined : noAnswer(found.error);
  const judged = await probe.judge(found.output);
  if ('unclear' in judged) return noAnswer({ class: 'invalid_output', code: 'probe', message: judged.unclear });
  if (!judged.happened) return undefined;
  return {
    ok: true,
    output: judged.output,
    details: { ...found.details, probed: true },
    response: { probed: true, answer: found.output },
  };
}

function isNotThere({ class: errorClass, code }: StepError): boolean {
  return errorClass === 'refused' && notThere.includes(code);
}

/** Nothing was sent of the change; when that may pass, it is asked again. */
function noAnswer(error: StepError): Failed {
  const message = `It could not be found out whether it happened: ${error.message}`;
  const isPassing = transientErrors.includes(error.class);
  const said = isPassing ? { class: 'not_sent' as const, code: error.class } : error;
  return { ok: false, sent: false, error: { ...error, ...said, message } };
}
