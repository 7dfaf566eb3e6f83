/** The seven words: which one holds, in which order of precedence, and the record they leave. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, startedAt } from '../../test/harness/core.ts';
import { effectStep, graphOf, step } from '../../test/harness/graph.ts';
import { initialState, pendingStep } from './changes.ts';
import type { RunState, StepStatus, TaskState } from './state.ts';
import { wordOfRun, wordOfStep } from './words.ts';

const withSteps = (...statuses: StepStatus[]): RunState => ({
  ...initialState('run', 0),
  steps: Object.fromEntries(statuses.map((status, index) => [`s${index}`, { ...pendingStep(`s${index}`), status }])),
  active: statuses.filter((status) => status === 'running').length,
});
const escalation: TaskState = {
  taskId: 't',
  kind: 'escalation',
  step: 's0',
  owner: 'role:x',
  openedAt: 0,
  allow: ['retry'],
  on: 'in_doubt',
};

describe('The word of a step', () => {
  test.each([
    ['ready', 'started'],
    ['running', 'started'],
    ['timer', 'waiting'],
    ['retry', 'waiting'],
    ['review', 'waiting'],
    ['succeeded', 'started'],
    ['confirmed', 'confirmed'],
    ['failed', 'failed'],
    ['escalated', 'escalated'],
    ['skipped', undefined],
  ] as const)('that is %s: %s', (status, word) => {
    expect(wordOfStep({ status, provisional: false })).toBe(word);
  });

  test('that is done but not saved is still started', () => {
    expect(wordOfStep({ status: 'confirmed', provisional: true })).toBe('started');
  });
});

describe('The word of a run is the first that holds', () => {
  const everything: RunState = {
    ...withSteps('running', 'review', 'escalated'),
    tasks: { t: escalation },
    allConfirmed: true,
    reason: 'refused',
  };

  test.each([
    ['complete', { ...everything, end: 'complete' as const }, { word: 'complete' }],
    ['rolled back', { ...everything, end: 'rolled_back' as const }, { word: 'rolled_back' }],
    ['failed', { ...everything, end: 'failed' as const }, { word: 'failed', reason: 'refused' }],
    ['escalated', everything, { word: 'escalated', reason: 'in_doubt' }],
    ['started', withSteps('running', 'review', 'retry'), { word: 'started' }],
    ['started, about to begin', withSteps('ready', 'timer'), { word: 'started' }],
    ['started, about to be checked', withSteps('succeeded', 'timer'), { word: 'started' }],
    ['waiting for a review', withSteps('retry', 'timer', 'review'), { word: 'waiting', reason: 'review' }],
    ['waiting for a timer', withSteps('retry', 'timer', 'confirmed'), { word: 'waiting', reason: 'timer' }],
    ['waiting for a retry', withSteps('skipped', 'retry'), { word: 'waiting', reason: 'retry' }],
    ['confirmed', { ...withSteps('confirmed'), allConfirmed: true }, { word: 'confirmed' }],
    ['started, between two steps', withSteps('confirmed'), { word: 'started' }],
  ])('%s', (_name, state, word) => {
    expect(wordOfRun(state)).toEqual(word);
  });

  test('a failed run without a reason says only the word; an item nobody decided in time says so', () => {
    const { reason: _reason, ...silent } = everything;
    expect(wordOfRun({ ...silent, end: 'failed' })).toEqual({ word: 'failed' });
    const { on: _on, ...untold } = escalation;
    const overdue = { ...untold, kind: 'review' as const, rung: 1 };
    const word = { word: 'escalated', reason: 'review_overdue' };
    expect(wordOfRun({ ...everything, tasks: { t: overdue } })).toEqual(word);
  });

  test('an escalation that is decided or closed holds nothing', () => {
    const decision = { answer: 'retry' as const, by: 'x', at: 1 };
    expect(wordOfRun({ ...withSteps('timer'), tasks: { t: { ...escalation, decision } } }).word).toBe('waiting');
    expect(wordOfRun({ ...withSteps('timer'), tasks: { t: { ...escalation, closedAt: 1 } } }).word).toBe('waiting');
  });
});

describe('The record', () => {
  test('of a run tells how it came here, with time, reason and who', () => {
    const core = coreDriver(
      graphOf({ a: step({ gates: { after: { owner: 'role:x' } } }), pay: effectStep('once') }, [['a', 'pay']]),
    );
    core.start();
    core.finish('a', { ...ok(), tookMs: 10 });
    core.advance(1_000);
    core.decide('a', 'approve');
    core.finish('pay', { ...failure('timeout'), tookMs: 5 });
    core.advance(100);
    core.decide('pay', 'give_up');
    expect(core.state().record).toEqual([
      { word: 'started', at: startedAt, by: 'person:ada' },
      { word: 'waiting', at: startedAt + 10, reason: 'review' },
      { word: 'started', at: startedAt + 1_010, by: 'person:grace' },
      { word: 'escalated', at: startedAt + 1_015, reason: 'in_doubt' },
      { word: 'started', at: startedAt + 1_115, by: 'person:grace' },
      { word: 'failed', at: startedAt + 1_115, reason: 'in_doubt' },
    ]);
  });

  test('of a step too', () => {
    const retry = { retriers: [{ errors: ['*'], intervalMs: 500, maxRetries: 1 }] };
    const core = coreDriver(graphOf({ a: step({ retry }), b: step({ checkpoint: true }) }, [['a', 'b']]));
    core.start();
    core.finish('a', { ...failure('timeout'), tookMs: 20 });
    core.advance(500);
    core.finish('a', { ...ok(), tookMs: 30 });
    core.finish('b', { ...ok(), tookMs: 40 });
    expect(core.step('a').record).toEqual([
      { word: 'started', at: startedAt },
      { word: 'waiting', at: startedAt + 20, reason: 'retry' },
      { word: 'started', at: startedAt + 520 },
      { word: 'confirmed', at: startedAt + 590 },
    ]);
  });

  test('of a run that is complete ends in confirmed and complete', () => {
    const core = coreDriver(graphOf({ a: step() }));
    core.start();
    core.drive();
    expect(core.state().record.map((one) => one.word)).toEqual(['started', 'confirmed', 'complete']);
  });

  test('leaves out a wait of no length', () => {
    const core = coreDriver(graphOf({ a: step({ checkpoint: true }), b: step(), ask: step() }, [['a', 'b']]));
    core.start();
    core.finish('ask', { outcome: { suspend: true, dueAt: startedAt + 9e6, output: 1 }, tookMs: 1 });
    // Between the end of `a` and the start of `b` only the timer is left; nobody waited for it.
    core.finish('a', { ...ok(), tookMs: 5 });
    expect(core.state().record.map((one) => one.word)).toEqual(['started']);
    core.finish('b', { ...ok(), tookMs: 5 });
    expect(core.state().record.at(-1)).toEqual({ word: 'waiting', at: startedAt + 11, reason: 'timer' });
  });

  test('notes a change of the reason', () => {
    const core = coreDriver(graphOf({ a: step({ gates: { after: { owner: 'role:x' } } }), b: step() }));
    core.start();
    core.finish('b', { outcome: { suspend: true, dueAt: startedAt + 9e6, output: 1 } });
    core.finish('a', ok());
    expect(core.state().record.at(-1)).toMatchObject({ word: 'waiting', reason: 'review' });
  });
});
