/**
 * Plays the pure core the way the engine does, with a virtual clock, seeded chance and scripted outcomes: a turn decides
 * a command, begins what became due, commits (or keeps lazy events in the buffer), then hands out what to execute.
 * It must never know more than the journal after a crash: `crash` drops the buffer and folds what was committed.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { StepError } from '../../shared/run/errors.ts';
import type { RunEvent, TaskAnswer } from '../../shared/run/events.ts';
import { defaultBreaker } from '../../shared/run/dependency.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import { stepOf, type RunState, type StepState, type TaskState } from '../../shared/run/state.ts';
import { changesTheWorld } from '../../shared/steps/effect.ts';
import { nodeOf, type Graph, type GraphStep } from '../../shared/workflow/graph.ts';
import type {
  AttemptOutcome,
  Checked,
  Command,
  ItemResult,
  DecideContext,
  Prepared,
  Refusal,
} from '../../main/runtime/core/commands.ts';
import { dueOnceBegun } from '../../main/runtime/core/begun.ts';
import { decide, settle } from '../../main/runtime/core/decide.ts';
import { due, type Due } from '../../main/runtime/core/due.ts';
import { createDependencies, type Dependencies } from '../../main/runtime/core/dependencies.ts';
import { createSpending, type Spending } from '../../main/runtime/core/spending.ts';
import { beginTurn, type Turn } from '../../main/runtime/core/turn.ts';

/** How an attempt ends: its outcome, what the checks of the output found, and how long it took. */
export interface Reply {
  outcome: AttemptOutcome;
  checked?: Checked;
  tookMs?: number;
}

export interface Call {
  step: string;
  attempt: number;
  /** The idempotency key of the announced effect; absent for steps that change nothing. */
  key: string | undefined;
  config: Record<string, unknown> | undefined;
}

export interface CoreOptions {
  seed?: number;
  runId?: string;
  /** What all runs of the workflow spend; given to several drivers they are runs of one host. */
  spending?: Spending;
  /** The systems that steps depend on, as the runs of one host know them. */
  dependencies?: Dependencies;
  /** Replies by step, used in order; when they are used up (or there are none) the attempt succeeds. */
  script?: Record<string, readonly Reply[]>;
  reply?: (call: Call) => Reply;
  prepare?: (node: GraphStep, state: RunState) => Prepared | StepError;
  /** The value of a map's own expression for an item. */
  collect?: (item: { step: string; index: number }) => ItemResult;
  /** Called after every turn with what it added; throws to fail the test. */
  afterTurn?: (added: readonly RunEvent[], state: RunState) => void;
  onCall?: (call: Call) => void;
}

export type Core = ReturnType<typeof coreDriver>;

export const startedAt = 1_800_000_000_000;

export function ok(output: unknown = null, more: Partial<Extract<AttemptOutcome, { ok: true }>> = {}): Reply {
  return { outcome: { ok: true, output, ...more } };
}

export function failure(error: string, more: Partial<StepError> & { sent?: boolean } = {}): Reply {
  const { sent = error !== 'not_sent', ...rest } = more;
  const [errorClass, code] = error.split(':');
  return {
    outcome: {
      ok: false,
      sent,
      error: {
        class: errorClass as StepError['class'],
        message: `It was ${errorClass}`,
        ...(code ? { code } : {}),
        ...rest,
      },
    },
  };
}

