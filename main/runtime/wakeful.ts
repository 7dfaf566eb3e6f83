/**
 * Runs that wait for a system: woken when it answers again, as many at a time as the dispatcher has free places, so that
 * what has just come back is not overrun. Their due times are in the journal; forgetting one here only delays it.
 */
import type { RunEvent } from '../../shared/run/events.ts';
import type { Dispatcher } from './dispatcher.ts';

export interface Wakeful {
  add(runId: string, dependency: string): void;
  /** Remembers who begins to wait. */
  follow(runId: string, events: readonly RunEvent[]): void;
  /** Wakes whoever may go on and has a place. Cheap when nobody waits. */
  look(): void;
}

export interface WakefulOptions {
  isAnswering(dependency: string): boolean;
  load: Dispatcher['load'];
  /** Resolves when what the run began is on its way. */
  wake(runId: string, dependency: string): Promise<void>;
}

export function createWakeful({ isAnswering, load, wake }: WakefulOptions): Wakeful {
  const waiting = new Map<string, Set<string>>();
  let waking = 0;

  function add(runId: string, dependency: string): void {
    const runs = waiting.get(dependency);
    if (runs) runs.add(runId);
    else waiting.set(dependency, new Set([runId]));
  }

  function look(): void {
    for (const [dependency, runs] of waiting) {
      if (!isAnswering(dependency)) continue;
      for (const runId of runs) {
        const { running, queued, places } = load();
        if (running + queued + waking >= places) return;
        runs.delete(runId);
        waking += 1;
        void wake(runId, dependency).finally(() => {
          waking -= 1;
          look();
        });
      }
      if (runs.size === 0) waiting.delete(dependency);
    }
  }

  return {
    add,
    look,
    follow(runId, events) {
      for (const event of events) if (event.type === 'dependency_waited') add(runId, event.dependency);
    },
  };
}
