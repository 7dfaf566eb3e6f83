/**
 * The ports of a step as the canvas draws them: where each sits on the card and what it is called. Which ports there
 * are is the shared code's business.
 */
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import type { Step } from '../../../shared/workflow/document.ts';
import { portNames } from '../../../shared/workflow/ports.ts';
import { cardHeight, cardWidth } from './geometry.ts';

export type PortKind = 'out' | 'rule' | 'failed' | 'rejected';

export interface Port {
  id: string;
  kind: PortKind;
  label: string;
  side: 'right' | 'bottom';
  /** Centre of the port, relative to the card's upper left corner. */
  x: number;
  y: number;
}

const FAILED_FROM_RIGHT = 28;
const REJECTED_FROM_RIGHT = 68;

function ruleLabel(step: Step, manifest: StepManifest | undefined, port: string): string {
  const rules = manifest?.ports.byRules === undefined ? undefined : step.config[manifest.ports.byRules];
  if (!Array.isArray(rules)) return port;
  const rule: unknown = rules.find(
    (one: unknown) => typeof one === 'object' && one !== null && (one as { port?: unknown }).port === port,
  );
  const label = (rule as { label?: unknown } | undefined)?.label;
  return typeof label === 'string' && label.trim() !== '' ? label.trim() : port;
}

export function portsOf(step: Step, manifest: StepManifest | undefined): Port[] {
  const names = portNames(step, manifest);
  const forward = names.filter((name) => name !== 'failed' && name !== 'rejected');
  const ports: Port[] = forward.map((id, index) => ({
    id,
    kind: id === 'out' ? 'out' : 'rule',
    label: id === 'out' ? 'then' : ruleLabel(step, manifest, id),
    side: 'right',
    x: cardWidth,
    y: (cardHeight / (forward.length + 1)) * (index + 1),
  }));
  if (names.includes('failed'))
    ports.push({
      id: 'failed',
      kind: 'failed',
      label: 'if it fails',
      side: 'bottom',
      x: cardWidth - FAILED_FROM_RIGHT,
      y: cardHeight,
    });
  if (names.includes('rejected'))
    ports.push({
      id: 'rejected',
      kind: 'rejected',
      label: 'if rejected',
      side: 'bottom',
      x: cardWidth - REJECTED_FROM_RIGHT,
      y: cardHeight,
    });
  return ports;
}
