/**
 * What the property panel does to a step, as pure functions from step to step. Setting a field to `undefined` takes it
 * out, so that an untouched document stays as it was.
 */
import { changesTheWorld, type EffectClass } from '../../../../shared/steps/effect.ts';
import { effectOf, type StepManifest } from '../../../../shared/steps/manifest.ts';
import type { Gate, Retrier, Retry, ReviewAnswer, Step } from '../../../../shared/workflow/document.ts';
import { freshGate } from './gate-model.ts';

/** `changes` with `undefined` values removes those fields. */
export function patch<T extends object>(value: T, changes: { [K in keyof T]?: T[K] | undefined }): T {
  const next = { ...value, ...changes } as Record<string, unknown>;
  for (const key of Object.keys(changes)) if (next[key] === undefined) delete next[key];
  return next as T;
}

/** A step that starts to change another system is checkpointed from then on; the analyst is not made to do it by hand. */
function keepSafe(step: Step, manifest: StepManifest | undefined): Step {
  return changesTheWorld(effectOf(step, manifest)) && step.checkpoint !== true ? { ...step, checkpoint: true } : step;
}

export function withConfig(step: Step, manifest: StepManifest | undefined, name: string, value: unknown): Step {
  const { [name]: _old, ...rest } = step.config;
  const config =
    value === undefined ? rest : name in step.config ? { ...step.config, [name]: value } : { ...rest, [name]: value };
  return keepSafe({ ...step, config }, manifest);
}

export function withEffect(step: Step, manifest: StepManifest | undefined, effect: EffectClass | undefined): Step {
  return keepSafe(patch(step, { effect }), manifest);
}

/** A step that happens once may only be tried again when nothing was sent. */
export function freshRetry(effect: EffectClass): Retry {
  return {
    retriers: [freshRetrier(effect === 'once' ? 'not_sent' : '*')],
    attemptTimeoutMs: 10_000,
    totalTimeoutMs: 120_000,
  };
}

export function freshRetrier(errors: string): Retrier {
  return { errors: [errors], intervalMs: 1000, backoffRate: 2, maxDelayMs: 30_000, maxRetries: 3, jitter: 'full' };
}

function givesConfidence(step: Step): boolean {
  const output = step.config['output'];
  if (typeof output !== 'object' || output === null) return false;
  const properties = (output as { properties?: unknown }).properties;
  return typeof properties === 'object' && properties !== null && 'confidence' in properties;
}

/** Before a change of the world, when it can still be stopped; after everything else, when there is a result to judge. */
export function freshGates(step: Step, manifest: StepManifest | undefined, owner: string): NonNullable<Step['gates']> {
  const changes = changesTheWorld(effectOf(step, manifest));
  if (changes) return { before: { ...freshGate(owner, false), allow: ['approve', 'edit', 'reject'] } };
  return { after: freshGate(owner, givesConfidence(step)) };
}

export type GateSide = 'before' | 'after';

/** What has changed another system cannot be edited any more; before a step, sending back needs a step to go to. */
export function canAnswer(answer: ReviewAnswer, side: GateSide, changes: boolean, gate: Gate): boolean {
  if (answer === 'edit') return side === 'before' || !changes;
  if (answer === 'send_back') return side === 'after' || gate.sendBackTo !== undefined;
  return true;
}

/** Moves or changes the gate on one side; answers that cannot be given there are taken out. */
export function withGate(step: Step, manifest: StepManifest | undefined, side: GateSide, gate: Gate | undefined): Step {
  const changes = changesTheWorld(effectOf(step, manifest));
  const allowed = gate?.allow?.filter((answer) => canAnswer(answer, side, changes, gate));
  const fitting = gate === undefined || allowed === undefined ? gate : { ...gate, allow: allowed };
  const gates = patch(step.gates ?? {}, { [side]: fitting });
  return patch(step, { gates: gates.before === undefined && gates.after === undefined ? undefined : gates });
}

export function moveGate(step: Step, manifest: StepManifest | undefined, from: GateSide, to: GateSide): Step {
  const gate = step.gates?.[from];
  if (!gate || from === to) return step;
  return withGate(withGate(step, manifest, from, undefined), manifest, to, gate);
}
