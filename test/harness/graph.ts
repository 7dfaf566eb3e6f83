/**
 * Small graphs for tests: `graphOf({ a: step(), b: step({ effect: 'once' }) }, [['a', 'b']])`. Goes through the real
 * schema, so that a test cannot describe a document the product would refuse.
 */
import type * as z from 'zod';
import {
  documentSchema,
  type edgeSchema,
  type gateSchema,
  type stepSchema,
  type WorkflowDocument,
} from '../../shared/workflow/document.ts';
import { compileGraph, type Graph } from '../../shared/workflow/graph.ts';

export type StepInput = z.input<typeof stepSchema>;
export type GateInput = z.input<typeof gateSchema>;
/** `['a', 'b']`, `['a:failed', 'b']` for another port, and a third part for `onErrors`. */
export type EdgeInput = readonly [
  from: string,
  to: string,
  extra?: Pick<z.input<typeof edgeSchema>, 'onErrors' | 'loop'>,
];
export type DocumentInput = Partial<Omit<z.input<typeof documentSchema>, 'steps' | 'edges'>>;

/** A step that calculates, unless told otherwise. */
export function step(patch: Partial<StepInput> = {}): StepInput {
  return { kind: 'test', effect: 'pure', ...patch };
}

/** A step that changes another system. */
export function effectStep(effect: 'idempotent' | 'probeable' | 'once', patch: Partial<StepInput> = {}): StepInput {
  return step({ effect, checkpoint: true, ...patch });
}

export function documentOf(
  steps: Record<string, StepInput>,
  edges: readonly EdgeInput[] = [],
  extra: DocumentInput = {},
): WorkflowDocument {
  return documentSchema.parse({
    formatVersion: 1,
    id: 'wf_test',
    name: 'Test',
    owner: 'role:lead',
    ...extra,
    steps,
    edges: edges.map(([from, to, more], index) => {
      const [id, port = 'out'] = from.split(':');
      return { id: `e${index + 1}`, from: { step: id, port }, to: { step: to }, ...more };
    }),
  });
}

export function graphOf(
  steps: Record<string, StepInput>,
  edges: readonly EdgeInput[] = [],
  extra: DocumentInput = {},
): Graph {
  return compileGraph(documentOf(steps, edges, extra), new Map());
}
