/** The workflows of the bench: steps that do nothing, so that what is measured is the runtime. */
import { createHash } from 'node:crypto';
import type { App } from '../../main/app.ts';
import type { RunState } from '../../shared/run/state.ts';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';

type Step = WorkflowDocument['steps'][string];

const trivial = (n: number): Step => ({
  kind: 'transform',
  kindVersion: 1,
  label: `Step ${n}`,
  config: { value: { n } },
  checkpoint: true,
});

function inOrder(id: string, steps: Record<string, Step>): WorkflowDocument {
  const ids = Object.keys(steps);
  return {
    formatVersion: 1,
    id,
    name: id,
    owner: 'role:bench',
    steps,
    edges: ids.slice(1).map((to, index) => ({
      id: `e${index}`,
      from: { step: ids[index] ?? '', port: 'out' },
      to: { step: to },
    })),
  };
}

/** Checkpointed trivial steps one after the other. */
export function chain(length: number): WorkflowDocument {
  const steps = Array.from({ length }, (_, index): [string, Step] => [`s${index}`, trivial(index)]);
  return inOrder(`wf_chain_${length}`, Object.fromEntries(steps));
}

/** A step whose result a person looks at, and one after it. */
export function gated(): WorkflowDocument {
  const asked: Step = { ...trivial(0), gates: { after: { owner: 'role:bench', when: 'always' } } };
  return inOrder('wf_gated', { asked, next: trivial(1) });
}

let starts = 0;

export async function startRun(app: App, document: WorkflowDocument): Promise<string> {
  starts += 1;
  const version = createHash('sha256').update(canonicalText(document)).digest('hex');
  const commandId = `bench-run-${process.pid}-${starts}`;
  const start = { document, version, input: {}, env: {}, by: 'person:bench', commandId };
  return (await app.engine.startRun(start)).runId;
}

export async function completeRun(app: App, document: WorkflowDocument): Promise<RunState> {
  const state = await app.engine.settled(await startRun(app, document), 60_000);
  if (state.word !== 'complete') throw new Error(`A run of the bench is ${state.word}: ${state.reason}`);
  return state;
}