/** A small seeded generator: the same seed draws the same numbers on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function coreDriver(graph: Graph, options: CoreOptions = {}) {
  const { runId = 'run_test', spending = createSpending() } = options;
  const { dependencies = createDependencies(defaultBreaker) } = options;
  const workflowId = graph.document.id;
  const random = seeded(options.seed ?? 1);
  const used = new Map<string, number>();
  const calls: Call[] = [];
  const inFlight = new Map<string, number>();
  let now = startedAt;
  let asleepMs = 0;
  let ids = 0;
  let journal: RunEvent[] = [];
  let buffer: RunEvent[] = [];
  let state: RunState | undefined;

  function context(): DecideContext {
    return {
      runId,
      now,
      awakeMs: now - startedAt - asleepMs,
      graph,
      id: () => `task_${(ids += 1)}`,
      random,
      digest: (text) => createHash('sha256').update(text).digest('hex'),
      dependencyOf: dependencies.of,
      breaker: dependencies.policy,
      othersSpent: (period) => spending.others(workflowId, period, state?.spend?.[period]),
    };
  }

  function current(): RunState {
    if (!state) throw new Error('The run has not started');
    return state;
  }

  function turn(command?: Command): Refusal | undefined {
    return play([], command);
  }

  /** What a rule of the core does that no command reaches alone. */
  function change(by: (turn: Turn) => void): void {
    const made = beginTurn(state, context());
    by(made);
    settle(made);
    ({ state } = made);
    play(made.events);
  }

  function play(added: RunEvent[], command?: Command): Refusal | undefined {
    const apply = (next: Command): Refusal | undefined => {
      const decision = decide(state, next, context());
      if (!decision.ok) return decision.refusal;
      spending.note(workflowId, state?.spend, decision.state.spend);
      dependencies.note(runId, decision.events, decision.state);
      ({ state } = decision);
      added.push(...decision.events);
      return undefined;
    };
    const refusal = command && apply(command);
    const found = state && beginWhatIsDue(apply, added);
    if (added.some((event) => !event.lazy)) {
      journal = [...journal, ...buffer, ...added];
      buffer = [];
    } else {
      buffer = [...buffer, ...added];
    }
    if (state) options.afterTurn?.(added, state);
    if (found) dispatch(found);
    for (const dependency of answering()) play([], { type: 'resume_dependency', dependency });
    return refusal;
  }

  /** What steps wait for although it answers: whoever closed it wakes them. */
  function answering(): string[] {
    const names = Object.values(state?.steps ?? {}).flatMap(({ status, waitsFor }) =>
      status === 'dependency' && waitsFor ? [waitsFor.dependency] : [],
    );
    return [...new Set(names)].filter((name) => dependencies.of(name)?.openUntil === undefined);
  }

  function beginWhatIsDue(apply: (command: Command) => Refusal | undefined, added: readonly RunEvent[]): Due {
    let rounds = 0;
    for (;;) {
      const found = due(current(), now, graph);
      const first = found.tasks.filter((task) => task.type !== 'execute' && task.type !== 'child');
      if (first.length === 0) return found;
      const decided = added.length;
      rounds += 1;
      if (rounds > 2_000) throw new Error(`What is due changes nothing: ${JSON.stringify([first, added.slice(-6)])}`);
      for (const task of first) {
        if (task.type === 'escalate') apply({ type: 'escalate_task', taskId: task.taskId });
        else if (task.type === 'overdue') apply({ type: 'escalate_wait', step: task.step });
        else if (task.type === 'collect')
          apply({
            type: 'end_item',
            step: task.step,
            index: task.index,
            result: options.collect?.(task) ?? { ok: true },
          });
        else if (task.type === 'close') apply({ type: 'close_map', step: task.step, checked: {} });
        else apply(task.type === 'fire' ? { type: 'fire_timer', step: task.step, checked: {} } : prepare(task.step));
      }
      // The engine's short cut must say what asking again says.
      const short = dueOnceBegun(found, added.slice(decided));
      if (short) deepStrictEqual(inOrder(short), inOrder(due(current(), now, graph)));
    }
  }

  function prepare(key: string): Command {
    const node = nodeOf(graph, key);
    if (!node) throw new Error(`No step ${key}`);
    const prepared =
      options.prepare?.(node, current()) ?? defaultPrepared(node, key, stepOf(current(), key)?.generation);
    return 'class' in prepared
      ? { type: 'refuse_attempt', step: key, error: prepared as StepError }
      : { type: 'begin_attempt', step: key, prepared };
  }

  function dispatch(found: Due): void {
    for (const [key] of inFlight) if (stepOf(current(), key)?.status !== 'running') inFlight.delete(key);
    for (const task of found.tasks) {
      if (task.type !== 'execute' || inFlight.has(task.step)) continue;
      inFlight.set(task.step, task.attempt);
      const step = stepOf(current(), task.step);
      const effect = Object.values(current().effects).find(
        (one) => one.step === task.step && one.generation === step?.generation,
      );
      const call = { step: task.step, attempt: task.attempt, key: effect?.key, config: step?.config };
      calls.push(call);
      options.onCall?.(call);
    }
  }

  function finish(key: string, reply: Reply): Refusal | undefined {
    const attempt = inFlight.get(key);
    if (attempt === undefined) throw new Error(`${key} is not running`);
    inFlight.delete(key);
    now += reply.tookMs ?? 0;
    return turn({ type: 'finish_attempt', step: key, attempt, outcome: reply.outcome, checked: reply.checked ?? {} });
  }

  function replyFor(key: string): Reply {
    const call = calls.findLast((one) => one.step === key);
    if (call && options.reply) return options.reply(call);
    const index = used.get(key) ?? 0;
    used.set(key, index + 1);
    return options.script?.[key]?.[index] ?? ok();
  }

  function openTasks(): TaskState[] {
    return Object.values(current().tasks).filter((task) => !task.decision && !task.closedAt);
  }

  return {
    runId,
    calls,
    turn,
    change,
    finish,
    context,
    openTasks,
    state: current,
    step(key: string): StepState {
      const found = stepOf(current(), key);
      if (!found) throw new Error(`${key} was not reached`);
      return found;
    },
    /** What is on disk, and what only memory knows. */
    journal: () => journal,
    buffer: () => buffer,
    events: () => [...journal, ...buffer],
    types: () => [...journal, ...buffer].map((event) => event.type),
    running: () => [...inFlight.keys()],
    now: () => now,
    advance(ms: number): void {
      now += ms;
      turn();
    },
    /** The machine sleeps, or no host runs: the wall clock goes on and awake time does not. */
    sleep(ms: number): void {
      now += ms;
      asleepMs += ms;
      turn();
    },
    wakeAt: () => due(current(), now, graph).wakeAt,
    start(input: unknown = null): void {
      turn({
        type: 'start_run',
        workflowId: graph.document.id,
        workflowName: graph.document.name,
        version: 'v1',
        owner: graph.document.owner ?? 'role:owner',
        input,
        env: {},
        by: 'person:ada',
      });
    },
    /** Answers every attempt and lets every timer come due, until the run ends or waits for a person. */
    drive(maxTurns = 2_000): void {
      for (let turns = 0; turns < maxTurns; turns += 1) {
        const [key] = inFlight.keys();
        const wakeAt = due(current(), now, graph).wakeAt;
        if (key !== undefined) finish(key, replyFor(key));
        else if (wakeAt !== undefined) {
          now = wakeAt;
          turn();
        } else return;
      }
      throw new Error(`Not quiet after ${maxTurns} turns`);
    },
    decide(
      key: string,
      answer: TaskAnswer,
      more: Partial<Omit<Extract<Command, { type: 'decide_task' }>, 'type' | 'taskId' | 'answer'>> = {},
    ): Refusal | undefined {
      const task = openTasks().find((one) => one.step === key);
      if (!task) throw new Error(`Nothing is open for ${key}`);
      return turn({ type: 'decide_task', taskId: task.taskId, answer, by: 'person:grace', ...more });
    },
    cancel: (by = 'person:ada', reason?: string) =>
      turn({ type: 'cancel_run', by, ...(reason === undefined ? {} : { reason }) }),
    /** The host dies: what was not committed is gone, then the same loop goes on with `recover`. */
    crash(): void {
      buffer = [];
      inFlight.clear();
      const lost = state?.spend;
      state = foldRun(journal);
      spending.note(workflowId, lost, state?.spend);
      dependencies.load(dependencies.all());
      turn({ type: 'recover' });
    },
  };
}

function inOrder({ tasks, ...rest }: Due): unknown {
  return { ...rest, tasks: tasks.map((task) => JSON.stringify(task)).sort() };
}

/** Every change asks for something else, or it would be a duplicate. */
function defaultPrepared(node: GraphStep, key: string, generation = 1): Prepared {
  const nth = key === node.id && generation === 1 ? {} : { nth: `${key}/${generation}` };
  const plan = { target: `POST test://${node.id}`, request: { for: node.id, ...nth } };
  const config = node.children ? { items: [], ...node.step.config } : { step: node.id };
  return { config, ...(changesTheWorld(node.effect) ? { plan } : {}) };
}
