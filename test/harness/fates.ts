/**
 * Random graphs and random lives of a run: outcomes, crashes, timers, decisions and cancels, all from one seed, against a
 * small world that remembers what was really done to it. People in it tell the truth about what they see in that world.
 */
import fc from 'fast-check';
import type { ErrorClass } from '../../shared/run/errors.ts';
import { errorClasses, transientErrors } from '../../shared/run/errors.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import { isUndoKey } from '../../shared/run/keys.ts';
import type { TaskState } from '../../shared/run/state.ts';
import { changesTheWorld, effectClasses } from '../../shared/steps/effect.ts';
import { nodeOf, type Graph } from '../../shared/workflow/graph.ts';
import { createDependencies } from '../../main/runtime/core/dependencies.ts';
import { coreDriver, failure, ok, seeded, type Call, type Core, type Reply } from './core.ts';
import type { Command } from '../../main/runtime/core/commands.ts';
import { cases } from './size.ts';
import { meddle, retryFailed } from './meddling.ts';
import { graphOf, type EdgeInput, type GateInput, type StepInput } from './graph.ts';
import { contained, sentBack, wired } from './shapes.ts';

/** Mostly nothing: a graph in which every step has everything ends before it has begun. */
function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

function often<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary });
}

const gate: fc.Arbitrary<GateInput> = fc.record(
  {
    owner: fc.constant('role:reviewer'),
    when: fc.constantFrom<GateInput['when'][]>(
      'always',
      { any: [{ confidenceBelow: 0.5 }, { expression: 'output.n > 1' }] },
      { any: [{ costAboveMicros: 5 }, { effectIn: ['once'] }] },
    ),
    maxSendBacks: fc.constant(1),
    quorum: fc.constantFrom(1, 2, 3),
    notBy: fc.constantFrom(['starter'], ['person:lin'], []),
    dueMs: fc.constantFrom(500, 30_000),
    ladder: fc.constant([{ owner: 'role:director', dueMs: 10_000 }]),
  },
  { requiredKeys: ['owner'] },
);

const retrier = fc.record({
  errors: fc.constantFrom<string[][]>(
    ['*'],
    ['*'],
    ['timeout'],
    ['unavailable', 'not_sent'],
    ['invalid_output', 'code'],
  ),
  intervalMs: fc.constantFrom(0, 100, 5_000),
  backoffRate: fc.constantFrom(1, 2),
  maxRetries: fc.nat(2),
  jitter: fc.constantFrom('none' as const, 'full' as const),
});

const limitedRule: fc.Arbitrary<NonNullable<StepInput['escalation']>[number]> = fc
  .tuple(
    fc.constantFrom(
      { on: 'confidence_below' as const, below: 0.5 },
      { on: 'cost_over' as const, micros: 3 },
      { on: 'waits_longer_than' as const, ms: 300 },
    ),
    fc.constantFrom(undefined, undefined, 'pause' as const, 'fail' as const, 'rollback' as const, 'fallback' as const),
    fc.boolean(),
  )
  .map(([limit, then, climbs]) => ({
    ...limit,
    owner: 'role:ops',
    ...(then ? { then } : {}),
    ...(climbs ? { dueMs: 400, ladder: [{ owner: 'role:head', dueMs: 400 }] } : {}),
  }));

const stepInput: fc.Arbitrary<StepInput> = fc
  .record({
    effect: fc.constantFrom(...effectClasses),
    checkpoint: fc.boolean(),
    retriers: fc.array(retrier, { maxLength: 2 }),
    totalTimeoutMs: rarely(fc.constantFrom(1_000, 20_000)),
    before: rarely(gate),
    after: rarely(gate),
    rule: rarely(fc.constantFrom('pause' as const, 'fail' as const, 'rollback' as const, 'fallback' as const)),
    limited: rarely(limitedRule),
    undo: fc.option(fc.constantFrom(...effectClasses), { nil: undefined }),
    budget: rarely(
      fc.constantFrom(
        { costMicros: 4 },
        { tokens: 8 },
        { attempts: 2 },
        { retries: 1 },
        { wallMs: 4_000 },
        { iterations: 1 },
      ),
    ),
  })
  .map(({ effect, checkpoint, retriers, totalTimeoutMs, before, after, rule, limited, undo, budget }) => ({
    kind: 'test',
    effect,
    checkpoint,
    retry: { retriers, ...(totalTimeoutMs === undefined ? {} : { totalTimeoutMs }) },
    ...(undo ? { compensate: { kind: 'test', config: {}, effect: undo, retry: { retriers } } } : {}),
    gates: { ...(before ? { before } : {}), ...(after ? { after } : {}) },
    ...(budget ? { budget } : {}),
    escalation: [
      ...(rule ? [{ on: 'retries_exhausted' as const, owner: 'role:ops', then: rule }] : []),
      ...(limited ? [limited] : []),
    ],
  }));

