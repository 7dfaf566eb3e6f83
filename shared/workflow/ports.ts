/**
 * The ports a step's outgoing edges may leave from. `out`, `failed` and `rejected` are the format's; the rest comes
 * from the manifest: fixed ones and one per rule of the config.
 */
import type { StepManifest } from '../steps/manifest.ts';
import type { Step } from './document.ts';

/** A rule names its port as `port`, or by its `id` or `name`; one without a name has no port yet. */
export function rulePorts(config: Record<string, unknown>, field: string): string[] {
  const rules = config[field];
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: unknown) => {
    if (typeof rule !== 'object' || rule === null) return [];
    const fields = rule as Record<string, unknown>;
    const name = [fields['port'], fields['id'], fields['name']].find(
      (value): value is string => typeof value === 'string' && value.trim() !== '',
    );
    return name === undefined ? [] : [name.trim()];
  });
}

export function isGated(step: Pick<Step, 'gates'>): boolean {
  return step.gates?.before !== undefined || step.gates?.after !== undefined;
}

/** Without a manifest only the format's own ports are known. */
export function portNames(step: Step, manifest: Pick<StepManifest, 'ports'> | undefined): string[] {
  const ports = manifest?.ports ?? { out: true };
  const names = [
    ...(ports.out ? ['out'] : []),
    ...(ports.byRules === undefined ? [] : rulePorts(step.config, ports.byRules)),
    ...(ports.extraWith === undefined || step.config[ports.extraWith] !== undefined ? (ports.extra ?? []) : []),
    'failed',
    ...(isGated(step) ? ['rejected'] : []),
  ];
  return [...new Set(names)];
}
