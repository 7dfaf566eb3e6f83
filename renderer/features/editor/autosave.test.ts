import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../shared/api/contract.ts';
import { createAutosave, type SaveState } from './autosave.ts';

describe('saving', () => {
  function setup(save: (document: string, revision: number) => Promise<{ revision: number }>) {
    const timers: (() => void)[] = [];
    const states: SaveState[] = [];
    const autosave = createAutosave<string>({
      revision: 1,
      saved: 'a',
      save,
      onState: (state) => states.push(state),
      wait: (run) => {
        timers.push(run);
        return () => {
          const at = timers.indexOf(run);
          if (at >= 0) timers.splice(at, 1);
        };
      },
    });
    return { autosave, states, timers };
  }

  it('waits for a pause, then sends the latest with the revision it knows', async () => {
    const sent: [string, number][] = [];
    const { autosave, states, timers } = setup((document, revision) => {
      sent.push([document, revision]);
      return Promise.resolve({ revision: revision + 1 });
    });
    autosave.changed('b');
    autosave.changed('c');
    expect(timers).toHaveLength(1);
    expect(sent).toEqual([]);
    expect(await autosave.flush()).toBe('saved');
    autosave.changed('d');
    await autosave.flush();
    expect(sent).toEqual([
      ['c', 1],
      ['d', 2],
    ]);
    expect(states.at(-1)).toBe('saved');
  });

  it('sends what came during a save afterwards', async () => {
    const sent: string[] = [];
    let finish = (): void => {};
    const { autosave } = setup((document, revision) => {
      sent.push(document);
      return new Promise((resolve) => {
        finish = () => resolve({ revision: revision + 1 });
      });
    });
    autosave.changed('b');
    const done = autosave.flush();
    autosave.changed('c');
    finish();
    await Promise.resolve();
    setTimeout(() => finish(), 5);
    expect(await done).toBe('saved');
    expect(sent).toEqual(['b', 'c']);
  });

  it('stops at a conflict and loses nothing', async () => {
    const { autosave, states, timers } = setup(() => Promise.reject(new ApiError('conflict', 'Changed elsewhere.')));
    autosave.changed('b');
    expect(await autosave.flush()).toBe('conflict');
    autosave.changed('c');
    expect(timers).toHaveLength(0);
    expect(states.at(-1)).toBe('conflict');
  });

  it('tries again after a lost connection, not after a refusal', async () => {
    const lost = setup(() => Promise.reject(new ApiError('closed', 'No connection.')));
    lost.autosave.changed('b');
    expect(await lost.autosave.flush()).toBe('failed');
    expect(lost.timers).toHaveLength(1);
    const refused = setup(() => Promise.reject(new ApiError('bad_input', 'No.')));
    refused.autosave.changed('b');
    expect(await refused.autosave.flush()).toBe('failed');
    expect(refused.timers).toHaveLength(0);
  });

  it('has nothing to save after an undo back to what is saved', () => {
    const { autosave, states, timers } = setup(() => Promise.resolve({ revision: 2 }));
    autosave.changed('b');
    autosave.changed('a');
    expect(states.at(-1)).toBe('saved');
    expect(timers).toHaveLength(0);
  });
});
