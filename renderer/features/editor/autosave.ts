/**
 * Saving while one works: waits for a pause, sends one save at a time with the revision it is based on, and says where
 * it stands. Knows neither the page nor the wire; a conflict stops it until somebody decides.
 */
import { ApiError } from '../../../shared/api/contract.ts';

export type SaveState = 'saved' | 'waiting' | 'saving' | 'failed' | 'conflict';

export interface AutosaveOptions<D> {
  revision: number;
  saved: D;
  save: (document: D, revision: number) => Promise<{ revision: number }>;
  onState: (state: SaveState, error?: ApiError) => void;
  wait: (run: () => void, delayMs: number) => () => void;
}

export interface Autosave<D> {
  changed: (document: D) => void;
  /** Saves now what is not saved yet; resolves when nothing is left to save or saving failed. */
  flush: () => Promise<SaveState>;
  stop: () => void;
}

export const saveDelayMs = 500;
export const retryDelayMs = 3000;

export function createAutosave<D>(options: AutosaveOptions<D>): Autosave<D> {
  let { revision, saved } = options;
  let latest = saved;
  let state: SaveState = 'saved';
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;

  const set = (next: SaveState, error?: ApiError): void => {
    state = next;
    if (!stopped) options.onState(next, error);
  };

  const schedule = (delayMs: number): void => {
    cancel?.();
    cancel = options.wait(() => void start(), delayMs);
  };

  async function send(): Promise<void> {
    const document = latest;
    set('saving');
    try {
      const result = await options.save(document, revision);
      revision = result.revision;
      saved = document;
      if (latest === saved) set('saved');
      else {
        set('waiting');
        schedule(saveDelayMs);
      }
    } catch (thrown) {
      const error = thrown instanceof ApiError ? thrown : new ApiError('internal', 'Saving did not work.');
      if (error.code === 'conflict') {
        set('conflict', error);
        return;
      }
      set('failed', error);
      // What was refused as bad is not sent again unchanged; a lost connection comes back.
      if (error.code === 'closed' || error.code === 'timeout') schedule(retryDelayMs);
    }
  }

  function start(): Promise<void> {
    cancel?.();
    cancel = undefined;
    if (running) return running;
    if (latest === saved || state === 'conflict') return Promise.resolve();
    running = send().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    changed: (document) => {
      latest = document;
      if (state === 'conflict') return;
      if (latest === saved && !running) {
        cancel?.();
        set('saved');
        return;
      }
      if (!running) set('waiting');
      schedule(saveDelayMs);
    },
    flush: async () => {
      while (running || (latest !== saved && state !== 'conflict')) {
        await start();
        if (state === 'failed' || state === 'conflict') break;
      }
      return state;
    },
    stop: () => {
      stopped = true;
      cancel?.();
      void start();
    },
  };
}
