/** A change that relies on what was read: its versions, and reading again from there when they are no longer true. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core } from '../../../test/harness/core.ts';
import { effectStep, graphOf, step, type DocumentInput, type StepInput } from '../../../test/harness/graph.ts';
import type { BasedOn } from '../../../shared/run/events.ts';

const version = { url: 'sandbox://crm/orders/1', etag: '"1"', digest: 'd1' };
const fresh = { ...version, etag: '"2"', digest: 'd2' };
const undo = { kind: 'test', config: {}, effect: 'idempotent' as const };

/** read → pay → note; what is noted relies on what was read. */
function begin(patch: Partial<StepInput> = {}, extra: DocumentInput = {}): Core {
  const steps = {
    read: step({ effect: 'read' }),
    pay: effectStep('idempotent', { compensate: undo }),
    note: effectStep('once', { unchangedSince: ['read'], ...patch }),
    after: step(),
  };
  const core = coreDriver(
    graphOf(
      steps,
      [
        ['read', 'pay'],
        ['pay', 'note'],
        ['note', 'after'],
      ],
      extra,
    ),
  );
  core.start();
  return core;
}

const stale = failure('stale', { sent: false });
const basedOn = (core: Core): (BasedOn[] | undefined)[] =>
  Object.values(core.state().effects)
    .filter((effect) => effect.step === 'note')
    .map((effect) => effect.basedOn);

function untilStale(core: Core): void {
  core.finish('read', ok({ total: 5 }, { version }));
  core.finish('pay', ok());
  core.finish('note', stale);
}

describe('A change that relies on a read', () => {
  test('names the version in the ledger, once, and the read shows it', () => {
    const core = begin();
    core.finish('read', ok({ total: 5 }, { version }));
    core.finish('pay', ok());
    expect(core.step('read').version).toEqual(version);
    expect(basedOn(core)).toEqual([[{ step: 'read', ...version }]]);
  });

  test('keeps what it was announced with when it is repeated under its key', () => {
    const core = begin({ effect: 'idempotent' });
    core.finish('read', ok(1, { version }));
    core.finish('pay', ok());
    core.crash();
    const intents = core.events().flatMap((event) => (event.type === 'effect_intended' ? [event] : []));
    expect(intents.map((event) => [event.step, 'basedOn' in event])).toEqual([
      ['pay', false],
      ['note', true],
      ['note', false],
    ]);
    expect(basedOn(core)).toEqual([[{ step: 'read', ...version }]]);
  });

  test('has none of a read whose result a person gave', () => {
    const core = begin();
    core.finish('read', failure('refused'));
    core.turn({ type: 'skip_step', step: 'read', by: 'person:ada', output: 1, ports: ['out'] });
    core.finish('pay', ok());
    expect(basedOn(core)).toEqual([undefined]);
  });
});

describe('What was read has changed', () => {
  test('the change did not happen, and a person is asked', () => {
    const core = begin();
    untilStale(core);
    expect(core.openTasks()).toMatchObject([
      { step: 'note', on: 'inconsistent_data', cause: 'stale', allow: ['retry', 'give_up', 'skip'] },
    ]);
    const effect = Object.values(core.state().effects).find((one) => one.step === 'note');
    expect(effect).toMatchObject({ status: 'failed', error: { class: 'stale' } });
  });

  test('trying again undoes what relied on it, reads again and makes the change on fresh data', () => {
    const core = begin();
    untilStale(core);
    core.decide('note', 'retry', { reason: 'Look again' });
    expect(core.running()).toEqual(['pay!undo']);
    core.finish('pay!undo', ok());
    expect(core.running()).toEqual(['read']);
    core.finish('read', ok({ total: 4 }, { version: fresh }));
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete' });
    expect(basedOn(core)).toEqual([[{ step: 'read', ...version }], [{ step: 'read', ...fresh }]]);
    expect(core.events().find((event) => event.type === 'undo_ordered')).toMatchObject({
      steps: ['read', 'pay', 'note'],
      because: 'stale',
      reason: 'Look again',
    });
  });

  test('giving up ends the run with that reason', () => {
    const core = begin();
    untilStale(core);
    core.decide('note', 'give_up');
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'stale', openEffects: 1 });
  });

  test('a run that failed of it reads again when it is tried again', () => {
    const core = begin({}, { settings: { onFailure: 'fail' } });
    untilStale(core);
    expect(core.state()).toMatchObject({ end: 'failed', reason: 'stale' });
    core.turn({ type: 'retry_step', step: 'note', by: 'person:ada' });
    expect(core.running()).toEqual(['pay!undo']);
    core.drive();
    expect(core.state()).toMatchObject({ end: 'complete' });
  });

  test('a run that ended for another reason while that was asked reads again when the change is tried again', () => {
    const core = begin();
    untilStale(core);
    core.cancel();
    expect(core.step('note').error?.class).toBe('cancelled');
    core.turn({ type: 'retry_step', step: 'note', by: 'person:ada' });
    expect(core.running()).toEqual(['pay!undo']);
  });

  test('a step that names no read is simply tried again', () => {
    const core = begin({ unchangedSince: undefined });
    untilStale(core);
    core.decide('note', 'retry');
    expect(core.running()).toEqual(['note']);
  });
});
