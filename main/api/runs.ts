/** Runs: start, follow, cancel, and the effect ledger. A run starts only from a document without errors. */
import { ApiError } from '../../shared/api/contract.ts';
import type { Handlers, RunUpdate } from '../../shared/api/contract.ts';
import type { Signal } from '../../shared/api/signal.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { consentOf, consentSentence } from './consents.ts';
import { versionOf, workflowsInside } from './children.ts';
import { runInput } from './inputs.ts';
import type { Once } from './once.ts';
import type { Parts } from './parts.ts';
import { documentOf, problemError } from './workflows.ts';

const COALESCE_MS = 50;

interface StartOptions {
  commandId: string;
  document: WorkflowDocument;
  input: unknown;
  env: Record<string, unknown> | undefined;
  key: string | undefined;
  by: string;
}

type Topic =
  | 'runs.list'
  | 'runs.watch'
  | 'runs.start'
  | 'runs.startDocument'
  | 'runs.settled'
  | 'runs.cancel'
  | 'runs.limits'
  | 'runs.signal'
  | 'runs.rollbackPlan'
  | 'runs.rollback'
  | 'ledger.list';

export function runHandlers(parts: Parts, once: Once): Pick<Handlers, Topic> {
  const { store, engine, live } = parts;

  async function start(options: StartOptions): Promise<{ runId: string; existing: boolean }> {
    const { document, key } = options;
    const error = parts.problems(document).find((problem) => problem.severity === 'error');
    if (error) throw problemError(error, 'refused');
    const { pins, children } = await workflowsInside(parts, document);
    const input = runInput(document, options.input);
    const workspace = await store.setting('env');
    const env = { ...(workspace as Record<string, unknown> | undefined), ...options.env };
    const version = versionOf(document);
    const started = await engine.startRun({
      document,
      version,
      input,
      env,
      by: options.by,
      commandId: options.commandId,
      pins,
      children,
      ...(key === undefined ? {} : { key }),
    });
    live.changed('runs', 'workflows');
    return started;
  }

  return {
    'runs.list': ({ workflowId, limit, unfinished }, push, signal) => {
      const query = {
        limit: limit ?? 200,
        ...(workflowId === undefined ? {} : { workflowId }),
        ...(unfinished === undefined ? {} : { unfinished }),
      };
      return live.watch(['runs'], () => store.runs(query), push, signal);
    },
    'runs.watch': ({ runId }, push, signal) => watchRun(parts, runId, push, signal),
    'runs.start': ({ commandId, workflowId, input, env, key, by }) =>
      once(commandId, async () => {
        const draft = await store.draft(workflowId);
        if (!draft) throw new ApiError('not_found', `There is no workflow with the id ${workflowId}.`, '/workflowId');
        const consent = await consentOf(store, parts.manifests, draft.document);
        if (!consent.allowed) throw new ApiError('refused', consentSentence(draft.document, consent), '/consent');
        const { runId } = await start({ commandId, document: draft.document, input, env, key, by: by ?? 'app' });
        return { runId };
      }),
    'runs.startDocument': ({ commandId, document: value, input, env, key, by }) =>
      once(commandId, async () => {
        const document = documentOf(value);
        const started = await start({ commandId, document, input, env, key, by: by ?? 'cli' });
        if (!(await store.draft(document.id))) {
          await store.saveDraft({ id: document.id, revision: 0, document, now: parts.clock() });
          live.changed('workflows');
        }
        return { ...started, workflowId: document.id };
      }),
    'runs.settled': async ({ runId, parkAfterMs }, push, signal) => {
      await requireRun(parts, runId);
      const state = await engine.settled(runId, parkAfterMs);
      if (!signal.aborted) push(state);
    },
    'runs.cancel': ({ commandId, runId, by, reason }) =>
      once(commandId, async () => {
        await engine.cancelRun({ commandId, runId, by, ...(reason === undefined ? {} : { reason }) });
        return null;
      }),
    'runs.limits': async ({ runId }) => {
      const limits = await engine.limits(runId);
      if (!limits) throw noSuchRun(runId);
      return limits;
    },
    'runs.signal': ({ commandId, id, data, ...rest }) =>
      once(commandId, async () => {
        await engine.signalRun({ commandId, id: id ?? commandId, data: data ?? null, ...rest });
        return null;
      }),
    'runs.rollbackPlan': async ({ runId, to }) => {
      const plan = await engine.planRollback(runId, to);
      if (!plan) throw new ApiError('not_found', `There is no run ${runId} in this data folder`);
      return plan;
    },
    'runs.rollback': ({ commandId, runId, by, reason, to }) =>
      once(commandId, async () => {
        await engine.rollbackRun({ commandId, runId, by, reason, to });
        return null;
      }),
    'ledger.list': ({ runId }, push, signal) =>
      live.watch(['ledger'], () => store.ledger(runId === undefined ? {} : { runId }), push, signal),
  };
}

export function noSuchRun(runId: string): ApiError {
  return new ApiError('not_found', `There is no run with the id ${runId}.`, '/runId');
}

async function requireRun(parts: Parts, runId: string): Promise<void> {
  if (!(await parts.store.run(runId))) throw noSuchRun(runId);
}

/**
 * A snapshot, then what happened since. Listening begins before reading, so that nothing falls between; what the
 * snapshot already holds is dropped by its sequence number.
 */
async function watchRun(parts: Parts, runId: string, push: (update: RunUpdate) => void, signal: Signal): Promise<void> {
  let waiting: RunEvent[] = [];
  let lastSeq: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    timer = undefined;
    if (lastSeq === undefined || signal.aborted) return;
    const from = lastSeq;
    const events = waiting.filter((event) => event.seq > from);
    waiting = [];
    const last = events[events.length - 1];
    if (!last) return;
    lastSeq = last.seq;
    push({ type: 'events', events });
  };
  const stop = parts.engine.onEvents((changed, events) => {
    if (changed !== runId) return;
    waiting.push(...events);
    if (lastSeq !== undefined) timer ??= setTimeout(flush, COALESCE_MS);
  });
  const end = (): void => {
    stop();
    clearTimeout(timer);
  };
  signal.addEventListener('abort', end);
  try {
    const found = await parts.engine.read(runId);
    if (!found) throw noSuchRun(runId);
    if (signal.aborted) return;
    push({ type: 'snapshot', state: found.state, events: found.events, document: found.document });
    lastSeq = found.state.lastSeq;
    flush();
  } catch (error) {
    end();
    throw error;
  }
}
