import { describe, expect, it } from 'vitest';
import { taskAnswers } from '../../../shared/run/events.ts';
import { choicesOf, demandOf, latestFirst, nextAfter, stepFrom } from './answers.ts';

describe('answers and their keys', () => {
  it('a review has 1 to 4, also when one is missing', () => {
    expect(choicesOf({ kind: 'review', allow: ['send_back', 'approve', 'reject'] })).toEqual([
      { answer: 'approve', key: '1' },
      { answer: 'reject', key: '3' },
      { answer: 'send_back', key: '4' },
    ]);
  });
  it('an effect in doubt has two', () => {
    expect(choicesOf({ kind: 'in_doubt', allow: ['not_happened', 'happened'] })).toEqual([
      { answer: 'happened', key: '1' },
      { answer: 'not_happened', key: '2' },
    ]);
  });
  it('an escalation has two', () => {
    expect(choicesOf({ kind: 'escalation', allow: ['retry', 'give_up'] }).map((choice) => choice.key)).toEqual([
      '1',
      '2',
    ]);
  });
  it('a no, a send back and a rollback must be explained', () => {
    const explained = taskAnswers.filter((answer) => ['reason', 'comment'].includes(demandOf(answer)));
    expect(explained).toEqual(['reject', 'send_back', 'give_up', 'rollback']);
  });
});

function settled(task: { decision?: { at: number }; closedAt?: number }): number | undefined {
  return task.decision?.at ?? task.closedAt;
}

describe('moving through the list', () => {
  const ids = ['a', 'b', 'c'];
  it('goes on with the next, at the end with the one before', () => {
    expect(nextAfter(ids, 'a')).toBe('b');
    expect(nextAfter(ids, 'c')).toBe('b');
    expect(nextAfter(['a'], 'a')).toBeUndefined();
    expect(nextAfter(ids, 'gone')).toBe('a');
  });
  it('shows what was settled last first', () => {
    const decided = (at: number) => ({ openedAt: 1, decision: { answer: 'approve' as const, by: 'person:ada', at } });
    expect(latestFirst([decided(5), { openedAt: 1, closedAt: 9 }, decided(7)]).map((task) => settled(task))).toEqual([
      9, 7, 5,
    ]);
  });
  it('J and K stop at the ends', () => {
    expect(stepFrom(ids, undefined, 1)).toBe('a');
    expect(stepFrom(ids, 'a', 1)).toBe('b');
    expect(stepFrom(ids, 'c', 1)).toBe('c');
    expect(stepFrom(ids, 'a', -1)).toBe('a');
    expect(stepFrom([], 'a', 1)).toBeUndefined();
  });
});
