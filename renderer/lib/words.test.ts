import { describe, expect, it } from 'vitest';
import { errorClasses } from '../../shared/run/errors.ts';
import { taskAnswers, type TaskAnswer } from '../../shared/run/events.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import { escalationTriggers } from '../../shared/workflow/document.ts';
import { stateWords } from '../../shared/run/state.ts';
import { eventMark, eventSentence } from './event-words.ts';
import {
  answerTitle,
  answerTitles,
  causeText,
  effectStatusText,
  errorAdvice,
  errorLine,
  guidanceOf,
  listNote,
  questionOf,
  reasonText,
  triggerText,
  wordTitles,
  wordWithReason,
} from './words.ts';

describe('words for people', () => {
  it('exist for every word, error, trigger and answer', () => {
    for (const word of stateWords) expect(wordTitles[word]).not.toContain('_');
    for (const error of errorClasses) expect(errorAdvice[error]).toMatch(/\.$/);
    for (const trigger of escalationTriggers) expect(triggerText(trigger)).not.toContain('_');
    for (const answer of taskAnswers) expect(answerTitles[answer]).not.toContain('_');
  });

  it('say what each answer to an escalation leads to', () => {
    const asked = { kind: 'escalation' as const, allow: ['raise', 'retry', 'give_up', 'rollback'] as TaskAnswer[] };
    expect(guidanceOf(asked)).toMatch(/Try again does the step once more.*Give up ends the step.*Roll back undoes/);
    const limit = { ...asked, rule: '/settings/budget/costMicros' };
    expect(guidanceOf(limit)).toMatch(/^Raise the limit,.* Let it go on,.* Give up ends the run here\./);
    expect(answerTitle('retry', limit)).toBe('Let it go on');
    expect(guidanceOf({ ...asked, loop: 'e1' })).toContain('one more round');
    expect(answerTitle('retry', { loop: 'e1' })).toBe('Go round again');
    expect(answerTitle('accept', limit)).toBe('Leave it as it is');
    expect(guidanceOf({ ...asked, allow: ['accept'] })).toContain('cannot be changed any more');
    expect(guidanceOf({ ...asked, allow: ['approve', 'skip'] })).toMatch(/^Approve, .* Give the result yourself/);
    expect(guidanceOf({ ...asked, kind: 'review' })).toBeUndefined();
    expect(guidanceOf({ ...asked, kind: 'in_doubt' })).toContain('Look in the other system first');
  });

  it('say why', () => {
    expect(wordWithReason('waiting', 'review')).toBe('Waiting for a person’s decision');
    expect(wordWithReason('waiting', 'retry')).toBe('Waiting to try again');
    expect(wordWithReason('waiting', 'timer')).toBe('Waiting until a set time');
    expect(wordWithReason('failed', 'cancelled')).toBe('Failed: cancelled');
    expect(wordWithReason('complete', undefined)).toBe('Complete');
    expect(reasonText('some_new_reason')).toBe('some new reason');
    expect(reasonText('')).toBeUndefined();
    expect(listNote('complete', 'review')).toBeUndefined();
  });

  it('say why a gate asked', () => {
    expect(causeText({ condition: 'confidence', measured: 0.62, limit: 0.8 }, 'EUR')).toBe(
      'confidence 62 % is below 80 %',
    );
    expect(causeText({ condition: 'confidence', limit: 0.8 }, 'EUR')).toBe(
      'there is no confidence, and 80 % is needed',
    );
    expect(causeText({ condition: 'cost', measured: 2_000_000, limit: 1_000_000 }, 'EUR')).toBe(
      'the cost of €2.00 is above €1.00',
    );
    expect(causeText({ condition: 'always' }, 'EUR')).toBe('this step always asks');
    expect(causeText({ condition: 'effect' }, 'EUR')).toBe('the step changes another system');
    expect(causeText({ condition: 'expression' }, 'EUR')).toBe('its condition holds');
    expect(causeText({ condition: 'expression', limit: 'x'.repeat(200) }, 'EUR').length).toBeLessThan(110);
  });

  it('ask one plain question', () => {
    expect(questionOf({ kind: 'review', gate: 'before' }, 'Pay')).toBe('May “Pay” go ahead with this?');
    expect(questionOf({ kind: 'review', gate: 'after' }, 'Decide')).toBe('Is the result of “Decide” right?');
    expect(questionOf({ kind: 'in_doubt' }, 'Pay')).toBe('Did “Pay” happen? Nobody knows.');
    expect(questionOf({ kind: 'escalation', on: 'loop_limit' }, 'Try')).toBe(
      '“Try” needs your decision: the loop limit is reached.',
    );
  });

  it('say what is known of an effect', () => {
    expect(effectStatusText({ status: 'in_doubt' })).toBe('Nobody knows whether it happened');
    expect(effectStatusText({ status: 'confirmed', settledBy: 'person:ada' })).toBe('Happened, says Ada');
    expect(effectStatusText({ status: 'confirmed', response: { status: 200 } })).toBe('Confirmed');
    expect(effectStatusText({ status: 'confirmed', response: { probed: true, answer: {} } })).toBe(
      'Happened, says the other system',
    );
    expect(effectStatusText({ status: 'failed' })).toBe('Did not happen');
  });

  it('name an error with its code', () =>
    expect(errorLine({ class: 'unavailable', code: '503', message: '' })).toBe(
      'The other system is not available (503)',
    ));
});

