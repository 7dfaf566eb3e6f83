/**
 * The random graphs of the core's properties as documents the engine runs: every step calls the simulated world (or
 * thinks by itself), and what undoes it calls there too. Their configs have expressions, so that preparing is simulated.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import type { Step, WorkflowDocument } from '../../shared/workflow/document.ts';
import { anyGraph } from '../harness/fates.ts';

export interface Published {
  document: WorkflowDocument;
  version: string;
}

export function randomWorkflows(seed: number, count: number, draw: () => number): Published[] {
  return fc.sample(anyGraph, { seed, numRuns: count }).map(({ document: drawn }, index) => {
    const steps = Object.fromEntries(
      Object.entries(drawn.steps).map(([id, step]) => [id, step.kind === 'test' ? simulated(id, step, draw) : step]),
    );
    const document = { ...drawn, id: `wf_${index}`, steps };
    return { document, version: createHash('sha256').update(canonicalText(document)).digest('hex') };
  });
}

function simulated(id: string, step: Step, draw: () => number): Step {
  const url = (target: string): string => `sim://${target}/{{ $run.id }}/${id}`;
  const { compensate } = step;
  const attemptTimeoutMs = draw() < 0.5 ? 4_000 : undefined;
  const retry = { retriers: step.retry?.retriers ?? [], ...step.retry };
  return {
    ...step,
    config: {
      url: url(step.effect ?? 'pure'),
      order: '{{ $input.order }}',
      // A value that is not there refuses the attempt before anything is called.
      ...(draw() < 0.03 ? { missing: '{{ $steps.nobody.output.n }}' } : {}),
    },
    ...(attemptTimeoutMs === undefined ? {} : { retry: { ...retry, attemptTimeoutMs } }),
    ...(draw() < 0.1 ? { doneWhen: 'output.n > 0.2' } : {}),
    ...(compensate
      ? {
          compensate: {
            ...compensate,
            config: { url: `${url(compensate.effect ?? 'once')}/undo`, of: '{{ request.url }}' },
          },
        }
      : {}),
  };
}
