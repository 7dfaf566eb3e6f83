/**
 * Forks: a new run that goes on from a checkpoint of another one, in the same version, in the draft as it is now, or in
 * a given document. Like any start it needs a document without errors and what it touches to be allowed.
 */
import { ApiError } from '../../shared/api/contract.ts';
import type { Handlers, InputOf } from '../../shared/api/contract.ts';
import type { RunState } from '../../shared/run/state.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { versionOf, workflowsInside } from './children.ts';
import { consentOf, consentSentence } from './consents.ts';
import { runInput } from './inputs.ts';
import type { Once } from './once.ts';
import type { Parts } from './parts.ts';
import { noSuchRun } from './runs.ts';
import { documentOf, problemError } from './workflows.ts';

type Topic = 'runs.forkPlan' | 'runs.fork' | 'runs.forkDocument';

interface Target {
  origin: RunState;
  document: WorkflowDocument;
  version: string;
}

export function forkHandlers(parts: Parts, once: Once): Pick<Handlers, Topic> {
  const { store, engine, live } = parts;

  async function targetOf({ runId, draft, document }: InputOf<'runs.forkPlan'>): Promise<Target> {
    const found = await engine.read(runId);
    if (!found) throw noSuchRun(runId);
    const origin = found.state;
    if (document === undefined && !draft) return { origin, document: found.document, version: origin.version };
    const other = document === undefined ? await draftOf(origin.workflowId) : documentOf(document);
    const error = parts.problems(other).find((problem) => problem.severity === 'error');
    if (error) throw problemError(error, 'refused');
    return { origin, document: other, version: versionOf(other) };
  }

  async function draftOf(workflowId: string): Promise<WorkflowDocument> {
    const found = await store.draft(workflowId);
    if (found) return found.document;
    throw new ApiError(
      'not_found',
      `The workflow ${workflowId} of this run was deleted, so it has no draft.`,
      '/draft',
    );
  }

  async function fork(target: Target, asked: InputOf<'runs.fork'>): Promise<{ runId: string }> {
    const { commandId, runId, step, input, by, reason, accepts } = asked;
    const { origin, document, version } = target;
    // The same version means the same versions inside it too.
    const inside = version === origin.version ? { pins: origin.pins ?? {} } : await workflowsInside(parts, document);
    const { runId: fresh } = await engine.startRun({
      document,
      version,
      input: runInput(document, input === undefined ? origin.input : input),
      env: origin.env,
      by,
      commandId,
      ...inside,
      fork: { runId, step, reason, accepts },
    });
    live.changed('runs', 'workflows');
    return { runId: fresh };
  }

  return {
    'runs.forkPlan': async (asked) => {
      const { document, version } = await targetOf(asked);
      return { version, ...(await engine.planFork({ runId: asked.runId, step: asked.step, document })) };
    },
    'runs.fork': (asked) =>
      once(asked.commandId, async () => {
        const target = await targetOf(asked);
        const consent = await consentOf(store, parts.manifests, target.document);
        if (!consent.allowed) throw new ApiError('refused', consentSentence(target.document, consent), '/consent');
        return fork(target, asked);
      }),
    'runs.forkDocument': (asked) =>
      once(asked.commandId, async () => {
        const target = await targetOf(asked);
        const forked = await fork(target, asked);
        const { document } = target;
        if (asked.document !== undefined && !(await store.draft(document.id))) {
          await store.saveDraft({ id: document.id, revision: 0, document, now: parts.clock() });
          live.changed('workflows');
        }
        return forked;
      }),
  };
}
