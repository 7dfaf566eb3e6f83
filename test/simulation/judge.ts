/**
 * What must be true when a simulation has ended, whatever happened in it: nothing lost, nothing done twice, every
 * question asked of somebody, every timer fired once, and the tables equal to a refold of the journal.
 */
import type { RunEvent } from '../../shared/run/events.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import { isOpen, type RunState } from '../../shared/run/state.ts';
import type { Store } from '../../main/store/port.ts';
import { signalsOf } from './callers.ts';
import type { SimulatedWorld } from './world.ts';

export interface Verdict {
  runs: { runId: string; state: RunState; events: RunEvent[] }[];
  /** One sentence for each rule that was broken. */
  broken: string[];
}

export async function judge(store: Store, world: SimulatedWorld, acknowledged: readonly string[]): Promise<Verdict> {
  const broken = [...world.complaints];
  for (const finding of await store.doctor({})) if (!finding.ok) broken.push(`doctor: ${finding.message}`);
  const runs: Verdict['runs'] = [];
  const keys = new Set<string>();
  for (const { runId } of await store.runs({})) {
    const events = await store.events(runId);
    const state = foldRun(events);
    if (!state) continue;
    runs.push({ runId, state, events });
    for (const key of Object.keys(state.effects)) keys.add(key);
    broken.push(...ledgerOf(state, world), ...endOf(state), ...timersOf(events), ...signalsOf(events));
  }
  for (const key of world.done.keys()) if (!keys.has(key)) broken.push(`${key} was done and no ledger has it`);
  for (const runId of acknowledged)
    if (!runs.some((run) => run.runId === runId)) broken.push(`${runId} was acknowledged and is not there`);
  return { runs, broken };
}

/** Lost: confirmed here, nothing there. Duplicate: done twice there. */
function ledgerOf({ runId, effects, end, tasks }: RunState, world: SimulatedWorld): string[] {
  return Object.values(effects).flatMap(({ key, step, status, class: effectClass }) => {
    const times = world.done.get(key) ?? 0;
    const name = `${runId} ${step} (${effectClass}, ${status})`;
    const found: string[] = [];
    if (times > 1) found.push(`duplicate: ${name} was done ${times} times`);
    if ((status === 'confirmed' || status === 'rolled_back') && times === 0) found.push(`lost: ${name} was never done`);
    if (status === 'failed' && times > 0) found.push(`${name} was done although the ledger says it was not`);
    if (status === 'intended' && end) found.push(`${name} has no answer and the run has ended`);
    const isAsked = Object.values(tasks).some((task) => task.effectKey === key);
    if (status === 'in_doubt' && !isAsked && !end) found.push(`${name} is in doubt and nobody is asked`);
    return found;
  });
}

/** Ended, or waiting for somebody who has a name. */
function endOf(state: RunState): string[] {
  const { runId, end, word, tasks, steps } = state;
  const open = Object.values(tasks).filter(isOpen);
  if (end) {
    if (open.length > 0) return [`${runId} has ended as ${end} with open questions`];
    return word === end ? [] : [`${runId} has ended as ${end} and says ${word}`];
  }
  if (open.length === 0) {
    const at = Object.values(steps).map((step) => `${step.key} ${step.status}`);
    return [`${runId} has neither ended nor asked anybody: ${at.join(', ')}`];
  }
  return open.filter((task) => task.owner.length < 6).map((task) => `${task.taskId} belongs to nobody`);
}

/** Recorded times are those of the clock the timers were set by, so they can be compared even when it jumped. */
export function timersOf(events: readonly RunEvent[]): string[] {
  const found: string[] = [];
  const retries = new Map<string, number>();
  const waits = new Map<string, { dueAt: number; fired: number }>();
  const rungs = new Map<string, { dueAt: number; rung: number }>();
  const attempts = new Map<string, number>();
  for (const event of events) {
    switch (event.type) {
      case 'attempt_started': {
        const dueAt = retries.get(event.step);
        if (dueAt !== undefined && event.at < dueAt)
          found.push(`${event.step} was retried too early (event ${event.seq})`);
        retries.delete(event.step);
        const last = attempts.get(event.step) ?? 0;
        if (event.attempt !== last + 1) found.push(`${event.step} began attempt ${event.attempt} after ${last}`);
        attempts.set(event.step, event.attempt);
        break;
      }
      case 'retry_scheduled':
        if (retries.has(event.step)) found.push(`${event.step} has two retries at once (event ${event.seq})`);
        retries.set(event.step, event.dueAt);
        break;
      case 'escalation_opened':
        // Whoever lets it go on says when: now.
        retries.delete(event.step);
        break;
      case 'timer_set':
        waits.set(`${event.step} ${event.attempt}`, { dueAt: event.dueAt, fired: 0 });
        break;
      case 'attempt_succeeded': {
        const wait = waits.get(`${event.step} ${event.attempt}`);
        if (!wait) break;
        wait.fired += 1;
        if (wait.fired > 1) found.push(`the timer of ${event.step} fired ${wait.fired} times`);
        if (event.at < wait.dueAt) found.push(`the timer of ${event.step} fired early (event ${event.seq})`);
        break;
      }
      case 'gate_opened':
        if (event.dueAt !== undefined) rungs.set(event.taskId, { dueAt: event.dueAt, rung: 0 });
        break;
      case 'task_escalated': {
        const before = rungs.get(event.taskId);
        if (before && event.at < before.dueAt) found.push(`${event.taskId} went up too early (event ${event.seq})`);
        if (before && event.rung !== before.rung + 1)
          found.push(`${event.taskId} went from rung ${before.rung} to ${event.rung}`);
        rungs.set(event.taskId, { dueAt: event.dueAt ?? Number.POSITIVE_INFINITY, rung: event.rung });
        break;
      }
      default:
        break;
    }
  }
  return found;
}
