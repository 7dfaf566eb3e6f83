/**
 * The engine: runs by id, each with its mailbox, over one committer, one dispatcher and one set of timers.
 * It owns no rule about what a run does next – that is the core – and no table – that is the store.
 * Runs that wait live on disk: their actor is dropped and loaded again when something happens to them.
 */
import { ApiError } from '../../shared/api/contract.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import { evolve, foldRun } from '../../shared/run/evolve.ts';
import { allLimits } from '../../shared/run/limits.ts';
import type { RunState } from '../../shared/run/state.ts';
import type { StepManifest } from '../../shared/steps/manifest.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { compileGraph, type Graph } from '../../shared/workflow/graph.ts';
import type { StepKind } from '../steps/kind.ts';
import type { Store } from '../store/port.ts';
import { neverAsleep, type AwakeClock } from './awake.ts';
import { keepAwakeTime } from './awake-record.ts';
import { createChildren, type Children } from './children.ts';
import { createCommitter, type Committer } from './committer.ts';
import type { Command } from './core/commands.ts';
import type { Dispatcher } from './dispatcher.ts';
import { createFacts, type Facts } from './facts.ts';
import { noFaults, type Faults } from './faults.ts';
import { forkedStart, forkFrom, rollbackOf } from './plans.ts';
import { createActor, type RunActor } from './run-actor.ts';
import { checkOutput } from './prepare.ts';
import { nodeScheduler, type Scheduler } from './scheduler.ts';
import type { Engine, EngineOptions, Random, RunView, StartRun } from './requests.ts';
import { portsOf, requireShape, suppliedBy, type Supplied } from './supplied.ts';
import { createTimers, type Timers } from './timers.ts';

export type { Engine, Random } from './requests.ts';

/** What the actors share. */
export interface Shared {
  store: Store;
  dispatcher: Dispatcher;
  kinds: ReadonlyMap<string, StepKind>;
  clock: () => number;
  random: Random;
  faults: Faults;
  committer: Committer;
  timers: Timers;
  scheduler: Scheduler;
  awake: Pick<AwakeClock, 'ms'>;
  facts: Pick<Facts, 'spending' | 'dependencies'>;
  children: Children;
  publish(runId: string, events: RunEvent[], state: RunState): void;
  turned(runId: string): void;
  halt(error: unknown): void;
  halted(): unknown;
}

/** Runs folded before the first of them goes on when the host starts: the others need not wait for all to be read. */
const recoveredAtOnce = 8;

