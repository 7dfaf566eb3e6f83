/**
 * What a graph would touch beyond the Sandbox and the Demo model. Reads the config as it is written: an address that is
 * only known when the run computes it counts as touching something.
 */
import { effectOf } from '../../shared/steps/manifest.ts';
import { effectWords } from '../../shared/steps/effect.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { manifests } from '../steps/index.ts';

interface Doer {
  kind: string;
  config: Record<string, unknown>;
}

/** One line per step, in the order of the document; empty when the graph stays inside the Sandbox. */
export function touches(document: WorkflowDocument): string[] {
  return Object.entries(document.steps).flatMap(([id, step]) => {
    const lines: string[] = [];
    const own = reach(step);
    if (own)
      lines.push(
        `${step.label ?? id} (${id}): ${own} – ${effectWords[effectOf(step, manifests.get(step.kind))].toLowerCase()}`,
      );
    const undo = step.compensate && reach(step.compensate);
    if (undo) lines.push(`${step.label ?? id} (${id}), when it is rolled back: ${undo}`);
    return lines;
  });
}

function reach(doer: Doer): string | undefined {
  const { url, method, connection } = doer.config;
  if (typeof url === 'string') {
    return url.startsWith('sandbox://') ? undefined : `${typeof method === 'string' ? method : 'GET'} ${url}`;
  }
  if (typeof connection === 'string') return connection === 'demo' ? undefined : `the connection ${connection}`;
  const manifest = manifests.get(doer.kind);
  if (!manifest) return `a step of the unknown kind ${doer.kind}`;
  return manifest.permissions.some((permission) => permission !== 'model') ? manifest.title : undefined;
}
