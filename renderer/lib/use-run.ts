/**
 * One run, live: the snapshot and then every event folded with the same `evolve` as the runtime. Keeps every event, and
 * drops one that was already folded, so that a reconnect can neither lose nor count anything twice.
 */
import { useEffect, useState } from 'react';
import type { ApiError, RunUpdate } from '../../shared/api/contract.ts';
import { evolve } from '../../shared/run/evolve.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import type { RunState } from '../../shared/run/state.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { useClient } from '../client.ts';

export interface LiveRun {
  state: RunState;
  events: RunEvent[];
  document: WorkflowDocument;
}

/** Events before the first snapshot are of no use and are ignored: the snapshot has them. */
export function applyUpdate(run: LiveRun | undefined, update: RunUpdate): LiveRun | undefined {
  switch (update.type) {
    case 'snapshot':
      return { state: update.state, events: update.events, document: update.document };
    case 'events': {
      if (!run) return run;
      let { state } = run;
      const fresh: RunEvent[] = [];
      for (const event of update.events) {
        if (event.seq <= state.lastSeq) continue;
        state = evolve(state, event);
        fresh.push(event);
      }
      return fresh.length === 0 ? run : { ...run, state, events: [...run.events, ...fresh] };
    }
  }
}

interface Watched {
  runId: string;
  run?: LiveRun | undefined;
  error?: ApiError | undefined;
}

/** `undefined` watches nothing. After an error the run stays shown as it was; what belongs to another run never is. */
export function useRun(runId: string | undefined): Pick<Watched, 'run' | 'error'> {
  const client = useClient();
  const [watched, setWatched] = useState<Watched>();
  useEffect(() => {
    if (runId === undefined) return undefined;
    const runOf = (before: Watched | undefined): LiveRun | undefined =>
      before?.runId === runId ? before.run : undefined;
    return client.watch(
      'runs.watch',
      { runId },
      (update) => setWatched((before) => ({ runId, run: applyUpdate(runOf(before), update) })),
      (error) => setWatched((before) => ({ runId, run: runOf(before), error })),
    );
  }, [client, runId]);
  return watched?.runId === runId ? { run: watched?.run, error: watched?.error } : {};
}