describe('events as sentences', () => {
  const at = { runId: 'r', seq: 1, at: 0 };
  const labelOf = (key: string) => (key.startsWith('pay') ? 'Pay the refund' : key);
  const error = { class: 'timeout', message: 'No answer within 10 s.' } as const;
  const cases: [RunEvent, string][] = [
    [
      {
        ...at,
        type: 'run_started',
        workflowId: 'w',
        workflowName: 'W',
        version: 'v',
        owner: 'role:a',
        input: null,
        env: {},
        by: 'cli',
      },
      'Somebody at the terminal started the run.',
    ],
    [{ ...at, type: 'attempt_started', step: 'pay', attempt: 1, config: {} }, '“Pay the refund” started.'],
    [
      { ...at, type: 'attempt_started', step: 'pay#2', attempt: 3, config: {} },
      '“Pay the refund” (round 2) started its attempt 3.',
    ],
    [
      { ...at, type: 'attempt_started', step: 'pay', attempt: 2, config: {}, repeated: true },
      '“Pay the refund” started again: its earlier work was lost.',
    ],
    [
      { ...at, type: 'attempt_failed', step: 'pay', attempt: 1, error },
      '“Pay the refund” failed: No answer within 10 s.',
    ],
    [
      { ...at, type: 'retry_scheduled', step: 'pay', dueAt: 1, delayMs: 2000, retrier: 0 },
      '“Pay the refund” tries again after 2.0 s.',
    ],
    [
      {
        ...at,
        type: 'effect_intended',
        step: 'pay',
        attempt: 1,
        key: 'k',
        ordinal: 0,
        generation: 0,
        class: 'once',
        target: 'POST x',
        requestDigest: 'd',
      },
      '“Pay the refund” wrote down what it is about to do: POST x.',
    ],
    [
      {
        ...at,
        type: 'effect_settled',
        step: 'pay',
        key: 'k',
        happened: false,
        by: 'person:ada',
        reason: 'not in the bank',
      },
      'Ada says that what “Pay the refund” asked for did not happen. Their words: “not in the bank”',
    ],
    [
      {
        ...at,
        type: 'gate_opened',
        step: 'pay',
        taskId: 't',
        gate: 'after',
        owner: 'role:finance-lead',
        causes: [{ condition: 'confidence', measured: 0.62, limit: 0.8 }],
        allow: [],
        shown: null,
        digest: 'd',
      },
      '“Pay the refund” asks Finance lead because confidence 62 % is below 80 %.',
    ],
    [
      { ...at, type: 'gate_decided', step: 'pay', taskId: 't', answer: 'approve', by: 'person:ada' },
      'Ada approved: “Pay the refund”.',
    ],
    [
      { ...at, type: 'step_failed', step: 'pay', error, ports: [] },
      '“Pay the refund” ended without a result: No answer in time.',
    ],
    [
      { ...at, type: 'run_failed', reason: 'cancelled', openEffects: 2, by: 'person:ada' },
      'The run ended without a result: cancelled by Ada. 2 of its changes in other systems stay as they are.',
    ],
  ];
  it.each(cases)('%o', (event, sentence) => {
    expect(eventSentence(event, labelOf, 'EUR')).toBe(sentence);
    expect([...stateWords, 'pending', 'skipped']).toContain(eventMark(event));
  });
});