/** Rules that ask nobody, or nobody any longer. */
function endingRules(then: 'fail' | 'rollback'): NonNullable<StepInput['escalation']> {
  return [
    { on: 'stop_condition', owner: 'role:ops', then },
    { on: 'cost_over', owner: 'role:ops', micros: 1_000, then },
    { on: 'review_overdue', owner: 'role:ops', dueMs: 400, then },
  ];
}

const join: fc.Arbitrary<Partial<StepInput>> = fc.record({
  join: fc.constantFrom<NonNullable<StepInput['join']>[]>('any', 'any', { atLeast: 2 }, { atLeast: 3 }),
  losers: fc.constantFrom('cancel' as const, 'cancel' as const, 'finish' as const),
});

/** `within`: how far back in the list the container of a step lies; `config` makes the step itself one. */
const container = fc.record({
  within: often(fc.integer({ min: 1, max: 3 })),
  config: rarely(
    fc.record({
      items: fc.constantFrom([], [1], ['a', 'b'], [1, 2, 3]),
      concurrency: fc.constantFrom(1, 2, 5),
      tolerate: fc.constantFrom({}, { count: 1 }, { percent: 50 }),
    }),
  ),
});

/** Directed graphs, at most 12 steps, with loops, joins, maps in maps, ports, fallback edges, gates and settings of every sort. */
export const anyGraph: fc.Arbitrary<Graph> = fc
  .array(stepInput, { minLength: 1, maxLength: 12 })
  .chain((steps) =>
    fc.record({
      steps: fc.constant(steps),
      edges: fc.array(
        fc.record({
          from: fc.nat(steps.length - 1),
          to: fc.nat(steps.length - 1),
          port: fc.constantFrom('out', 'out', 'out', 'other', 'failed', 'rejected', 'timeout'),
          extra: fc.constantFrom<NonNullable<EdgeInput[2]>[]>(
            {},
            { onErrors: ['*'] },
            { onErrors: ['refused', 'code:E1'] },
            { onErrors: ['timeout', 'loop_limit'] },
          ),
        }),
        { maxLength: 20 },
      ),
      loops: fc.boolean(),
      joins: fc.oneof(fc.constant([]), fc.array(often(join), { minLength: steps.length })),
      containers: fc.oneof(fc.constant([]), fc.array(container, { minLength: steps.length })),
      onFailure: fc.constantFrom('pause' as const, 'fail' as const, 'rollback' as const, undefined),
      back: fc.array(fc.nat(99), { maxLength: 5 }),
      ends: rarely(fc.constantFrom('fail' as const, 'rollback' as const)),
      retryBudget: rarely(fc.nat(4)),
      costBudget: rarely(fc.integer({ min: 1, max: 20 })),
      dayBudget: rarely(fc.integer({ min: 1, max: 20 })),
      repeatedCalls: rarely(fc.constantFrom('park' as const, 'allow' as const)),
      stopAfterMs: rarely(fc.constantFrom(100, 20_000)),
    }),
  )
  .map(
    ({
      steps,
      edges,
      loops,
      joins,
      containers,
      onFailure,
      back,
      ends,
      retryBudget,
      costBudget,
      dayBudget,
      repeatedCalls,
      stopAfterMs,
    }) => {
      const joined = steps.map((one, index) => ({ ...one, ...joins[index] }));
      /** Into each such join two branches lead at least. */
      const asked: readonly (Partial<StepInput> | undefined)[] = joins;
      const branches = asked.flatMap((one, to) =>
        one && to > 1 ? [1, 2].map((back) => ({ from: to - back, to, port: 'out', extra: {} })) : [],
      );
      const named = contained(joined, containers);
      const settings = {
        ...(onFailure ? { onFailure } : {}),
        ...(ends ? { escalation: endingRules(ends) } : {}),
        ...(repeatedCalls ? { repeatedCalls } : {}),
        budget: {
          ...(retryBudget === undefined ? {} : { retries: retryBudget }),
          ...(costBudget === undefined ? {} : { costMicros: costBudget }),
          ...(dayBudget === undefined ? {} : { perDayMicros: dayBudget, perMonthMicros: dayBudget * 2 }),
        },
        ...(stopAfterMs === undefined ? {} : { stopWhen: [{ runsLongerThanMs: stopAfterMs }] }),
      };
      const paths = wired(named, [...edges, ...branches], loops);
      return graphOf(sentBack(named, paths, back), paths, { settings });
    },
  );

