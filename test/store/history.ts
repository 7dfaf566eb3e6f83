/**
 * Histories for the store's tests: small runs written as the engine would write them, folded with the real fold.
 * Must never take a short cut around `evolve`: what the store is given is what the product gives it.
 */
import type { RunAppend } from '../../main/store/port.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import type { RunEvent, RunEventBody } from '../../shared/run/events.ts';
import { documentSchema } from '../../shared/workflow/document.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';

export const START_MS = 1_800_000_000_000;

/** Numbers the bodies from `after + 1` on, one second apart. */
export function eventsOf(runId: string, bodies: RunEventBody[], after = 0): RunEvent[] {
  return bodies.map((body, index) => ({
    runId,
    seq: after + index + 1,
    at: START_MS + (after + index) * 1_000,
    ...body,
  }));
}

/** The append that adds everything of `all` after `after`, with the state the whole of it folds to. */
export function appendOf(all: RunEvent[], after = 0, commandIds: string[] = []): RunAppend {
  const state = foldRun(all);
  const runId = all[0]?.runId;
  if (!state || runId === undefined) throw new Error('A history has at least one event.');
  return { runId, events: all.filter((event) => event.seq > after), state, commandIds };
}

export function started(overrides: Partial<RunEventBody & { type: 'run_started' }> = {}): RunEventBody {
  return {
    type: 'run_started',
    workflowId: 'refund',
    workflowName: 'Refund request',
    version: 'digest-1',
    owner: 'role:support',
    input: { orderId: 'A-17' },
    env: {},
    by: 'person:ada',
    ...overrides,
  };
}

/** A whole run: a gate that is decided, an effect in doubt that is settled, a second one confirmed, the end. */
export function wholeRun(runId: string): RunEvent[] {
  const effect = (step: string, key: string): RunEventBody => ({
    type: 'effect_intended',
    step,
    attempt: 1,
    key,
    ordinal: 0,
    generation: 1,
    class: 'once',
    target: 'POST sandbox://payments/refunds',
    requestDigest: 'abc',
    request: { amount: 12 },
  });
  return eventsOf(runId, [
    started(),
    { type: 'attempt_started', step: 'decide', attempt: 1, config: { prompt: 'Ünïcode 😀' } },
    {
      type: 'attempt_succeeded',
      step: 'decide',
      attempt: 1,
      output: { confidence: 0.5 },
      ports: ['out'],
      costMicros: 40,
    },
    {
      type: 'gate_opened',
      step: 'decide',
      taskId: `${runId}-gate`,
      gate: 'after',
      owner: 'role:support',
      causes: [{ condition: 'confidence', measured: 0.5, limit: 0.8 }],
      allow: ['approve', 'reject'],
      shown: { confidence: 0.5 },
      digest: 'seen',
    },
    {
      type: 'gate_decided',
      step: 'decide',
      taskId: `${runId}-gate`,
      answer: 'approve',
      by: 'person:ada',
      reason: 'fine',
    },
    { type: 'step_confirmed', step: 'decide', ports: ['out'] },
    { type: 'attempt_started', step: 'pay#2', attempt: 1, config: { amount: 12 } },
    effect('pay#2', `${runId}-pay`),
    { type: 'attempt_abandoned', step: 'pay#2', attempt: 1 },
    { type: 'effect_in_doubt', step: 'pay#2', key: `${runId}-pay`, message: 'The host died.' },
    {
      type: 'escalation_opened',
      step: 'pay#2',
      taskId: `${runId}-doubt`,
      on: 'in_doubt',
      owner: 'role:support',
      message: 'Did the payment happen?',
      allow: ['happened', 'not_happened'],
      effectKey: `${runId}-pay`,
    },
    {
      type: 'escalation_decided',
      step: 'pay#2',
      taskId: `${runId}-doubt`,
      answer: 'happened',
      by: 'person:ada',
      value: {},
    },
    { type: 'effect_settled', step: 'pay#2', key: `${runId}-pay`, happened: true, by: 'person:ada' },
    { type: 'step_confirmed', step: 'pay#2', ports: ['out'] },
    { type: 'attempt_started', step: 'each[1]/mail', attempt: 1, config: {} },
    effect('each[1]/mail', `${runId}-mail`),
    { type: 'effect_confirmed', step: 'each[1]/mail', key: `${runId}-mail`, response: { id: 'm1' } },
    { type: 'attempt_succeeded', step: 'each[1]/mail', attempt: 1, output: null, ports: ['out'] },
    { type: 'step_confirmed', step: 'each[1]/mail', ports: ['out'] },
    { type: 'run_confirmed' },
    { type: 'run_completed', output: { done: true } },
  ]);
}

export function documentOf(overrides: Record<string, unknown> = {}): WorkflowDocument {
  return documentSchema.parse({
    formatVersion: 1,
    id: 'refund',
    name: 'Refund request',
    description: 'Pays back',
    steps: {
      decide: { kind: 'llm', label: 'Propose a decision' },
      pay: { kind: 'http', label: 'Pay' },
      mail: { kind: 'http' },
    },
    ...overrides,
  });
}
