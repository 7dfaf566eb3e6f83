/**
 * One run, live: the snapshot and then every event folded with the same `evolve` as the runtime. Keeps every event, and
 * drops one that was already folded, so that a reconnect can neither lose nor count anything twice.
 */
import { useEffect, useReducer } from 'react';
import type { ApiError, RunUpdate } from '../../../shared/api/contract.ts';
import { evolve } from '../../../shared/run/evolve.ts';
import type { RunEvent } from '../../../shared/run/events.ts';
import type { RunState } from '../../../shared/run/state.ts';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';
import { useClient } from '../../client.ts';

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

type Action = { type: 'update'; update: RunUpdate } | { type: 'error'; error: ApiError } | { type: 'forget' };

interface Watched {
  run: LiveRun | undefined;
  error: ApiError | undefined;
}

function reduce(watched: Watched, action: Action): Watched {
  switch (action.type) {
    case 'update':
      return { run: applyUpdate(watched.run, action.update), error: undefined };
    case 'error':
      return { run: watched.run, error: action.error };
    case 'forget':
      return { run: undefined, error: undefined };
  }
}

export function useRun(runId: string): Watched {
  const client = useClient();
  const [watched, dispatch] = useReducer(reduce, { run: undefined, error: undefined });
  useEffect(() => {
    dispatch({ type: 'forget' });
    return client.watch(
      'runs.watch',
      { runId },
      (update) => dispatch({ type: 'update', update }),
      (error) => dispatch({ type: 'error', error }),
    );
  }, [client, runId]);
  return watched;
}
