/** Budgets through the real engine and a real file: many runs at once, a restart in between, and the doctor's look. */
import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { engineBench, type Bench } from '../../test/harness/engine.ts';
import { documentOf, step } from '../../test/harness/graph.ts';
import { isOpen, type RunState } from '../../shared/run/state.ts';
import type { Outcome } from '../steps/kind.ts';

let bench: Bench;
afterEach(() => bench.remove());

const now = Date.UTC(2026, 10, 23, 12);
const document = documentOf({ ask: step({ kind: 'dear' }) }, [], { settings: { budget: { perDayMicros: 1_000 } } });

/** Answers when it is told to; each call may cost 100 and costs 30. */
function dearKind() {
  const waiting: (() => void)[] = [];
  let called = 0;
  return {
    called: () => called,
    answerAll: () => {
      for (const answer of waiting.splice(0)) answer();
    },
    kind: {
      estimate: () => ({ costMicros: 100, tokens: 10 }),
      execute: () =>
        new Promise<Outcome>((resolve) => {
          called += 1;
          waiting.push(() => resolve({ ok: true, output: 1, costMicros: 30 }));
        }),
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('twenty runs at once never take more of a day than there is, also after a restart', async () => {
  const dear = dearKind();
  bench = await engineBench({ kinds: { dear: dear.kind }, clock: () => now });
  const runIds = await Promise.all(Array.from({ length: 20 }, () => bench.start(document)));
  await until(() => dear.called() >= 10);
  const parked: RunState[] = [];
  for (const runId of runIds) {
    const view = await bench.engine.read(runId);
    if (view && view.state.word === 'escalated') parked.push(view.state);
  }
  expect([dear.called(), parked.length]).toEqual([10, 10]);
  const [total] = await bench.store.spendTotals('2026-11-23');
  expect(total).toEqual({ workflowId: 'wf_test', period: '2026-11-23', spentMicros: 0, reservedMicros: 1_000 });

  // What was in flight when the host went away may have cost everything that was reserved for it.
  await bench.end();
  await bench.begin();
  dear.answerAll();
  expect((await bench.store.spendTotals('2026-11-23'))[0]?.reservedMicros).toBe(1_000);
  const again = await bench.settled(await bench.start(document));
  expect(again.word).toBe('escalated');
  expect(dear.called()).toBe(10);

  const [task] = Object.values(again.tasks).filter(isOpen);
  if (!task) throw new Error('Nobody was asked');
  expect(task.message).toContain('up to $0.001 is held by other calls');
  await bench.engine.decideTask({
    commandId: randomUUID(),
    runId: again.runId,
    taskId: task.taskId,
    answer: 'raise',
    value: 1_200,
    by: 'person:grace',
  });
  await until(() => dear.called() === 11);
  dear.answerAll();
  expect((await bench.settled(again.runId)).word).toBe('complete');
  // The raised limit holds for every run of that day.
  const next = await bench.start(document);
  await until(() => dear.called() === 12);
  dear.answerAll();
  expect((await bench.settled(next)).word).toBe('complete');
  const [after] = await bench.store.spendTotals('2026-11-23');
  expect(after).toMatchObject({ spentMicros: 60, reservedMicros: 1_000, raisedMicros: 1_200 });
  const findings = await bench.store.doctor({});
  expect(findings.filter((finding) => !finding.ok)).toEqual([]);
  await bench.store.doctor({ rebuild: true });
  expect((await bench.store.spendTotals('2026-11-23'))[0]).toEqual(after);
});

test('a workflow without a budget holds nothing and adds no row until it costs something', async () => {
  const dear = dearKind();
  bench = await engineBench({ kinds: { dear: dear.kind }, clock: () => now });
  const runId = await bench.start(documentOf({ ask: step({ kind: 'dear' }) }));
  await until(() => dear.called() === 1);
  expect(await bench.store.spendTotals('')).toEqual([]);
  dear.answerAll();
  await bench.settled(runId);
  expect(await bench.store.spendTotals('2026-11-23')).toMatchObject([{ spentMicros: 30, reservedMicros: 0 }]);
});
