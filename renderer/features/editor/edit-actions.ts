/**
 * What a gesture means as an edit: add behind a step, insert on an edge, toggle a mark, duplicate, paste. Pure; each
 * returns the edit (and what to select afterwards) or the sentence of why not.
 */
import { changesTheWorld } from '../../../shared/steps/effect.ts';
import { effectOf, type StepManifest } from '../../../shared/steps/manifest.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import { stepSchema, edgeSchema, type Step, type WorkflowDocument } from '../../../shared/workflow/document.ts';
import type { Edit, Point } from '../../../shared/workflow/edits.ts';
import { copyFragment, pasteEdit, type Fragment } from '../../../shared/workflow/fragments.ts';
import { freshEdgeId, freshStepId } from '../../../shared/workflow/fresh.ts';
import { isGated } from '../../../shared/workflow/ports.ts';
import type { Mark } from '../../ui/canvas/marks.ts';
import { columnStep, gridStep } from '../../ui/canvas/geometry.ts';
import { placeOf, type ManifestMap } from '../../ui/canvas/flow.ts';
import { freshGates } from './panel/step-edits.ts';
import { freePlace, openPort, placeAtEnd, placeBehind, snap } from './placing.ts';

export interface Planned {
  edit: Edit;
  select: string[];
}

export function freshStep(manifest: StepManifest): Step {
  const step: Step = {
    kind: manifest.kind,
    kindVersion: manifest.version,
    label: manifest.title,
    config: structuredClone(manifest.initial),
  };
  return changesTheWorld(effectOf(step, manifest)) ? { ...step, checkpoint: true } : step;
}

export interface AddWhere {
  /** Connect from this step, through its open port unless one is named. */
  behind?: { step: string; port?: string } | undefined;
  at?: Point | undefined;
}

export function planAdd(
  document: WorkflowDocument,
  manifests: ManifestMap,
  manifest: StepManifest,
  where: AddWhere,
): Planned {
  const id = freshStepId(document, manifest.kind);
  const { behind } = where;
  const port = behind
    ? (behind.port ?? openPort(document, behind.step, manifests.get(document.steps[behind.step]?.kind ?? '')))
    : undefined;
  const at = where.at
    ? freePlace(document, where.at)
    : behind
      ? placeBehind(document, behind.step)
      : placeAtEnd(document);
  const edit: Edit = {
    type: 'addStep',
    id,
    step: freshStep(manifest),
    at,
    ...(behind && port !== undefined ? { connectFrom: { step: behind.step, port } } : {}),
  };
  return { edit, select: [id] };
}

/** Puts a step between the ends of an edge; what lies behind moves on when there is no room. */
export function planInsert(document: WorkflowDocument, manifest: StepManifest, edgeId: string): Planned | undefined {
  const edge = document.edges.find((candidate) => candidate.id === edgeId);
  if (!edge) return undefined;
  const order = Object.keys(document.steps);
  const from = placeOf(document, edge.from.step, order.indexOf(edge.from.step));
  const to = placeOf(document, edge.to.step, order.indexOf(edge.to.step));
  const id = freshStepId(document, manifest.kind);
  const edits: Edit[] = [];
  const hasRoom = to.x - from.x >= 2 * columnStep;
  const at = hasRoom ? snap({ x: (from.x + to.x) / 2, y: to.y }) : { x: from.x + columnStep, y: to.y };
  if (!hasRoom) {
    const moved = order.flatMap((step, index) => {
      const place = placeOf(document, step, index);
      return place.x >= at.x && step !== edge.from.step
        ? [[step, { x: place.x + columnStep, y: place.y }] as const]
        : [];
    });
    if (moved.length > 0) edits.push({ type: 'moveSteps', positions: Object.fromEntries(moved) });
  }
  const step = freshStep(manifest);
  const port = openPort({ ...document, steps: { [id]: step }, edges: [] }, id, manifest);
  const second = freshEdgeId(document);
  edits.push(
    { type: 'disconnect', edges: [edge.id] },
    { type: 'addStep', id, step, at },
    { type: 'connect', edge: { ...edge, to: { step: id } } },
  );
  if (port !== undefined) edits.push({ type: 'connect', edge: { id: second, from: { step: id, port }, to: edge.to } });
  return { edit: { type: 'batch', name: `Insert ${step.label ?? id}`, edits }, select: [id] };
}

