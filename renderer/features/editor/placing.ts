/** Where new steps go, and which connections may be drawn. Pure. */
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';
import type { Point } from '../../../shared/workflow/edits.ts';
import { portNames } from '../../../shared/workflow/ports.ts';
import { neighbours, reachable } from '../../../shared/workflow/walk.ts';
import { placeOf } from '../../ui/canvas/flow.ts';
import { cardHeight, cardWidth, columnStep, gridStep, rowStep } from '../../ui/canvas/geometry.ts';

const gap = gridStep;

export function snap(point: Point): Point {
  return { x: Math.round(point.x / gridStep) * gridStep, y: Math.round(point.y / gridStep) * gridStep };
}

function places(document: WorkflowDocument): Point[] {
  return Object.keys(document.steps).map((id, index) => placeOf(document, id, index));
}

/** The nearest place at or below a point where a card covers no other. */
export function freePlace(document: WorkflowDocument, wanted: Point): Point {
  const taken = places(document);
  const at = snap(wanted);
  const covers = (one: Point) => Math.abs(one.x - at.x) < cardWidth + gap && Math.abs(one.y - at.y) < cardHeight + gap;
  while (taken.some(covers)) at.y += rowStep;
  return at;
}

export function placeBehind(document: WorkflowDocument, step: string): Point {
  const index = Object.keys(document.steps).indexOf(step);
  const from = placeOf(document, step, Math.max(0, index));
  return freePlace(document, { x: from.x + columnStep, y: from.y });
}

/** Behind the rightmost step, or at the beginning of an empty canvas. */
export function placeAtEnd(document: WorkflowDocument): Point {
  const taken = places(document);
  const last = taken.reduce<Point | undefined>((best, place) => (!best || place.x > best.x ? place : best), undefined);
  return last ? freePlace(document, { x: last.x + columnStep, y: last.y }) : { x: 0, y: 0 };
}

/** The port a step is naturally left through: the first forward one that leads nowhere yet. */
export function openPort(
  document: WorkflowDocument,
  step: string,
  manifest: StepManifest | undefined,
): string | undefined {
  const source = document.steps[step];
  if (!source) return undefined;
  const forward = portNames(source, manifest).filter((port) => port !== 'failed' && port !== 'rejected');
  const wired = new Set(document.edges.filter((edge) => edge.from.step === step).map((edge) => edge.from.port));
  return forward.find((port) => !wired.has(port)) ?? forward[0];
}

/** Why a connection may not be drawn, as a sentence; `undefined` when it may. */
export function connectionFault(
  document: WorkflowDocument,
  from: { step: string; port: string },
  to: string,
): string | undefined {
  if (from.step === to) return 'A step cannot lead to itself.';
  if (
    document.edges.some((edge) => edge.from.step === from.step && edge.from.port === from.port && edge.to.step === to)
  ) {
    return `${stepLabel(document, from.step)} already leads to ${stepLabel(document, to)} this way.`;
  }
  const next = neighbours(
    document.edges.map((edge) => ({ from: edge.from.step, to: edge.to.step })),
    'forward',
  );
  if (reachable(next, [to]).has(from.step)) {
    return `${stepLabel(document, to)} runs before ${stepLabel(document, from.step)}; going back is not run by this version.`;
  }
  return undefined;
}