export function createEngine(options: EngineOptions): Engine {
  const { store, kinds, clock, random } = options;
  const manifests: ReadonlyMap<string, StepManifest> = new Map(
    [...kinds].map(([kind, { manifest }]) => [kind, manifest]),
  );
  const actors = new Map<string, Promise<RunActor>>();
  const graphs = new Map<string, Graph>();
  const listeners = new Set<(runId: string, events: RunEvent[], state: RunState) => void>();
  const starting = new Map<string, Promise<void>>();
  const turnListeners = new Set<(runId: string) => void>();
  let haltedBy: unknown;
  let isStopping = false;

  const { scheduler = nodeScheduler } = options;
  const facts = createFacts({
    store,
    clock,
    load: options.dispatcher.load,
    resume: (runId, dependency) => post(runId, { type: 'resume_dependency', dependency }),
  });
  const shared: Shared = {
    store,
    dispatcher: options.dispatcher,
    kinds,
    clock,
    random,
    faults: options.faults ?? noFaults,
    committer: createCommitter(store, scheduler),
    timers: createTimers(clock, (runId) => void withActor(runId, (actor) => actor.poke()).catch(halt), scheduler),
    scheduler,
    awake: options.awake ?? neverAsleep(clock),
    facts,
    children: createChildren({
      stateOf: async (runId) => (await actorOf(runId))?.state(),
      version: (digest) => store.version(digest),
      post,
      start: async (runId, version, document, command) => {
        if (!(await actorOf(runId))) await begin(runId, version, document, command, runId);
      },
      check: async (parent, step, output) => checkOutput(parent, step, output, await graphOf(parent.version)),
      failed: (error) => {
        if (!isStopping && haltedBy === undefined) halt(error);
      },
    }),
    publish: (runId, events, state) => {
      shared.children.report(state);
      awakeRecord?.worked();
      facts.wakeful.follow(runId, events);
      for (const listener of listeners) listener(runId, events, state);
    },
    turned,
    halt,
    halted: () => haltedBy,
  };

  const awakeRecord =
    options.awake &&
    keepAwakeTime({
      store,
      awake: options.awake,
      scheduler,
      isAtWork: () => actors.size > 0 || shared.timers.next() !== undefined,
      woke: () => shared.timers.look(),
      failed: halt,
    });

  function halt(error: unknown): void {
    if (haltedBy !== undefined || isStopping) return;
    haltedBy = error;
    options.onHalt?.(error);
    for (const listener of [...turnListeners]) listener('');
  }

  function turned(runId: string): void {
    for (const listener of [...turnListeners]) listener(runId);
    facts.wakeful.look();
    void dropWhenIdle(runId);
  }

  async function dropWhenIdle(runId: string): Promise<void> {
    const loading = actors.get(runId);
    const actor = await loading?.catch(() => undefined);
    if (actors.get(runId) !== loading || !actor?.isIdle() || actor.unsaved().length > 0) return;
    if (actor.state()?.end || actor.isParked(0)) actors.delete(runId);
  }

  async function graphOf(version: string): Promise<Graph> {
    const known = graphs.get(version);
    if (known) return known;
    const document = await store.version(version);
    if (!document)
      throw new ApiError('not_found', `Workflow version ${version.slice(0, 12)} is not in this data folder`);
    const graph = compileGraph(document, manifests);
    graphs.set(version, graph);
    return graph;
  }

  /** Loads the run's actor, or gives the one in memory. Undefined when there is no such run. */
  function actorOf(runId: string): Promise<RunActor | undefined> {
    const known = actors.get(runId);
    if (known) return known;
    const loading = load(runId);
    actors.set(runId, loading as Promise<RunActor>);
    void loading.then(
      (actor) => actor ?? actors.delete(runId),
      () => actors.delete(runId),
    );
    return loading;
  }

  async function load(runId: string): Promise<RunActor | undefined> {
    await facts.ready();
    const state = foldRun(await store.events(runId));
    return state && createActor(runId, await graphOf(state.version), state, shared);
  }

  /** Uses the run's one actor. It may be dropped while we wait for it, so it is asked for until it is the current one. */
  async function withActor<T>(runId: string, use: (actor: RunActor) => T): Promise<T> {
    for (;;) {
      if (haltedBy !== undefined) throw new ApiError('refused', `The runtime stopped: ${messageOf(haltedBy)}`);
      if (isStopping) throw new ApiError('closed', 'Holdfast is closing');
      const loading = actorOf(runId);
      const actor = await loading;
      if (!actor) throw new ApiError('not_found', `There is no run ${runId} in this data folder`);
      if (actors.get(runId) === loading) return use(actor);
    }
  }

  async function post(runId: string, command: Command, commandId?: string): Promise<void> {
    const refusal = await (await withActor(runId, (actor) => ({ answer: actor.post(command, commandId) }))).answer;
    if (refusal) throw new ApiError(refusal.code, refusal.message);
  }

  /** A result that a person gives must fit; resolves to the paths the run goes on along. */
  async function fit(runId: string, supplied: (state: RunState) => Supplied | undefined): Promise<string[]> {
    const state = await withActor(runId, (actor) => actor.state());
    const result = state && supplied(state);
    if (!result) return ['out'];
    const graph = await graphOf(state.version);
    requireShape(state, graph, kinds, result);
    return portsOf(graph, kinds, result);
  }

  /** One run that cannot be read must not keep all the others from going on. */
  async function recover(runId: string): Promise<void> {
    try {
      await post(runId, { type: 'recover' });
    } catch (error) {
      if (haltedBy !== undefined) throw error;
      options.onBrokenRun?.(runId, error);
    }
  }

  async function startOnce({
    document,
    version,
    input,
    env,
    key,
    by,
    commandId,
    children = [],
    pins = {},
    fork,
  }: StartRun): Promise<{ runId: string; existing: boolean }> {
    const existing = key === undefined ? undefined : await store.runByKey(key);
    if (existing !== undefined) return { runId: existing, existing: true };
    // The same command gives the same run: its id follows from the command's.
    const runId = `run_${random.digest(`start\n${commandId}`).slice(0, 20)}`;
    if (await actorOf(runId)) return { runId, existing: true };
    for (const child of children) await saveVersion(child.version, child.document);
    const forked = fork ? await forkedStart({ store, graphOf }, fork, compileGraph(document, manifests)) : {};
    const command: Command = {
      type: 'start_run',
      workflowId: document.id,
      workflowName: document.name,
      version,
      owner: document.owner ?? 'role:owner',
      input,
      env,
      by,
      ...(key === undefined ? {} : { key }),
      ...(Object.keys(pins).length > 0 ? { pins } : {}),
      ...forked,
    };
    await begin(runId, version, document, command, commandId);
    return { runId, existing: false };
  }

  async function saveVersion(digest: string, document: WorkflowDocument): Promise<void> {
    if (!(await store.version(digest)))
      await store.saveVersion({ digest, workflowId: document.id, document, createdAt: clock() });
  }

  async function begin(
    runId: string,
    version: string,
    document: WorkflowDocument,
    command: Command,
    commandId: string,
  ): Promise<void> {
    await facts.ready();
    await saveVersion(version, document);
    const graph = await graphOf(version);
    if (!actors.has(runId)) actors.set(runId, Promise.resolve(createActor(runId, graph, undefined, shared)));
    await post(runId, command, commandId);
  }

  async function read(runId: string): Promise<RunView | undefined> {
    const stored = await store.events(runId);
    const actor = await actors.get(runId)?.catch(() => undefined);
    const state = foldRun(stored);
    if (!state) return undefined;
    const unsaved = (actor?.unsaved() ?? []).filter((event) => event.seq > state.lastSeq);
    const { document } = await graphOf(state.version);
    return {
      state: unsaved.reduce<RunState>((folded, event) => evolve(folded, event), state),
      events: [...stored, ...unsaved],
      document,
    };
  }

  async function settled(runId: string, parkAfterMs: number): Promise<RunState> {
    for (;;) {
      const actor = await withActor(runId, (current) => current);
      const state = actor.state();
      const isQuiet = state && actor.isIdle() && (state.end || actor.isParked(parkAfterMs));
      if (isQuiet && (await areChildrenQuiet(state, parkAfterMs)) && actor.state() === state) {
        void dropWhenIdle(runId);
        return state;
      }
      if (actor.state() !== state) continue;
      await new Promise<void>((resolve) => {
        const listener = (turnedRun: string): void => {
          if (turnedRun !== runId && turnedRun !== '') return;
          turnListeners.delete(listener);
          resolve();
        };
        turnListeners.add(listener);
      });
    }
  }

  /** A child that has ended is about to move its parent. */
  async function areChildrenQuiet({ steps }: RunState, parkAfterMs: number): Promise<boolean> {
    for (const { status, child } of Object.values(steps)) {
      if (status === 'child' && child && (await settled(child.runId, parkAfterMs)).end) return false;
    }
    return true;
  }

  return {
    async start() {
      await awakeRecord?.begin();
      const now = clock();
      const waiting: string[] = [];
      // What waits for a person stays on disk, and what waits for a time until then.
      for (const { runId, wakeAt } of await store.wakes()) {
        if (wakeAt > now) shared.timers.set(runId, wakeAt);
        else waiting.push(runId);
      }
      const worker = async (): Promise<void> => {
        for (let runId = waiting.shift(); runId !== undefined; runId = waiting.shift()) await recover(runId);
      };
      await Promise.all(Array.from({ length: Math.min(recoveredAtOnce, waiting.length) }, worker));
    },

    startRun(start) {
      // One start per key (or command) at a time: the second finds the run of the first.
      const name = start.key === undefined ? `command ${start.commandId}` : `key ${start.key}`;
      const mine = (starting.get(name) ?? Promise.resolve()).then(() => startOnce(start));
      const ended = mine.then(
        () => undefined,
        () => undefined,
      );
      starting.set(name, ended);
      void ended.then(() => starting.get(name) === ended && starting.delete(name));
      return mine;
    },

    async decideTask(decision) {
      const { commandId, runId, reason, digest, value, ports: _ports, ...rest } = decision;
      const suppliesResult = rest.answer === 'edit' || rest.answer === 'skip';
      const ports = suppliesResult ? await fit(runId, (state) => suppliedBy(state, decision)) : [];
      const command: Command = {
        type: 'decide_task',
        ...rest,
        ...(rest.answer === 'skip' ? { ports } : {}),
        ...(reason === undefined ? {} : { reason }),
        ...(digest === undefined ? {} : { digest }),
        ...(value === undefined ? {} : { value }),
      };
      await post(runId, command, commandId);
    },

    async repair({ commandId, runId, command }) {
      const decided: Command =
        command.type === 'skip_step' ? { ...command, ports: await fit(runId, () => command) } : command;
      await post(runId, decided, commandId);
    },

    async cancelRun({ commandId, runId, by, reason }) {
      await post(runId, { type: 'cancel_run', by, ...(reason === undefined ? {} : { reason }) }, commandId);
    },

    async rollbackRun({ commandId, runId, by, reason, to }) {
      const more = { ...(reason === undefined ? {} : { reason }), ...(to === undefined ? {} : { to }) };
      await post(runId, { type: 'rollback_run', by, ...more }, commandId);
    },

    async limits(runId) {
      await facts.ready();
      const view = await read(runId);
      if (!view) return undefined;
      const { state, document } = view;
      return allLimits(state, { document, now: state.endedAt ?? clock(), othersSpent: facts.othersSpent(state) });
    },
    dependencies: facts.views,
    resetDependency: ({ name, by }) => facts.reset(name, by),

    async signalRun({ commandId, runId, ...signal }) {
      await post(runId, { type: 'receive_signal', ...signal }, commandId);
    },

    planRollback: (runId, to) => rollbackOf({ store, graphOf }, runId, to),

    async planFork({ runId, step, document }) {
      return (await forkFrom({ store, graphOf }, runId, step, compileGraph(document, manifests))).plan;
    },

    read,

    onEvents(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    settled,

    async stop() {
      isStopping = true;
      shared.timers.stop();
      for (const loading of actors.values()) (await loading.catch(() => undefined))?.stop();
      await shared.committer.drained();
      await awakeRecord?.end();
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
