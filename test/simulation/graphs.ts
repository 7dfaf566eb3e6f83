/**
 * The random graphs of the core's properties as documents the engine runs: every step calls the simulated world (or
 * thinks by itself), and what undoes it calls there too. Their configs have expressions, so that preparing is simulated.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import type { Step, WorkflowDocument } from '../../shared/workflow/document.ts';
import { anyGraph } from '../harness/fates.ts';
import { askedAt } from './steps.ts';
import { longestWayMs } from './world.ts';

export interface Published {
  document: WorkflowDocument;
  version: string;
}

export function randomWorkflows(seed: number, count: number, draw: () => number): Published[] {
  return fc.sample(anyGraph, { seed, numRuns: count }).map(({ document: drawn }, index) => {
    const steps = Object.fromEntries(
      Object.entries(drawn.steps).map(([id, step]) => [id, step.kind === 'test' ? simulated(id, step, draw) : step]),
    );
    const whole = { ...drawn, id: `wf_${index}`, steps };
    const document = draw() < 0.5 ? whole : withoutLimits(whole);
    return { document, version: createHash('sha256').update(canonicalText(document)).digest('hex') };
  });
}

/** Most limits end a run soon; without them it gets further, and its steps follow one another. */
function withoutLimits(document: WorkflowDocument): WorkflowDocument {
  const ids = Object.keys(document.steps);
  const reached = new Set(document.edges.map(({ to }) => to.step));
  const more = ids.flatMap((id, index): WorkflowDocument['edges'] => {
    const before = ids[index - 1];
    // No edge crosses into or out of a map.
    const isBeside = before !== undefined && document.steps[before]?.parent === document.steps[id]?.parent;
    if (!isBeside || reached.has(id)) return [];
    return [{ id: `more_${id}`, from: { step: before, port: 'out' }, to: { step: id } }];
  });
  const steps = Object.entries(document.steps).map(([id, { budget: _budget, ...step }]) => [id, step] as const);
  const { onFailure } = document.settings ?? {};
  const settings = onFailure === undefined ? {} : { onFailure };
  return { ...document, steps: Object.fromEntries(steps), edges: [...document.edges, ...more], settings };
}

/** The world is asked by the key of the change; a request is at most `longestWayMs` on its way. */
const question: Step['probe'] = {
  kind: 'test',
  kindVersion: 1,
  config: { url: `${askedAt}{{ $effect.key }}` },
  happened: 'output.happened',
  result: '{ "n": 0.5 }',
  settleMs: longestWayMs + 100,
};

function simulated(id: string, step: Step, draw: () => number): Step {
  const url = (target: string): string => `sim://${target}/{{ $run.id }}/${id}`;
  const { compensate } = step;
  const probe = step.effect === 'probeable' && draw() < 0.7 ? { probe: question } : {};
  // Somebody who asks needs the time until a no counts.
  const attemptTimeoutMs = draw() < 0.5 ? (probe.probe ? 9_000 : 4_000) : undefined;
  const retry = { retriers: step.retry?.retriers ?? [], ...step.retry };
  return {
    ...step,
    ...probe,
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
            ...(compensate.effect === 'probeable' && draw() < 0.7 ? { probe: question } : {}),
            config: { url: `${url(compensate.effect ?? 'once')}/undo`, of: '{{ request.url }}' },
          },
        }
      : {}),
  };
}
