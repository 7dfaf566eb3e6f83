/**
 * StepManifest: what the palette, the property form, the readiness review and the runtime know of a step kind.
 * Pure data, so that it travels over the wire; the code that executes a kind lives in main/steps/<kind>.
 */
import type { EffectClass } from './effect.ts';

/** How one field of a config is drawn. A closed set: the renderer draws these and nothing else. */
export const controls = [
  'text',
  'multiline',
  'number',
  'duration',
  'toggle',
  'choice',
  'expression',
  'template',
  'json',
  'schema',
  'rules',
  'keyvalue',
  'connection',
] as const;
export type Control = (typeof controls)[number];

/** The class of a step: a fixed one, or one that follows from a config field (http: GET reads, others happen once). */
export interface EffectRule {
  default: EffectClass;
  byField?: { field: string; values: Record<string, EffectClass> };
}

export interface StepManifest {
  kind: string;
  version: number;
  title: string;
  /** One plain sentence: what the step does. */
  summary: string;
  /** Name of a lucide icon in kebab case. */
  icon: string;
  group: 'ai' | 'systems' | 'data' | 'flow' | 'people';
  /** Ports beside `out`, `failed` and `rejected`. `byRules` names the config field whose entries each add a port. */
  ports: {
    out: boolean;
    extra?: string[];
    /** The config field with which the extra ports are there; always without it. */
    extraWith?: string;
    byRules?: string;
  };
  effect: EffectRule;
  /** What the step may touch, in words for the consent list: `network`, `files`, `model`. */
  permissions: string[];
  /** What it reads has a version, so that a later change can be made only while that is the current one. */
  versioned?: boolean;
  /** Calls cost money: the same one twice in a run is served from the first, or asked about. */
  expensive?: boolean;
  /**
   * JSON Schema (draft 2020-12) of the config; each property's `title`, `description` and the extra keywords
   * `control`, `help`, `group`, `placeholder`, `choices` come from zod's `.meta()`.
   */
  config: Record<string, unknown>;
  /** Fields of which exactly one must be set. */
  oneOf?: string[];
  /** Config of a freshly added step. */
  initial: Record<string, unknown>;
  /** Template for the node's one-line summary; `{field}` is replaced by the config's text. */
  line: string;
}

/** The effect class a step has: its own mark first, then the kind's rule. An unknown kind counts as `once`. */
export function effectOf(
  step: { kind: string; effect?: EffectClass | undefined; config: Record<string, unknown> },
  manifest: Pick<StepManifest, 'effect'> | undefined,
): EffectClass {
  if (step.effect) return step.effect;
  if (!manifest) return 'once';
  const rule = manifest.effect;
  if (rule.byField) {
    const value = step.config[rule.byField.field];
    const found = rule.byField.values[typeof value === 'string' ? value : ''];
    if (found) return found;
  }
  return rule.default;
}
