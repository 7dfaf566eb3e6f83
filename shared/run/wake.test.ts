/** When a run that nobody watches has to be looked at again. */
import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from './events.ts';
import { foldRun } from './evolve.ts';
import { atOnce, wakeOf } from './wake.ts';

const start: RunEventBody = {
  type: 'run_started',
  workflowId: 'wf',
  workflowName: 'Refund',
  version: 'v1',
  owner: 'role:lead',
  input: null,
  env: {},
  by: 'person:ada',
};

function wakeAfter(...bodies: RunEventBody[]): number | undefined {
  const events = [start, ...bodies].map((body, index): RunEvent => ({
    ...body,
    runId: 'r',
    seq: index + 1,
    at: index,
  }));
  const state = foldRun(events);
  return state && wakeOf(state);
}

const begun = (step: string): RunEventBody => ({ type: 'attempt_started', step, attempt: 1, config: {} });
const retry = (step: string, dueAt: number): RunEventBody => ({
  type: 'retry_scheduled',
  step,
  dueAt,
  delayMs: 1,
  retrier: 0,
});
const gate = (step: string, dueAt?: number): RunEventBody => ({
  type: 'gate_opened',
  step,
  taskId: `task-${step}`,
  gate: 'after',
  owner: 'role:lead',
  causes: [],
  allow: ['approve'],
  shown: null,
  digest: 'd',
  ...(dueAt === undefined ? {} : { dueAt }),
});
const escalation = (step: string, pausesRun: boolean): RunEventBody => ({
  type: 'escalation_opened',
  step,
  taskId: `task-${step}`,
  on: 'retries_exhausted',
  owner: 'role:lead',
  message: 'No',
  allow: ['retry'],
  ...(pausesRun ? { pausesRun } : {}),
});

describe('a run is looked at', () => {
  it('by nobody while it waits for a signal, and when the time for it is over', () => {
    const awaited = { type: 'signal_awaited', step: 'a', attempt: 1, name: 'go' } as const;
    expect(wakeAfter(begun('a'), awaited)).toBeUndefined();
    expect(wakeAfter(begun('a'), { ...awaited, dueAt: 500 })).toBe(500);
  });

  it('at once while something of it was on its way', () => {
    expect(wakeAfter()).toBe(atOnce);
    expect(wakeAfter(begun('a'))).toBe(atOnce);
    expect(wakeAfter(begun('a'), begun('b'), gate('b'))).toBe(atOnce);
  });

  it('at once however it was started, and knows how', () => {
    const given = { key: 'k', parent: { runId: 'p', step: 'sub' }, pins: { wf_inside: 'v1' } };
    expect(foldRun([{ ...start, ...given, runId: 'r', seq: 1, at: 0 } as RunEvent])).toMatchObject(given);
  });

  it('at once while another run does the work of a step', () => {
    const child = { type: 'child_started', step: 'a', attempt: 1, childId: 'c', version: 'v' } as const;
    expect(wakeAfter(begun('a'), child)).toBe(atOnce);
  });

  it('not at all while it is paused, except for what was running', () => {
    const paused: RunEventBody = { type: 'run_paused', by: 'person:ada' };
    expect(wakeAfter(begun('a'), paused)).toBe(atOnce);
    expect(wakeAfter(begun('a'), retry('a', 500), paused)).toBeUndefined();
    expect(wakeAfter(begun('a'), retry('a', 500), paused, { type: 'run_resumed', by: 'person:ada' })).toBe(500);
  });

  it('at the earliest of its times', () => {
    expect(wakeAfter(begun('a'), retry('a', 500), begun('b'), retry('b', 300))).toBe(300);
    expect(wakeAfter(begun('a'), retry('a', 500), begun('b'), gate('b', 200))).toBe(200);
  });

  it('never while only a person can move it', () => {
    expect(wakeAfter(begun('a'), gate('a'))).toBeUndefined();
    expect(wakeAfter(begun('a'), escalation('a', false))).toBeUndefined();
  });

  it('for what was already running, but not for what is held, while somebody is asked for everything', () => {
    expect(wakeAfter(begun('a'), begun('b'), retry('b', 500), escalation('a', true))).toBeUndefined();
    expect(wakeAfter(begun('a'), begun('b'), escalation('a', true))).toBe(atOnce);
    expect(wakeAfter(begun('a'), begun('b'), retry('b', 500), escalation('a', false))).toBe(500);
  });

  it('never once it has ended', () => {
    expect(wakeAfter(begun('a'), gate('a', 200), { type: 'run_completed', output: null })).toBeUndefined();
  });
});
