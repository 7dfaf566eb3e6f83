/** The step kinds there are, a line each. Nothing else in the tree lists them. */
import type { Estimate } from '../../shared/run/spend.ts';
import type { StepManifest } from '../../shared/steps/manifest.ts';
import { branchStep } from './branch/execute.ts';
import { httpStep } from './http/execute.ts';
import type { StepKind } from './kind.ts';
import { llmStep } from './llm/execute.ts';
import { mapStep } from './map/execute.ts';
import { transformStep } from './transform/execute.ts';
import { waitStep } from './wait/execute.ts';
import { workflowStep } from './workflow/execute.ts';

const kinds: readonly StepKind[] = [httpStep, llmStep, transformStep, branchStep, waitStep, mapStep, workflowStep];

export const stepKinds: ReadonlyMap<string, StepKind> = new Map(kinds.map((kind) => [kind.manifest.kind, kind]));
/** The most that one call may cost, for checks that look at a graph before it runs. */
export function estimateOf(kind: string, config: Record<string, unknown>): Estimate | undefined {
  return stepKinds.get(kind)?.estimate?.(config);
}

export const manifests: ReadonlyMap<string, StepManifest> = new Map(
  kinds.map((kind) => [kind.manifest.kind, kind.manifest]),
);