const numRuns = cases(1_000);

/** The body of a test: what must hold for every graph and every seed. */
export function always(check: (graph: Graph, seed: number) => void): () => void {
  return () => fc.assert(fc.property(anyGraph, fc.nat(2 ** 31), check), { numRuns });
}

/** What was decided, committed or not, and what was really called, in the order it happened. */
export type Entry = { event: RunEvent } | { call: Call };

export interface Life {
  core: Core;
  /** Without the events a crash took away. */
  log: Entry[];
  /** By idempotency key: how often the world did it. Idempotent targets do it once per key. */
  done: Map<string, number>;
  /** Idempotency keys of which the world did a part. */
  partly: Set<string>;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

/** One run from its start to its end. After many rounds luck turns good, so that what remains is whether it can end. */
export function live(
  graph: Graph,
  seed: number,
  check: (life: Life) => void = () => undefined,
  goesBack = false,
): Life {
  const draw = seeded(seed);
  /** Some runs are lucky, some are not. */
  const fortune = 0.4 + draw() * 0.6;
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(draw() * list.length)];
  const log: Entry[] = [];
  /** The end was reached; what a test does afterwards goes well. */
  let isOver = false;
  const done = new Map<string, number>();
  const partly = new Set<string>();
  const hasDependencies = draw() < 0.5;
  const dependencies = createDependencies({ failures: 2, openMs: 3_000, longestOpenMs: 20_000 });
  const repeats = draw() < 0.3;
  /** In some lives several steps ask for the same. */
  const planOf = (id: string) =>
    repeats && draw() < 0.3
      ? { target: 'POST test://shared', request: { n: draw() < 0.5 } }
      : { target: `POST test://${id}`, request: { n: draw() } };
  const core: Core = coreDriver(graph, {
    seed,
    dependencies,
    collect: () =>
      !isOver && draw() < (1 - fortune) / 10
        ? { ok: false, error: { class: 'invalid_output', message: 'The result is missing' } }
        : { ok: true },
    prepare: (node) => {
      if (!isOver && draw() < (1 - fortune) / 10) return { class: 'invalid_output', message: 'A value is missing' };
      return {
        config: node.children ? { items: [], ...node.step.config } : { n: draw() },
        ...(changesTheWorld(node.effect) ? { plan: planOf(node.id) } : {}),
        gate: { confidence: draw(), expressions: [undefined, draw() < 0.5] },
        ...(hasDependencies && !isOver && !node.children && draw() < 0.7
          ? { dependency: draw() < 0.8 ? 'dep:a' : 'dep:b' }
          : {}),
        ...(!changesTheWorld(node.effect) && !node.children && draw() < 0.3
          ? { callDigest: draw() < 0.7 ? 'call:a' : 'call:b', repeated: {} }
          : {}),
        ...(draw() < 0.5 ? { estimate: { costMicros: Math.floor(draw() * 4), tokens: 3 } } : {}),
      };
    },
    afterTurn: (added) => {
      for (const event of added) log.push({ event: deepFreeze(event) });
      deepFreeze(core.state());
      check(life);
    },
    onCall: (call) => log.push({ call }),
  });
  const life: Life = { core, log, done, partly };

