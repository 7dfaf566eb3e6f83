/** The connections of one step as rows of a form, and the edit that a changed row means. Pure. */
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';
import type { Edit } from '../../../shared/workflow/edits.ts';
import { freshEdgeId } from '../../../shared/workflow/fresh.ts';
import { neighbours, reachable } from '../../../shared/workflow/walk.ts';
import { portsOf, type PortKind } from '../../ui/canvas/ports.ts';
import type { PathRow } from './panel/paths-section.tsx';

function rowLabel(kind: PortKind, label: string): string {
  switch (kind) {
    case 'out':
      return 'When it is done';
    case 'failed':
      return 'If it fails';
    case 'rejected':
      return 'If it is rejected';
    case 'rule':
      return label;
  }
}

export function pathRows(document: WorkflowDocument, id: string, manifest: StepManifest | undefined): PathRow[] {
  const step = document.steps[id];
  if (!step) return [];
  // Whatever runs before this step cannot come after it: that would be a way back.
  const back = neighbours(
    document.edges.map((edge) => ({ from: edge.from.step, to: edge.to.step })),
    'backward',
  );
  const before = reachable(back, [id]);
  const possible = Object.keys(document.steps).filter((other) => other !== id && !before.has(other));
  return portsOf(step, manifest).map((port) => {
    const targets = document.edges
      .filter((edge) => edge.from.step === id && edge.from.port === port.id)
      .map((edge) => edge.to.step);
    const choices = possible
      .concat(targets.filter((target) => !possible.includes(target)))
      .map((other) => ({ value: other, label: stepLabel(document, other) }));
    return { port: port.id, label: rowLabel(port.kind, port.label), targets: [...new Set(targets)], choices };
  });
}

/** `undefined` when nothing changed. */
export function pathEdit(
  document: WorkflowDocument,
  id: string,
  port: string,
  targets: readonly string[],
): Edit | undefined {
  const present = document.edges.filter((edge) => edge.from.step === id && edge.from.port === port);
  const gone = present.filter((edge) => !targets.includes(edge.to.step)).map((edge) => edge.id);
  const taken: string[] = [];
  const added = targets
    .filter((target) => !present.some((edge) => edge.to.step === target))
    .map((target): Edit => {
      const edgeId = freshEdgeId(document, taken);
      taken.push(edgeId);
      return { type: 'connect', edge: { id: edgeId, from: { step: id, port }, to: { step: target } } };
    });
  const edits: Edit[] = [...(gone.length > 0 ? [{ type: 'disconnect', edges: gone } as const] : []), ...added];
  return edits.length > 1 ? { type: 'batch', name: `Change where ${stepLabel(document, id)} leads`, edits } : edits[0];
}
