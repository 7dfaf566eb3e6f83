/**
 * One run in memory: a serial mailbox around its state. A turn takes every waiting command, decides it, prepares and
 * begins what became due, commits, tells the subscribers, and only then dispatches. Recovery is the same turn with a
 * `recover` command in the mailbox; there is no second path.
 */
import type { BasedOn, RunEvent } from '../../shared/run/events.ts';
import { stepOf, type RunState } from '../../shared/run/state.ts';
import { changesTheWorld } from '../../shared/steps/effect.ts';
import { nodeOf, type Graph } from '../../shared/workflow/graph.ts';
import type { Outcome } from '../steps/kind.ts';
import type { Command, DecideContext, Refusal } from './core/commands.ts';
import { dueOnceBegun } from './core/begun.ts';
import { decide } from './core/decide.ts';
import { due, isParked, type Due, type Task } from './core/due.ts';
import { outputWhenFired } from './core/signals.ts';
import { keyOfEffect } from './core/attempt.ts';
import { createHeartbeats } from './heartbeats.ts';
import { prepareClose, prepareItem } from './prepare-map.ts';
import { checkOutput, prepareAttempt } from './prepare.ts';
import { probeOf } from './probe.ts';
import type { Shared } from './engine.ts';
import type { EarlierRead } from './unchanged.ts';

interface Letter {
  command: Command | undefined;
  commandId?: string | undefined;
  resolve(refusal: Refusal | undefined): void;
  reject(error: unknown): void;
}

export interface RunActor {
  readonly runId: string;
  state(): RunState | undefined;
  /** Events that only memory knows yet: they wait for the next durable one. */
  unsaved(): readonly RunEvent[];
  /** Resolves when what the command led to is durable (or waits in the buffer), with the refusal if there was one. */
  post(command: Command, commandId?: string): Promise<Refusal | undefined>;
  /** Looks again at what is due. */
  poke(): void;
  isIdle(): boolean;
  isParked(parkAfterMs: number): boolean;
  stop(): void;
}