  function doIt(key: string): void {
    const call = core.calls.findLast((one) => one.key === key);
    const isKeyed = call !== undefined && nodeOf(graph, call.step)?.effect === 'idempotent';
    done.set(key, isKeyed ? 1 : (done.get(key) ?? 0) + 1);
  }

  function replyTo(step: string): Reply {
    const key = core.calls.findLast((one) => one.step === step)?.key;
    const tookMs = Math.floor(draw() * 2_000);
    if (draw() < fortune) {
      if (key !== undefined) doIt(key);
      const confidence = pick<unknown>([draw(), draw(), draw(), 'high', Number.NaN, undefined]);
      const checked = {
        gate: { confidence, expressions: [undefined, pick<unknown>([false, true, undefined])] },
        ...(draw() > fortune && !isUndoKey(step) ? { doneWhen: { holds: false, expression: 'output' } } : {}),
      };
      const spent = { costMicros: Math.floor(draw() * 4), usage: { inputTokens: 1, outputTokens: 2 } };
      const version = goesBack && key === undefined ? { version: { url: `test://${step}`, digest: `${draw()}` } } : {};
      return {
        ...ok({ n: draw() }, { ...version, ...spent, ...(draw() < 0.2 ? { ports: ['other'] } : {}) }),
        checked,
        tookMs,
      };
    }
    if (draw() < 0.2 && key === undefined) {
      if (draw() < 0.4) {
        const dueAt = draw() < 0.5 ? {} : { dueAt: core.now() + Math.floor(draw() * 50_000) };
        return { outcome: { suspend: true, signal: `signal_${Math.floor(draw() * 2)}`, ...dueAt }, tookMs };
      }
      return {
        outcome: { suspend: true, dueAt: core.now() + Math.floor(draw() * 100_000) - 1_000, output: 1 },
        tookMs,
      };
    }
    const errorClass = pick(draw() < 0.7 ? transientErrors : errorClasses) as ErrorClass;
    const saysNo = ['refused', 'rate_limited', 'stale', 'not_sent'].includes(errorClass);
    const isPartial = errorClass === 'partial';
    const sent = errorClass !== 'not_sent' && (isPartial || draw() < 0.7);
    // A part of it is not it: finishing what was begun is no second time.
    if (key !== undefined && sent && !saysNo && !isPartial && draw() < 0.5) doIt(key);
    if (key !== undefined && isPartial) partly.add(key);
    return { ...failure(errorClass, { sent, ...(draw() < 0.3 ? { code: 'E1' } : {}) }), tookMs };
  }

  function crash(): void {
    for (const step of core.running()) {
      const key = core.calls.findLast((one) => one.step === step)?.key;
      if (key !== undefined && draw() < 0.5) doIt(key);
    }
    // What was never committed did not happen: the journal is all the next life knows.
    const lost = new Set(core.buffer());
    log.splice(0, log.length, ...log.filter((entry) => !('event' in entry) || !lost.has(entry.event)));
    core.crash();
  }

  function beat(step: string): void {
    const attempt = core.step(step).attempts.length;
    core.turn({ type: 'record_heartbeat', step, attempt, payload: { n: draw() } });
  }

  /** Some come before anybody waits for them, some twice. */
  function signal(name = `signal_${Math.floor(draw() * 2)}`, id = `id_${Math.floor(draw() * 30)}`): void {
    core.turn({ type: 'receive_signal', id, name, data: 1, by: 'person:ada' });
  }

