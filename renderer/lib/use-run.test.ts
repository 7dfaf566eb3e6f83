import { describe, expect, it } from 'vitest';
import { foldRun } from '../../shared/run/evolve.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { applyUpdate } from './use-run.ts';

const document: WorkflowDocument = { formatVersion: 1, id: 'w', name: 'W', steps: {}, edges: [] };
const events: RunEvent[] = [
  {
    runId: 'r',
    seq: 1,
    at: 1,
    type: 'run_started',
    workflowId: 'w',
    workflowName: 'W',
    version: 'v',
    owner: 'role:a',
    input: null,
    env: {},
    by: 'cli',
  },
  { runId: 'r', seq: 2, at: 2, type: 'attempt_started', step: 'a', attempt: 1, config: {} },
  { runId: 'r', seq: 3, at: 3, type: 'attempt_succeeded', step: 'a', attempt: 1, output: 1, ports: ['out'] },
];
const first = events.slice(0, 1);
const state = foldRun(first);
if (!state) throw new Error('A started run has a state.');
const snapshot = { type: 'snapshot', state, events: first, document } as const;

describe('following a run', () => {
  it('folds events onto the snapshot', () => {
    const run = applyUpdate(applyUpdate(undefined, snapshot), { type: 'events', events: events.slice(1) });
    expect(run?.state).toEqual(foldRun(events));
    expect(run?.events).toEqual(events);
  });

  it('counts an event that comes twice once', () => {
    const once = applyUpdate(applyUpdate(undefined, snapshot), { type: 'events', events });
    expect(once?.events).toHaveLength(3);
    expect(applyUpdate(once, { type: 'events', events })).toBe(once);
  });

  it('starts over with a new snapshot', () => {
    const later = applyUpdate(applyUpdate(undefined, snapshot), { type: 'events', events: events.slice(1) });
    expect(applyUpdate(later, snapshot)?.state.lastSeq).toBe(1);
  });

  it('ignores events before the snapshot', () =>
    expect(applyUpdate(undefined, { type: 'events', events })).toBeUndefined());
});
