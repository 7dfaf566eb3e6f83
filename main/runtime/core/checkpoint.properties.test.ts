/** What must hold for runs that go back to checkpoints again and again, through crashes, failures, doubt and rollbacks. */
import { expect, test } from 'vitest';
import { always, live, type Life } from '../../../test/harness/fates.ts';
import { activeOrders } from '../../../shared/run/state.ts';
import { foldRun } from '../../../shared/run/evolve.ts';
import { changesTheWorld } from '../../../shared/steps/effect.ts';
import { compileGraph, type Graph } from '../../../shared/workflow/graph.ts';
import { unsettledEffect } from './effects.ts';

const patient = { timeout: 3_600_000 };

function judge(graph: Graph, seed: number): Life {
  const life = live(
    graph,
    seed,
    ({ core }) => {
      // A step that waits for what is undone begins nothing but what brings an announced effect to an answer.
      const held = new Set(activeOrders(core.state()).flatMap((order) => order.steps));
      for (const { key, status } of Object.values(core.state().steps))
        if (status === 'running' && held.has(key)) expect(unsettledEffect(core.state(), key)).toBeDefined();
    },
    true,
  );
  const state = life.core.state();
  expect(activeOrders(state)).toEqual([]);
  expect(foldRun(life.core.events())).toEqual(state);
  for (const effect of Object.values(state.effects)) {
    const times = life.done.get(effect.key) ?? 0;
    expect(times).toBeLessThanOrEqual(1);
    if (effect.status === 'confirmed') expect(times).toBe(1);
    if (effect.status === 'failed') expect(times).toBe(0);
    if (effect.status === 'rolled_back') expect(times === 1 || life.partly.has(effect.key)).toBe(true);
    expect(effect.status).not.toBe('intended');
  }
  for (const key of life.done.keys()) expect(state.effects).toHaveProperty(key);
  // A compensation is done at most once for each change.
  for (const change of Object.values(state.effects)) {
    const undoing = Object.values(state.effects).filter((effect) => effect.undoes === change.key);
    expect(undoing.reduce((sum, effect) => sum + (life.done.get(effect.key) ?? 0), 0)).toBeLessThanOrEqual(1);
  }
  return life;
}

test(
  'every order ends, nothing is done twice under one key and nothing is lost',
  patient,
  always((graph, seed) => {
    judge(graph, seed);
  }),
);

/** Every change relies on the steps that lead to it. */
function reliant(graph: Graph): Graph {
  const steps = Object.entries(graph.document.steps).map(([id, step]) => {
    const { effect, incoming = [] } = graph.steps.get(id) ?? {};
    const reads = [...new Set(incoming.map(({ from }) => from.step))];
    const relies = effect !== undefined && changesTheWorld(effect) && reads.length > 0;
    return [id, { ...step, ...(relies ? { unchangedSince: reads } : {}) }] as const;
  });
  return compileGraph({ ...graph.document, steps: Object.fromEntries(steps) }, new Map());
}

test(
  'a change is announced with what was read last, and what was found to have changed is read again first',
  patient,
  always((drawn, seed) => {
    const graph = reliant(drawn);
    const { log } = judge(graph, seed);
    const read = new Map<string, string>();
    const stale = new Set<string>();
    const based = new Set<string>();
    for (const entry of log) {
      if ('call' in entry) continue;
      const { event } = entry;
      if (event.type === 'attempt_succeeded' && event.version) read.set(event.step, event.version.digest);
      if (event.type === 'step_supplied') read.delete(event.step);
      if (event.type === 'effect_failed' && event.error.class === 'stale') stale.add(event.key);
      if (event.type !== 'effect_intended') continue;
      if (event.basedOn) based.add(event.key);
      if (based.has(event.key)) expect(stale).not.toContain(event.key);
      for (const { step, digest } of event.basedOn ?? []) expect(digest).toBe(read.get(step));
    }
  }),
);