  function answerTo(task: TaskState, isCalm: boolean): Extract<Command, { type: 'decide_task' }> {
    const truth = task.effectKey !== undefined && done.has(task.effectKey) ? 'happened' : 'not_happened';
    const lie = truth === 'happened' ? 'not_happened' : 'happened';
    const possible = task.allow.filter(
      (one) => one !== lie && (goesBack || one !== 'send_back' || task.backTo === undefined),
    );
    const calm = possible.find((one) => one === 'approve' || one === truth || (isCalm && one === 'give_up'));
    const isBack = !isCalm && goesBack && task.backTo !== undefined && draw() < 0.5;
    const usual = (isCalm || draw() < fortune / 2 ? calm : undefined) ?? pick(possible);
    const answer = isBack ? 'send_back' : usual;
    if (!answer) throw new Error(`Nothing can be answered to ${task.taskId}`);
    const value = answer === 'raise' ? (task.limit?.limit ?? 0) * 2 + 100 : { edited: true };
    const mayAnswer = ['person:grace', 'person:hedy', 'person:joan', 'person:mary'].filter(
      (one) => !task.approvals?.some(({ by }) => by === one),
    );
    const said = { by: pick(mayAnswer) ?? 'person:grace', verified: true, reason: 'Because', value };
    return { type: 'decide_task', taskId: task.taskId, answer, ...said };
  }

  core.start({ order: 1 });
  /** Some runs are rolled back after they ended, and again when something was left. */
  let regrets = Math.floor(draw() * 4);
  const goBack = () => core.turn({ type: 'rollback_run', by: 'person:grace', to: pick([...graph.steps.keys()]) ?? '' });
  const regret = (): boolean => {
    if (regrets <= 1) return false;
    regrets -= 1;
    if (goesBack && draw() < 0.6 && goBack() === undefined) return !core.state().end;
    // Some try again from where it failed instead.
    if (draw() < 0.5 && retryFailed(core)) return !core.state().end;
    return core.turn({ type: 'rollback_run', by: 'person:grace' }) === undefined && !core.state().end;
  };
  for (let round = 0; !core.state().end || regret(); round += 1) {
    const isCalm = round > 150;
    const fate = isCalm ? 1 : draw();
    const running = pick(core.running());
    const task = pick(core.openTasks());
    const wakeAt = core.wakeAt();
    const awaited = Object.values(core.state().steps).find((step) => step.status === 'signal')?.awaits;
    if (round > 3_000) throw new Error('The run does not come to an end');
    if (fate < 0.08) crash();
    else if (fate < 0.083) core.cancel();
    else if (fate < 0.086) core.turn({ type: 'rollback_run', by: 'person:grace' });
    else if (goesBack && fate < 0.1) goBack();
    else if (fate < 0.1 && running !== undefined) beat(running);
    else if (fate < 0.105) signal();
    else if (fate < 0.115) core.sleep(Math.floor(draw() * 50_000));
    else if (fate < 0.13) meddle(core, graph, draw);
    else if (fate < 0.15) core.turn();
    else if (running !== undefined) core.finish(running, isCalm ? calmReply(running) : replyTo(running));
    else if (core.state().paused && core.state().cancelling) core.turn({ type: 'resume_run', by: 'person:grace' });
    else if (task && (wakeAt === undefined || draw() < 0.5)) {
      const answer = answerTo(task, isCalm);
      const refusal = core.turn(answer);
      // A given result may lead round a loop that may not go round any more; going back may have become impossible.
      if (refusal && answer.answer !== 'skip' && answer.answer !== 'send_back') throw new Error(refusal.message);
    } else if (wakeAt !== undefined) core.advance(Math.max(0, wakeAt - core.now()));
    else if (core.state().paused) core.turn({ type: 'resume_run', by: 'person:grace' });
    else if (awaited !== undefined) signal(awaited, `late_${round}`);
    else throw new Error(`Neither ended nor waiting for anybody: ${stuckText(core)}`);
  }
  isOver = true;
  return life;

  function calmReply(step: string): Reply {
    const key = core.calls.findLast((one) => one.step === step)?.key;
    if (key !== undefined) doIt(key);
    return ok();
  }
}

/** What a run that hangs looks like: its last events, and the steps that have not ended. */
function stuckText(core: Core): string {
  const open = Object.values(core.state().steps).map(({ key, status, ports }) => `${key} ${status} ${ports.join(' ')}`);
  const last = core.events().slice(-12);
  return JSON.stringify({ open, last, orders: core.state().undoOrders, maps: core.state().maps }, null, 1);
}
