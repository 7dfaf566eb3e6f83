import { describe, expect, it } from 'vitest';
import { ApiError } from '../../shared/api/contract.ts';
import { explainError } from './notify.ts';

describe('what an error says', () => {
  it('adds the place when the sentence does not name it', () => {
    expect(explainError(new ApiError('bad_input', 'This is not a graph.', '/steps')).message).toBe(
      'This is not a graph. (at /steps)',
    );
    expect(explainError(new ApiError('bad_input', 'Unknown field at /steps/a.', '/steps/a')).message).toBe(
      'Unknown field at /steps/a.',
    );
  });
  it('leaves out the name of a parameter that says nothing to a person', () => {
    const error = new ApiError('not_found', 'There is no workflow with the id nope.', '/id');
    expect(explainError(error).message).toBe('There is no workflow with the id nope.');
  });
  it('names people and answers', () => {
    const error = new ApiError('conflict', 'This item was already decided by person:grace (give_up) (again)');
    expect(explainError(error).message).toBe('This item was already decided by Grace (gave up) (again)');
  });
  it('adds what to do unless the sentence says it', () => {
    expect(explainError(new ApiError('bad_input', 'Unknown field "x".')).advice).not.toBe('');
    expect(explainError(new ApiError('bad_input', 'Unknown field "x". Remove it.')).advice).toBe('');
    expect(explainError(new ApiError('conflict', 'Ada decided. Nothing is left.')).advice).toContain('latest state');
  });
});