export const checkpointRefusal = (label: string): string =>
  `${label} changes another system, so its result is always saved before anything else happens.`;

export type MarkPlan = { ok: true; edit: Edit } | { ok: false; message: string };

/** R, C and G, and a click on a badge. */
export function planMark(document: WorkflowDocument, manifests: ManifestMap, id: string, mark: Mark): MarkPlan {
  const step = document.steps[id];
  if (!step) return { ok: false, message: 'Select a step first.' };
  const manifest = manifests.get(step.kind);
  const effect = effectOf(step, manifest);
  const label = stepLabel(document, id);
  switch (mark) {
    case 'retry':
      return { ok: true, edit: { type: 'setMark', step: id, mark: 'retry', on: step.retry === undefined, effect } };
    case 'checkpoint':
      if (step.checkpoint === true && changesTheWorld(effect)) return { ok: false, message: checkpointRefusal(label) };
      return {
        ok: true,
        edit: { type: 'setMark', step: id, mark: 'checkpoint', on: step.checkpoint !== true, effect },
      };
    case 'review': {
      if (isGated(step)) return { ok: true, edit: { type: 'setMark', step: id, mark: 'gates', on: false, effect } };
      const gates = freshGates(step, manifest, document.owner ?? 'role:reviewer');
      return {
        ok: true,
        edit: {
          type: 'batch',
          name: `Review ${label}`,
          edits: [{ type: 'updateStep', step: id, changes: [{ pointer: '/gates', value: gates }] }],
        },
      };
    }
  }
}

const clipboardKind = 'holdfast/steps';

/** What Ctrl+C puts on the clipboard: readable JSON, so that it can be pasted into a file as well. */
export function copyText(document: WorkflowDocument, ids: readonly string[]): string {
  return JSON.stringify({ kind: clipboardKind, ...copyFragment(document, ids) }, null, 2);
}

function readFragment(text: string): Fragment | undefined {
  try {
    const value = JSON.parse(text) as { kind?: unknown; steps?: unknown; edges?: unknown; layout?: unknown };
    if (value.kind !== clipboardKind || typeof value.steps !== 'object' || value.steps === null) return undefined;
    const steps = Object.fromEntries(Object.entries(value.steps).map(([id, step]) => [id, stepSchema.parse(step)]));
    const edges = Array.isArray(value.edges) ? value.edges.map((edge) => edgeSchema.parse(edge)) : [];
    const layout =
      typeof value.layout === 'object' && value.layout !== null ? (value.layout as Record<string, Point>) : {};
    return { steps, edges, layout };
  } catch {
    return undefined;
  }
}

function corner(layout: Record<string, Point>): Point {
  const points = Object.values(layout);
  if (points.length === 0) return { x: 0, y: 0 };
  return { x: Math.min(...points.map((point) => point.x)), y: Math.min(...points.map((point) => point.y)) };
}

/** `undefined` when the clipboard holds no steps. */
export function planPaste(document: WorkflowDocument, text: string, at?: Point): Planned | undefined {
  const fragment = readFragment(text);
  if (!fragment) return undefined;
  const from = corner(fragment.layout);
  const offset = at ? { x: snap(at).x - from.x, y: snap(at).y - from.y } : { x: 2 * gridStep, y: 2 * gridStep };
  const edit = pasteEdit(document, fragment, offset);
  return { edit, select: Object.keys(edit.steps) };
}

export function planDuplicate(document: WorkflowDocument, ids: readonly string[]): Planned {
  const edit = pasteEdit(document, copyFragment(document, ids), { x: 2 * gridStep, y: 2 * gridStep });
  return { edit, select: Object.keys(edit.steps) };
}
