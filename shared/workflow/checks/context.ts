/**
 * What every check of a graph is given, and how it reports. A check looks at one concern, reports each finding once,
 * and never depends on another check having run.
 */
import type { Estimate } from '../../run/spend.ts';
import type { StepManifest } from '../../steps/manifest.ts';
import type { WorkflowDocument } from '../document.ts';
import { stepLabel } from '../describe.ts';
import type { Graph, Manifests } from '../graph.ts';
import { pointerOf, stepOfPath, type PathPart } from '../pointer.ts';
import type { Problem, Severity } from '../problem.ts';

export interface ExpressionFault {
  message: string;
  /** Counted from the start of the expression. */
  offset?: number;
}

export interface ProblemTools {
  manifests: Manifests;
  /** Undefined when the expression can be parsed. */
  parseExpression(text: string): ExpressionFault | undefined;
  /** The most that one call with this config may cost; absent where the code of the kinds is not at hand. */
  estimate?: ((kind: string, config: Record<string, unknown>) => Estimate | undefined) | undefined;
}

export interface Finding {
  code: string;
  severity?: Severity;
  message: string;
  path: readonly PathPart[];
  /** Taken from the path when that leads into a step. */
  step?: string;
  fix?: string;
}

export interface CheckContext extends ProblemTools {
  document: WorkflowDocument;
  graph: Graph;
  problems: Problem[];
}

export function report(context: CheckContext, finding: Finding): void {
  const step = finding.step ?? stepOfPath(finding.path);
  context.problems.push({
    code: finding.code,
    severity: finding.severity ?? 'error',
    message: finding.message,
    pointer: pointerOf(finding.path),
    ...(step === undefined ? {} : { step }),
    ...(finding.fix === undefined ? {} : { fix: finding.fix }),
  });
}

export function label(context: Pick<CheckContext, 'document'>, id: string): string {
  return `“${stepLabel(context.document, id)}”`;
}

export function exists(context: Pick<CheckContext, 'document'>, id: string): boolean {
  return Object.hasOwn(context.document.steps, id);
}

export function manifestOf(context: CheckContext, kind: string): StepManifest | undefined {
  return context.manifests.get(kind);
}
