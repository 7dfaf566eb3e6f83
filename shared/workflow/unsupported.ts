/**
 * The parts of the format that this version stores, shows and exports, but does not run. One row per part: when the
 * runtime learns a part, its row goes and nothing else changes. A graph that needs one of them is refused before it runs.
 */
import type { WorkflowDocument } from './document.ts';
import type { PathPart } from './pointer.ts';

export interface UnsupportedPart {
  part: string;
  /** A plain sentence, in the words of the screen. */
  sentence: string;
  fix: string;
  /** The kind that stands for this part, where there is one. */
  kind?: string;
  places(document: WorkflowDocument): PathPart[][];
}

function stepsWith(document: WorkflowDocument, field: 'verify'): PathPart[][] {
  return Object.entries(document.steps).flatMap(([id, step]) =>
    step[field] === undefined ? [] : [['steps', id, field]],
  );
}

export const unsupportedParts: readonly UnsupportedPart[] = [
  {
    part: 'triggers',
    sentence: 'Triggers are part of the format, but this version starts runs only by hand or from the terminal.',
    fix: 'Remove the trigger.',
    places: (document) => (document.triggers ?? []).map((_trigger, index) => ['triggers', index]),
  },
  {
    part: 'reading again at the end',
    sentence: 'Reading again at the end of a run is part of the format, but this version does not do it.',
    fix: 'Remove the mark.',
    places: (document) =>
      stepsWith(document, 'verify').filter(([_steps, id]) => document.steps[String(id)]?.verify === true),
  },
];

/** Kinds that are named above are no unknown kinds. */
export function isUnsupportedKind(kind: string): boolean {
  return unsupportedParts.some((part) => part.kind === kind);
}
