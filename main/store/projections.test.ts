/** Rows are a function of the state, and writing only what a batch touched ends in the same rows as writing all. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases } from '../../test/harness/size.ts';
import { stepIdOf } from '../../shared/run/keys.ts';
import { evolve, foldRun } from '../../shared/run/evolve.ts';
import type { KeptEffect, RunEvent, TaskAnswer } from '../../shared/run/events.ts';
import { documentSchema } from '../../shared/workflow/document.ts';
import { effectRows, labelOf, taskRows, touchedBy } from './projections.ts';

const step = fc.constantFrom('a', 'a!undo', 'b#2', 'each[1]/c');
const taskId = fc.constantFrom('t1', 't2', 't3');
const key = fc.constantFrom('k1', 'k2', 'k3');
const by = fc.constant('person:ada');

const body = fc.oneof(
  fc.record({
    type: fc.constant('effect_intended' as const),
    step,
    key,
    attempt: fc.constant(1),
    ordinal: fc.constant(0),
    generation: fc.constant(1),
    class: fc.constant('once' as const),
    target: fc.constant('POST sandbox://payments/refunds'),
    requestDigest: fc.constant('abc'),
  }),
  fc.record({ type: fc.constant('effect_confirmed' as const), step, key, response: fc.jsonValue() }),
  fc.record({ type: fc.constant('effect_in_doubt' as const), step, key, message: fc.constant('lost') }),
  fc.record({ type: fc.constant('effect_settled' as const), step, key, happened: fc.boolean(), by }),
  fc.record({
    type: fc.constant('escalation_opened' as const),
    step,
    taskId,
    on: fc.constant('in_doubt' as const),
    owner: fc.constant('role:a'),
    message: fc.constant('Did it happen?'),
    allow: fc.constant<TaskAnswer[]>([]),
    effectKey: key,
  }),
  fc.record({
    type: fc.constant('escalation_decided' as const),
    step,
    taskId,
    answer: fc.constant('happened' as const),
    by,
  }),
  fc.record({ type: fc.constant('attempt_abandoned' as const), step, attempt: fc.constant(1) }),
  fc.record({ type: fc.constant('step_confirmed' as const), step, ports: fc.constant<string[]>(['out']) }),
  fc.record({ type: fc.constant('run_completed' as const), output: fc.jsonValue() }),
  fc.record({ type: fc.constant('rollback_started' as const), by }),
  fc.record({ type: fc.constant('run_rolled_back' as const) }),
  fc.record({
    type: fc.constant('undo_ordered' as const),
    id: fc.constantFrom('o1', 'o2'),
    steps: fc.uniqueArray(step),
    because: fc.constant('send_back' as const),
    by,
    then: fc.constant({ type: 'reset' as const }),
  }),
  fc.record({
    type: fc.constant('undo_finished' as const),
    id: fc.constantFrom('o1', 'o2'),
    kept: fc.constant<KeptEffect[]>([]),
  }),
  fc.record({
    type: fc.constant('steps_reset' as const),
    steps: fc.uniqueArray(step),
    because: fc.constant('send_back' as const),
    by,
  }),
  fc.record({ type: fc.constant('run_failed' as const), reason: fc.constant('x'), openEffects: fc.nat(3) }),
);

describe('rows', () => {
  it('of the touched tasks and effects, batch after batch, are the rows of the whole fold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(body, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
        (batches) => {
          const written = new Map<string, unknown>();
          const all: RunEvent[] = [];
          for (const bodies of batches) {
            const events = bodies.map((one, index): RunEvent => ({
              runId: 'r',
              seq: all.length + index + 1,
              at: all.length + index,
              ...one,
            }));
            all.push(...events);
            const state = foldRun(all);
            if (!state) throw new Error('Nothing was folded.');
            for (const row of taskRows(state, touchedBy(events))) written.set(`task ${row.taskId}`, row);
            for (const row of effectRows(state, touchedBy(events))) written.set(`effect ${row.key}`, row);
          }
          const state = all.reduce<ReturnType<typeof foldRun>>(evolve, undefined);
          if (!state) throw new Error('Nothing was folded.');
          const expected = new Map<string, unknown>();
          for (const row of taskRows(state)) expected.set(`task ${row.taskId}`, row);
          for (const row of effectRows(state)) expected.set(`effect ${row.key}`, row);
          expect(written).toEqual(expected);
        },
      ),
      { numRuns: cases(1_000) },
    );
  });
});

describe('labels', () => {
  it.each([
    ['decide', 'decide'],
    ['decide#2', 'decide'],
    ['each[3]', 'each'],
    ['each[3]/x#2', 'x'],
    ['each#2[3]/inner[0]/y', 'y'],
  ])('%s is the step %s', (stepKey, id) => {
    expect(stepIdOf(stepKey)).toBe(id);
  });

  it('come from the document, else are the id', () => {
    const document = documentSchema.parse({
      formatVersion: 1,
      id: 'w',
      name: 'W',
      steps: { pay: { kind: 'http', label: 'Pay back' }, mail: { kind: 'http' } },
    });
    expect(labelOf(document, 'each[1]/pay#2')).toBe('Pay back (item 2, round 2)');
    expect(labelOf(document, 'mail')).toBe('mail');
    expect(labelOf(document, 'constructor')).toBe('constructor');
    expect(labelOf(undefined, 'pay')).toBe('pay');
  });
});
