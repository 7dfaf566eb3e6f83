/** One run's mailbox over a store that writes when it is told to: what happens while a transaction is being written. */
import { expect, test } from 'vitest';
import { createSpending } from './core/spending.ts';
import { createDependencies } from './core/dependencies.ts';
import { defaultBreaker } from '../../shared/run/dependency.ts';
import { createActor } from './run-actor.ts';
import { noFaults } from './faults.ts';
import { nodeScheduler } from './scheduler.ts';
import type { Shared } from './engine.ts';
import type { Task } from './dispatcher.ts';
import type { Outcome, StepKind } from '../steps/kind.ts';
import { graphOf, step } from '../../test/harness/graph.ts';

const graph = graphOf({
  pay: step({ effect: 'once', checkpoint: true }),
  look: step({ effect: 'read', checkpoint: true }),
  tell: step({ effect: 'read', checkpoint: true }),
});
const kind = { manifest: {}, validate: () => undefined } as unknown as StepKind;

/** Writes wait in `writes`, attempts in `calls`, until the test ends them. */
function stage() {
  const writes: (() => void)[] = [];
  const calls: { task: Task; end(outcome: Outcome): void }[] = [];
  const parts = {
    store: { commandSeen: async () => false },
    dispatcher: {
      execute: (task: Task) => new Promise<Outcome>((end) => calls.push({ task, end })),
    },
    kinds: new Map([['test', kind]]),
    clock: () => 1_800_000_000_000,
    random: { id: () => 'id', draw: () => 0.5, digest: (text: string) => text },
    faults: noFaults,
    committer: { append: () => new Promise<void>((resolve) => writes.push(resolve)) },
    facts: { spending: createSpending(), dependencies: createDependencies(defaultBreaker) },
    timers: { set: () => undefined },
    scheduler: nodeScheduler,
    children: { tend: () => undefined, report: () => undefined },
    awake: { ms: () => 0 },
    publish: () => undefined,
    turned: () => undefined,
    halt: (error: unknown) => {
      throw error;
    },
    halted: () => undefined,
  };
  const actor = createActor('run_1', graph, undefined, parts as unknown as Shared);
  const quiet = async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const end = async (name: string): Promise<void> => {
    calls.find(({ task }) => task.stepKey === name)?.end({ ok: true, output: null });
    await quiet();
  };
  const write = async (): Promise<void> => {
    writes.shift()?.();
    await quiet();
  };
  const called = (name: string): number => calls.filter(({ task }) => task.stepKey === name).length;
  return { actor, end, write, quiet, called };
}

test('an outcome that arrives while something else is being written does not call its step again', async () => {
  const { actor, end, write, quiet, called } = stage();
  void actor.post({
    type: 'start_run',
    workflowId: 'wf_test',
    workflowName: 'Test',
    version: 'v1',
    owner: 'role:lead',
    input: null,
    env: {},
    by: 'person:ada',
  });
  await quiet();
  await write();
  expect(['pay', 'look', 'tell'].map(called)).toEqual([1, 1, 1]);
  await end('look');
  // The end of `look` is being written; `pay` was still running when it was decided.
  await end('pay');
  await write();
  expect(called('pay')).toBe(1);
  await write();
  await end('tell');
  await write();
  expect(actor.state()).toMatchObject({ word: 'complete' });
  expect(['pay', 'look', 'tell'].map(called)).toEqual([1, 1, 1]);
  expect(actor.isIdle()).toBe(true);
});
