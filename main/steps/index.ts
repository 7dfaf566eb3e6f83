/** The step kinds there are, a line each. Nothing else in the tree lists them. */
import type { StepManifest } from '../../shared/steps/manifest.ts';
import { branchStep } from './branch/execute.ts';
import { httpStep } from './http/execute.ts';
import type { StepKind } from './kind.ts';
import { llmStep } from './llm/execute.ts';
import { transformStep } from './transform/execute.ts';
import { waitStep } from './wait/execute.ts';

const kinds: readonly StepKind[] = [httpStep, llmStep, transformStep, branchStep, waitStep];

export const stepKinds: ReadonlyMap<string, StepKind> = new Map(kinds.map((kind) => [kind.manifest.kind, kind]));
export const manifests: ReadonlyMap<string, StepManifest> = new Map(
  kinds.map((kind) => [kind.manifest.kind, kind.manifest]),
);
