/**
 * What a graph would touch beyond the Sandbox and the Demo model, for the person who is asked to allow it. Reads the
 * config as it is written: an address that is only known when the run computes it counts as touching something.
 */
import { definitionsOf, refOf } from './children.ts';
import type { EffectClass } from '../steps/effect.ts';
import { effectWords } from '../steps/effect.ts';
import { effectOf } from '../steps/manifest.ts';
import type { WorkflowDocument } from './document.ts';
import type { Manifests } from './graph.ts';

export interface Touch {
  step: string;
  label: string;
  /** `POST https://api.example.com/orders`, or what the kind of step may do. */
  what: string;
  effect: EffectClass;
  /** Only when the step is rolled back. */
  onRollback?: true;
}

interface Doer {
  kind: string;
  config: Record<string, unknown>;
  effect?: EffectClass | undefined;
}

/** In the order of the document; empty when the graph stays inside the Sandbox. */
export function touches(document: WorkflowDocument, manifests: Manifests): Touch[] {
  const brought = definitionsOf(document);
  const found: Touch[] = brought.flatMap((one) => touches(one, manifests));
  for (const [id, step] of Object.entries(document.steps)) {
    const place = { step: id, label: step.label ?? id };
    const look = (doer: Doer, more: { onRollback?: true } = {}): void => {
      const what = reach(doer, manifests);
      if (what !== undefined) found.push({ ...place, what, effect: effectOf(doer, manifests.get(doer.kind)), ...more });
    };
    look(step);
    if (step.probe) look(step.probe);
    const { id: inside } = refOf(step);
    // What a workflow of this folder touches is not in this document.
    if (step.kind === 'workflow' && !brought.some((one) => one.id === inside))
      found.push({ ...place, what: `the workflow ${inside}, which is not in this file`, effect: 'once' });
    if (!step.compensate) continue;
    look(step.compensate, { onRollback: true });
    if (step.compensate.probe) look(step.compensate.probe, { onRollback: true });
  }
  return found;
}

export function touchText({ step, label, what, effect, onRollback }: Touch): string {
  const when = onRollback ? ', when it is rolled back' : '';
  return `${label} (${step})${when}: ${what} – ${effectWords[effect].toLowerCase()}`;
}

function reach({ kind, config }: Doer, manifests: Manifests): string | undefined {
  const { url, method, connection } = config;
  if (typeof url === 'string') {
    return url.startsWith('sandbox://') ? undefined : `${typeof method === 'string' ? method : 'GET'} ${url}`;
  }
  if (typeof connection === 'string') return connection === 'demo' ? undefined : `the connection ${connection}`;
  const manifest = manifests.get(kind);
  if (!manifest) return `a step of the unknown kind ${kind}`;
  return manifest.permissions.some((permission) => permission !== 'model') ? manifest.title : undefined;
}
