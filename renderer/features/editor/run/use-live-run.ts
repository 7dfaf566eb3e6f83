/** The run that is shown on the canvas, folded from its events with the same `evolve` as everywhere. */
import { useEffect, useState } from 'react';
import type { ApiError, RunUpdate } from '../../../../shared/api/contract.ts';
import { evolve } from '../../../../shared/run/evolve.ts';
import type { RunState } from '../../../../shared/run/state.ts';
import type { WorkflowDocument } from '../../../../shared/workflow/document.ts';
import { useClient } from '../../../client.ts';

export interface ShownRun {
  state: RunState;
  document: WorkflowDocument;
}

/** Events that the fold already has are passed over, so that a reconnect counts nothing twice. */
export function foldUpdate(run: ShownRun | undefined, update: RunUpdate): ShownRun | undefined {
  switch (update.type) {
    case 'snapshot':
      return { state: update.state, document: update.document };
    case 'events': {
      if (!run) return undefined;
      const state = update.events.reduce((at, event) => (event.seq <= at.lastSeq ? at : evolve(at, event)), run.state);
      return state === run.state ? run : { ...run, state };
    }
  }
}

interface Watched {
  runId: string;
  run?: ShownRun | undefined;
  error?: ApiError | undefined;
}

export function useLiveRun(runId: string | undefined): { run: ShownRun | undefined; error: ApiError | undefined } {
  const client = useClient();
  const [watched, setWatched] = useState<Watched>();
  useEffect(() => {
    if (runId === undefined) return undefined;
    return client.watch(
      'runs.watch',
      { runId },
      (update) =>
        setWatched((before) => ({ runId, run: foldUpdate(before?.runId === runId ? before.run : undefined, update) })),
      (error) => setWatched((before) => ({ runId, run: before?.runId === runId ? before.run : undefined, error })),
    );
  }, [client, runId]);
  // What belongs to another run is never shown for this one.
  return watched?.runId === runId ? { run: watched?.run, error: watched?.error } : { run: undefined, error: undefined };
}
