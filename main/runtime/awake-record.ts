/**
 * Keeps the awake time of this data folder on disk, so that the next life counts on from it. Written now and then and
 * only while there is work: a crash costs at most that much, and then a timeout ends a little later, never sooner.
 */
import type { Store } from '../store/port.ts';
import type { AwakeClock } from './awake.ts';
import type { Scheduler } from './scheduler.ts';

const SETTING = 'awake';
const SAVE_EVERY_MS = 10_000;
/** A command that lived shorter than this leaves no record of it. */
const WORTH_SAVING_MS = 1_000;

export interface AwakeRecordOptions {
  store: Pick<Store, 'setting' | 'saveSetting'>;
  awake: AwakeClock;
  scheduler: Scheduler;
  isAtWork(): boolean;
  /** The machine slept, or the wall clock jumped. */
  woke(): void;
  failed(error: unknown): void;
}

export function keepAwakeTime({ store, awake, scheduler, isAtWork, woke, failed }: AwakeRecordOptions) {
  let timer: unknown;
  let savedMs = 0;
  let hasWorked = false;
  let hasBegun = false;

  async function save(): Promise<void> {
    const record = awake.record();
    if (!hasWorked || record.totalMs - savedMs < WORTH_SAVING_MS) return;
    hasWorked = false;
    savedMs = record.totalMs;
    await store.saveSetting(SETTING, record);
  }

  function arm(): void {
    timer = scheduler.set(() => {
      hasWorked ||= isAtWork();
      save().then(arm, failed);
    }, SAVE_EVERY_MS);
  }

  return {
    /** Something happened in this life; its time may count. */
    worked: () => void (hasWorked = true),
    async begin(): Promise<void> {
      if (hasBegun) return;
      hasBegun = true;
      awake.start(await store.setting(SETTING), woke);
      savedMs = awake.ms();
      arm();
    },
    /** Writes what was not written yet. */
    async end(): Promise<void> {
      if (!hasBegun) return;
      hasBegun = false;
      scheduler.clear(timer);
      hasWorked ||= isAtWork();
      awake.stop();
      // What cannot be written any more is only time that counts later.
      await save().catch(() => undefined);
    },
  };
}
