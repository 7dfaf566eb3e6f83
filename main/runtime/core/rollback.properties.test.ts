/**
 * What must hold for every rollback, in the middle of a run or after its end, through crashes, failures and doubt: the
 * order is the reverse of confirmation, only what happened is undone, once, and the plan says beforehand what follows.
 */
import { expect, test } from 'vitest';
import { always, live, type Life } from '../../../test/harness/fates.ts';
import type { RunEvent } from '../../../shared/run/events.ts';
import { isUndoKey, stepIdOf, undoKeyOf } from '../../../shared/run/keys.ts';
import { activeOrders } from '../../../shared/run/state.ts';
import { nodeOf, type Graph } from '../../../shared/workflow/graph.ts';
import { changesTheWorld } from '../../../shared/steps/effect.ts';
import { planRollback } from './rollback.ts';

const patient = { timeout: 3_600_000 };

/** What is confirmed and not undone, in the order of confirmation, followed event by event. */
function ledger(graph: Graph) {
  let changes: { step: string; key: string }[] = [];
  let givenUp = new Set<string>();
  /** The whole run turns back; else what the orders are for. */
  let isAll = false;
  let orders: string[][] = [];
  return {
    changes: () => changes,
    /** The changes whose compensations may be under way: the last one of the run, or of each order. */
    next: () =>
      (isAll ? [undefined] : orders).flatMap(
        (steps) =>
          changes.findLast(
            ({ step }) =>
              (!steps || steps.includes(step)) && graph.compensations.has(stepIdOf(step)) && !givenUp.has(step),
          ) ?? [],
      ),
    isAskedFor: () => isAll || orders.length > 0,
    follow(event: RunEvent): void {
      const isDone =
        event.type === 'effect_confirmed' ||
        event.type === 'effect_partly_applied' ||
        (event.type === 'effect_settled' && event.happened);
      if (isDone && !isUndoKey(event.step)) changes.push({ step: event.step, key: event.key });
      if (event.type === 'rollback_started') {
        givenUp = new Set();
        isAll = true;
      }
      if (event.type === 'undo_ordered') orders = [...orders, event.steps];
      if (!('step' in event) || event.step === undefined || !isUndoKey(event.step)) return;
      const undone = changes.findLast(({ step }) => undoKeyOf(step) === event.step);
      if (event.type === 'step_confirmed') changes = changes.filter((change) => change !== undone);
      if (event.type === 'step_failed' && undone) givenUp.add(undone.step);
    },
  };
}

test(
  'is done in the reverse order of confirmation, one at a time, and only after it was asked for',
  patient,
  always((graph, seed) => {
    const life = live(graph, seed, ({ core }) => {
      const orders = Math.max(1, activeOrders(core.state()).length);
      expect(core.running().filter(isUndoKey).length).toBeLessThanOrEqual(orders);
    });
    const { next, changes, follow, isAskedFor } = ledger(graph);
    const announced = new Set<string>();
    for (const entry of life.log) {
      if ('call' in entry) {
        if (isUndoKey(entry.call.step)) expect(isAskedFor()).toBe(true);
        continue;
      }
      const { event } = entry;
      if (event.type === 'attempt_started' && isUndoKey(event.step)) {
        expect(isAskedFor()).toBe(true);
        // What was announced is brought to its answer first.
        if (!announced.has(event.step)) expect(next().map(({ step }) => undoKeyOf(step))).toContain(event.step);
      }
      if (event.type === 'effect_confirmed' || event.type === 'effect_failed' || event.type === 'effect_settled')
        announced.delete(event.step);
      if (event.type === 'effect_intended') {
        announced.add(event.step);
        expect(event.undoes !== undefined).toBe(isUndoKey(event.step));
        if (event.undoes !== undefined) {
          expect(changes().map(({ key }) => key)).toContain(event.undoes);
          if ('request' in event) expect(next().map(({ key }) => key)).toContain(event.undoes);
        }
      }
      follow(event);
    }
  }),
);

test(
  'ends as rolled back exactly when nothing is left, and nothing is undone twice',
  patient,
  always((graph, seed) => {
    const { core, done } = live(graph, seed);
    const { effects, end, rollback, openEffects, tasks } = core.state();
    const all = Object.values(effects);
    const left = all.filter(
      ({ undoes, status }) => undoes === undefined && status !== 'failed' && status !== 'rolled_back',
    );
    expect(end === 'rolled_back').toBe(rollback !== undefined && left.length === 0);
    if (end !== 'complete') expect(openEffects).toBe(left.length);
    if (end === 'rolled_back')
      expect(Object.values(tasks).filter((task) => !task.decision && !task.closedAt)).toEqual([]);
    for (const change of all) {
      const undoing = all.filter((effect) => effect.undoes === change.key);
      const times = undoing.reduce((sum, effect) => sum + (done.get(effect.key) ?? 0), 0);
      expect(undoing.length).toBeLessThanOrEqual(1);
      expect(times).toBeLessThanOrEqual(1);
      if (change.status !== 'rolled_back') continue;
      const compensation = nodeOf(graph, undoKeyOf(change.step));
      expect(compensation).toBeDefined();
      if (compensation && changesTheWorld(compensation.effect)) expect(times).toBe(1);
    }
  }),
);

test(
  'does what its plan says when nothing fails',
  patient,
  always((graph, seed) => {
    const life = live(graph, seed);
    const { core } = life;
    const plan = planRollback(core.state(), graph);
    const from = life.log.length;
    const refusal = core.turn({ type: 'rollback_run', by: 'person:grace' });
    if (refusal) {
      expect(core.state().end).toBe('rolled_back');
      expect(plan).toEqual({ undo: [], stays: [] });
      return;
    }
    core.drive();
    // What nobody knows about is asked first; here it did not happen, so it neither is undone nor stays.
    const unknown = core.openTasks().map((task) => task.effectKey);
    for (const { taskId } of core.openTasks())
      core.turn({ type: 'decide_task', taskId, answer: 'not_happened', by: 'person:grace' });
    core.drive();
    const events = eventsOf(life, from);
    const stays = plan.stays.filter(({ effectKey }) => !unknown.includes(effectKey));
    expect(core.state()).toMatchObject(
      stays.length === 0 ? { end: 'rolled_back', openEffects: 0 } : { end: 'failed', openEffects: stays.length },
    );
    const undone = events.flatMap((event) => (event.type === 'step_confirmed' ? [event.step] : []));
    expect(undone).toEqual(plan.undo.map(({ step }) => undoKeyOf(step)));
  }),
);

const eventsOf = (life: Life, from: number): RunEvent[] =>
  life.log.slice(from).flatMap((entry) => ('event' in entry ? [entry.event] : []));