export function createActor(runId: string, graph: Graph, initial: RunState | undefined, shared: Shared): RunActor {
  let state = initial;
  let buffer: RunEvent[] = [];
  let mailbox: Letter[] = [];
  let isPumping = false;
  let isStopped = false;
  const running = new Map<string, AbortController>();
  const heartbeats = createHeartbeats((step, payload) => {
    const attempt = state?.steps[step]?.attempts.length ?? 0;
    void post({ type: 'record_heartbeat', step, attempt, payload }).catch(() => undefined);
  }, shared.scheduler);

  const workflowId = graph.document.id;

  function context(current: RunState | undefined): DecideContext {
    const { clock, random } = shared;
    return {
      runId,
      now: clock(),
      awakeMs: shared.awake.ms(),
      graph,
      id: random.id,
      random: random.draw,
      digest: random.digest,
      dependencyOf: shared.facts.dependencies.of,
      breaker: shared.facts.dependencies.policy,
      othersSpent: (period) => shared.facts.spending.others(workflowId, period, current?.spend?.[period]),
    };
  }

  async function pump(): Promise<void> {
    if (isPumping) return;
    isPumping = true;
    while (mailbox.length > 0 && !isStopped) {
      const letters = mailbox;
      mailbox = [];
      try {
        await turn(letters);
      } catch (error) {
        isStopped = true;
        for (const letter of [...letters, ...mailbox]) letter.reject(error);
        shared.halt(error);
      }
    }
    isPumping = false;
    shared.turned(runId);
  }

  async function turn(letters: Letter[]): Promise<void> {
    let next = state;
    const events: RunEvent[] = [];
    const commandIds: string[] = [];
    const refusals = new Map<Letter, Refusal>();
    const apply = (command: Command): Refusal | undefined => {
      const decision = decide(next, command, context(next));
      if (!decision.ok) return decision.refusal;
      shared.facts.spending.note(workflowId, next?.spend, decision.state.spend);
      shared.facts.dependencies.note(runId, decision.events, decision.state);
      next = decision.state;
      events.push(...decision.events);
      return undefined;
    };
    for (const letter of letters) {
      if (!letter.command) continue;
      // Not before its outcome is decided: a turn that is still being written would find it due and call it once more.
      if (letter.command.type === 'finish_attempt') running.delete(letter.command.step);
      shared.faults.hit('before_decide', { runId });
      // Scoped to the run, so that one caller's mistake never meets another run in the same transaction.
      const commandId = letter.commandId === undefined ? undefined : `${runId}/${letter.commandId}`;
      if (commandId !== undefined && (commandIds.includes(commandId) || (await shared.store.commandSeen(commandId))))
        continue;
      const refusal = apply(letter.command);
      if (refusal) refusals.set(letter, refusal);
      else if (commandId !== undefined) commandIds.push(commandId);
    }
    const found = await beginWhatIsDue();
    await commit();
    if (isStopped) return;
    dispatch(found);
    for (const letter of letters) letter.resolve(refusals.get(letter));

    async function beginWhatIsDue(): Promise<Due> {
      for (;;) {
        if (!next) return { tasks: [] };
        const found = due(next, shared.clock(), graph);
        const first = found.tasks.filter((task) => task.type !== 'execute' && task.type !== 'child');
        if (first.length === 0) return found;
        const decided = events.length;
        for (const task of first) {
          apply(await commandFor(task, next));
        }
        const rest = dueOnceBegun(found, events.slice(decided));
        if (rest) return rest;
      }
    }

    async function commandFor(task: Exclude<Task, { type: 'execute' | 'child' }>, from: RunState): Promise<Command> {
      switch (task.type) {
        case 'escalate':
          return { type: 'escalate_task', taskId: task.taskId };
        case 'overdue':
          return { type: 'escalate_wait', step: task.step };
        case 'fire': {
          const step = stepOf(from, task.step);
          const output = step && outputWhenFired(from, step);
          return { type: 'fire_timer', step: task.step, checked: await checkOutput(from, task.step, output, graph) };
        }
        case 'prepare':
          return prepareAttempt(from, task.step, { graph, kinds: shared.kinds, digest: shared.random.digest });
        case 'collect':
          return prepareItem(from, task.step, task.index, graph);
        case 'close':
          return prepareClose(from, task.step, graph);
      }
    }

    async function commit(): Promise<void> {
      if (!next || events.length === 0) return;
      const types = events.map((event) => event.type);
      const unsaved = [...buffer, ...events];
      if (events.some((event) => !event.lazy)) {
        shared.faults.hit('before_commit', { runId, events: types });
        const dependencies = shared.facts.dependencies.takeChanged();
        const told = dependencies.length === 0 ? {} : { dependencies };
        await shared.committer.append({ runId, events: unsaved, state: next, commandIds, ...told });
        buffer = [];
        shared.faults.hit('after_commit', { runId, events: types });
      } else {
        buffer = unsaved;
      }
      state = next;
      shared.publish(runId, events, next);
      shared.faults.hit('before_dispatch', { runId, events: types });
    }
  }

  function dispatch(found: Due): void {
    shared.timers.set(runId, found.wakeAt);
    for (const [key, abort] of running) {
      if (state?.end || state?.steps[key]?.status !== 'running') abort.abort();
    }
    for (const task of found.tasks) {
      if (task.type === 'execute' && !running.has(task.step)) void execute(task.step, task.attempt);
      const step = task.type === 'child' ? state?.steps[task.step] : undefined;
      if (state && step) shared.children.tend(state, step);
    }
  }

  async function execute(key: string, attempt: number): Promise<void> {
    const node = nodeOf(graph, key);
    const step = state?.steps[key];
    if (!node || !step?.config) return;
    const abort = new AbortController();
    running.set(key, abort);
    const effectKey = changesTheWorld(node.effect) ? keyOfEffect(context(state), key, 1, step.generation) : '';
    const announced = state?.effects[effectKey];
    const { basedOn } = announced ?? {};
    // Once it may have happened, a change may well be its own: then the repetition finds out, not another look.
    const reads = announced?.mayHaveHappened ? undefined : basedOn?.flatMap(earlierRead);
    const probe = state && probeOf(state, key, node, announced);
    const { attemptTimeoutMs, heartbeatTimeoutMs } = node.step.retry ?? {};
    shared.faults.hit('before_call', { runId, step: key });
    const outcome = await shared.dispatcher.execute(
      {
        runId,
        stepKey: key,
        kind: node.step.kind,
        config: step.config,
        attempt,
        effect: {
          class: node.effect,
          generation: step.generation,
          ...(announced ? { key: effectKey } : {}),
          ...(basedOn ? { basedOn } : {}),
        },
        ...(reads ? { reads } : {}),
        ...(probe ? { probe } : {}),
        ...(attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs }),
        ...(heartbeatTimeoutMs === undefined ? {} : { heartbeatTimeoutMs }),
        ...(step.heartbeat === undefined ? {} : { lastHeartbeat: step.heartbeat }),
      },
      abort.signal,
      (payload) => heartbeats.beat(key, payload),
    );
    const unrecorded = heartbeats.end(key);
    const isLost = 'suspend' in outcome || outcome.ok || unrecorded === undefined;
    const heartbeat = isLost ? {} : { heartbeat: unrecorded };
    if (isStopped) return;
    shared.faults.hit('after_call', { runId, step: key });
    const checked = state ? await checkOutput(state, key, outputOf(outcome), graph) : {};
    shared.faults.hit('before_outcome', { runId, step: key });
    await post({ type: 'finish_attempt', step: key, attempt, outcome, checked, ...heartbeat }).catch(() => undefined);
  }

  function earlierRead(version: BasedOn): EarlierRead[] {
    const kind = nodeOf(graph, version.step)?.step.kind;
    const config = state?.steps[version.step]?.config;
    return kind === undefined || !config ? [] : [{ ...version, kind, config }];
  }

  function post(command: Command | undefined, commandId?: string): Promise<Refusal | undefined> {
    return new Promise((resolve, reject) => {
      if (isStopped) {
        reject(shared.halted() ?? new Error('The runtime is stopping'));
        return;
      }
      mailbox.push({ command, commandId, resolve, reject });
      void pump();
    });
  }

  return {
    runId,
    state: () => state,
    unsaved: () => buffer,
    post,
    poke: () => void post(undefined).catch(() => undefined),
    isIdle: () => !isPumping && mailbox.length === 0 && running.size === 0,
    isParked: (parkAfterMs) => state !== undefined && isParked(state, shared.clock(), parkAfterMs, graph),
    stop: () => {
      isStopped = true;
      heartbeats.stop();
      for (const abort of running.values()) abort.abort();
    },
  };
}

function outputOf(outcome: Outcome): unknown {
  return 'suspend' in outcome || outcome.ok ? outcome.output : undefined;
}
