/** What must hold for runs that go back to checkpoints again and again, through crashes, failures, doubt and rollbacks. */
import { expect, test } from 'vitest';
import { always, live } from '../../../test/harness/fates.ts';
import { activeOrders } from '../../../shared/run/state.ts';
import { foldRun } from '../../../shared/run/evolve.ts';
import { unsettledEffect } from './effects.ts';

const patient = { timeout: 3_600_000 };

test(
  'every order ends, nothing is done twice under one key and nothing is lost',
  patient,
  always((graph, seed) => {
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
  }),
);
