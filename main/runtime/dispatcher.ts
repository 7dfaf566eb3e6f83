/**
 * Runs one attempt of one step and reports how it ended. Must never throw, never retry, never know the store; and it
 * alone decides whether anything of an attempt may have reached the world.
 */
import type { StepError } from '../../shared/run/errors.ts';
import { changesTheWorld } from '../../shared/steps/effect.ts';
import { defaultAttemptTimeoutMs } from '../../shared/workflow/document.ts';
import type { HttpRequest, HttpResponse, Outcome, StepContext, StepKind, StepLog, TaskEffect } from '../steps/kind.ts';
import { StepFailure } from '../steps/kind.ts';
import { toPlainJson } from './plain-json.ts';
import { nodeScheduler, type Scheduler } from './scheduler.ts';
import { askTarget, type Probe } from './probe.ts';
import { notLookedAt, whyNotUnchanged, type EarlierRead } from './unchanged.ts';

export interface Task {
  runId: string;
  stepKey: string;
  kind: string;
  /** Resolved: no templates left in it. */
  config: Record<string, unknown>;
  attempt: number;
  effect: TaskEffect;
  /** What is read again right before the change, which is not made when it has changed. */
  reads?: readonly EarlierRead[];
  /** Asked before a change that may have happened already is made again. */
  probe?: Probe;
  attemptTimeoutMs?: number;
  /** An attempt that gives no heartbeat for this long is ended. */
  heartbeatTimeoutMs?: number;
  /** What an earlier attempt said last. */
  lastHeartbeat?: unknown;
}

export interface Dispatcher {
  /** Always resolves. Aborting the signal ends the attempt as `cancelled`. `beat` is told every heartbeat. */
  execute(task: Task, signal: AbortSignal, beat?: (payload: unknown) => void): Promise<Outcome>;
  /** Attempts running and attempts waiting for a free place. */
  load(): { running: number; queued: number; places: number };
}

export interface DispatcherOptions {
  kinds: ReadonlyMap<string, StepKind>;
  http: (request: HttpRequest, signal: AbortSignal, received?: (bytes: number) => void) => Promise<HttpResponse>;
  /** Epoch milliseconds. */
  clock: () => number;
  log: (level: 'debug' | 'info' | 'warn', message: string, data?: Record<string, unknown>) => void;
  /** Attempts that run at the same time; the others wait their turn in order. */
  maxRunning?: number;
  attemptTimeoutMs?: number;
  /** Milliseconds in which the host ran awake; without it every millisecond of the scheduler counts. */
  awakeMs?: () => number;
  /** Node's own unless time is simulated. */
  scheduler?: Scheduler;
  /** How long a step may take to tidy up after its signal was aborted, before it is left to itself. */
  graceMs?: number;
}

type Failed = Extract<Outcome, { ok: false }>;
type Beat = (payload: unknown) => void;

const MAX_RUNNING = 32;
const GRACE_MS = 250;
/** The longest delay a timer of the platform can hold; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;
/** Characters of a heartbeat's JSON. */
const MAX_HEARTBEAT = 8_000;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const places = createPlaces(options.maxRunning ?? MAX_RUNNING);

  async function execute(task: Task, signal: AbortSignal, beat: Beat = () => undefined): Promise<Outcome> {
    try {
      if (!(await places.take(signal))) return failed(cancelled(), false);
      try {
        return await attempt(options, task, signal, beat);
      } finally {
        places.give();
      }
    } catch (error) {
      options.log('warn', 'An attempt ended with a fault of the dispatcher', {
        step: task.stepKey,
        error: String(error),
      });
      return failed(thrown(error), task.effect.class !== 'pure');
    }
  }

  return { execute, load: places.load };
}

async function attempt(options: DispatcherOptions, task: Task, signal: AbortSignal, beat: Beat): Promise<Outcome> {
  const kind = options.kinds.get(task.kind);
  if (!kind) {
    return failed(
      { class: 'code', code: 'unknown_kind', message: `There is no step kind "${task.kind}" here.` },
      false,
    );
  }
  const problem = kind.validate(task.config);
  if (problem) {
    const message = `${problem.message} (${problem.pointer || 'settings'})`;
    return failed({ class: 'invalid_output', code: 'config', message }, false);
  }

  const { scheduler = nodeScheduler } = options;
  const abort = new AbortController();
  const traffic = { begun: 0, neverLeft: 0 };
  /** Reading again and asking send nothing of the change. */
  let isChecked = (task.reads ?? []).length === 0 && !task.probe;
  let isAlive: () => void = () => undefined;
  const isAliveStill: Beat = () => isAlive();
  const ctx = contextOf(options, task, abort.signal, traffic, (payload) => {
    isAlive();
    beat(payload);
  });
  /** Unless every call says that nothing left the machine, an unfinished attempt may have been heard. */
  const maybeSent = (): boolean => {
    if (!isChecked) return false;
    if (traffic.begun > 0) return traffic.neverLeft < traffic.begun;
    return changesTheWorld(task.effect.class);
  };

  const readingAt = (stepKey: string): StepContext => {
    const effect = { class: 'read' as const, generation: task.effect.generation };
    return contextOf(options, { ...task, stepKey, effect }, abort.signal, { begun: 0, neverLeft: 0 }, isAliveStill);
  };
  const checkReads = async (): Promise<Failed | undefined> =>
    whyNotUnchanged(task.reads ?? [], { kind, config: task.config }, options.kinds, ({ step }) => readingAt(step));
  const askFirst = async (): Promise<Outcome | undefined> =>
    task.probe && askTarget(task.probe, options.kinds, () => readingAt(task.stepKey), passing);
  /** Rejects when the attempt is ended meanwhile. */
  const passing = (ms: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = scheduler.set(resolve, ms);
      abort.signal.addEventListener('abort', () => {
        scheduler.clear(timer);
        reject(abort.signal.reason as Error);
      });
    });

  let ended: StepError | undefined;
  let abandon: () => void = () => undefined;
  const abandoned = new Promise<undefined>((done) => {
    abandon = () => done(undefined);
  });
  let grace: unknown;
  const end = (error: StepError): void => {
    if (ended) return;
    ended = error;
    abort.abort(new StepFailure(error, true));
    grace = scheduler.set(abandon, options.graceMs ?? GRACE_MS);
  };
  const { heartbeatTimeoutMs } = task;
  const timeoutMs = task.attemptTimeoutMs ?? options.attemptTimeoutMs ?? defaultAttemptTimeoutMs;
  const limits = [limitAwake(timeoutMs, () => end(timedOut(timeoutMs)), options)];
  /** What only looks, or waits for a second answer, is not the step's own silence. */
  const listen = (): void => {
    if (heartbeatTimeoutMs === undefined) return;
    const silence = limitAwake(heartbeatTimeoutMs, () => end(silent(heartbeatTimeoutMs)), options);
    isAlive = silence.restart;
    limits.push(silence);
  };
  const cancel = (): void => end(cancelled());
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();

  try {
    const work = Promise.resolve().then(async () => {
      const why = await checkReads().catch((error: unknown) => notLookedAt(asFailure(error, maybeSent)));
      const known = why ?? (await askFirst());
      if (known || ended) return known ?? failed(ended ?? cancelled(), false);
      isChecked = true;
      listen();
      return kind.execute(task.config, ctx);
    });
    const outcome = await Promise.race([work.catch((error: unknown) => asFailure(error, maybeSent)), abandoned]);
    if (outcome === undefined) {
      options.log('warn', 'A step did not stop when it was told to and is left to itself', { step: task.stepKey });
      return failed(ended ?? cancelled(), maybeSent());
    }
    return settle(outcome, ended, traffic);
  } finally {
    for (const limit of limits) limit.clear();
    scheduler.clear(grace);
    signal.removeEventListener('abort', cancel);
  }
}

function contextOf(
  options: DispatcherOptions,
  task: Task,
  signal: AbortSignal,
  traffic: { begun: number; neverLeft: number },
  beat: Beat,
): StepContext {
  const log: StepLog = (level, message, data) =>
    options.log(level, message, { ...data, run: task.runId, step: task.stepKey, attempt: task.attempt });
  return {
    runId: task.runId,
    step: task.stepKey,
    attempt: task.attempt,
    signal,
    effect: task.effect,
    log,
    now: options.clock,
    ...(task.lastHeartbeat === undefined ? {} : { lastHeartbeat: task.lastHeartbeat }),
    heartbeat(payload) {
      if (!signal.aborted) beat(payload === undefined ? undefined : heartbeatOf(payload));
    },
    async http(request, received) {
      if (signal.aborted) {
        throw new StepFailure(signal.reason instanceof StepFailure ? signal.reason.error : cancelled(), false);
      }
      traffic.begun += 1;
      try {
        return await options.http(request, signal, received);
      } catch (error) {
        if (error instanceof StepFailure && !error.sent) traffic.neverLeft += 1;
        throw error;
      }
    },
  };
}

/** What the attempt counts as, after what the dispatcher saw itself is held against what the step says. */
function settle(
  outcome: Outcome,
  ended: StepError | undefined,
  traffic: { begun: number; neverLeft: number },
): Outcome {
  if ('suspend' in outcome || outcome.ok) return plain(outcome);
  const heard = traffic.neverLeft < traffic.begun;
  const sent = outcome.sent || heard;
  let error = outcome.error;
  // After an abort whatever broke, broke because of it; an answer that still came from the target says more.
  if (ended && ['code', 'cancelled', 'timeout', 'unavailable'].includes(error.class)) error = ended;
  if (error.class === 'not_sent' && sent) error = { ...error, class: 'unavailable' };
  return { ...outcome, error, sent };
}

/** Results go to the journal, so they must be JSON before anybody acts on them. */
function plain(outcome: Exclude<Outcome, Failed>): Outcome {
  if ('suspend' in outcome && outcome.signal !== undefined) {
    const isWhole = outcome.dueAt === undefined || Number.isSafeInteger(outcome.dueAt);
    return isWhole ? outcome : notJson(outcome, 'The step gave no valid time to wait until.');
  }
  const output = toPlainJson(outcome.output);
  if (!output.ok) return notJson(outcome, `The result of the step ${output.message}.`);
  if ('suspend' in outcome) {
    if (!Number.isSafeInteger(outcome.dueAt)) return notJson(outcome, 'The step gave no valid time to wait until.');
    return { ...outcome, output: output.value ?? null };
  }
  const rest = toPlainJson({ details: outcome.details, response: outcome.response });
  if (!rest.ok) return notJson(outcome, `What the step reported ${rest.message}.`);
  return { ...outcome, output: output.value ?? null, ...(rest.value as Pick<typeof outcome, 'details' | 'response'>) };
}

function notJson(outcome: Exclude<Outcome, Failed>, message: string): Failed {
  const result = failed({ class: 'invalid_output', code: 'not_json', message }, true);
  if ('ok' in outcome) {
    if (outcome.usage) result.usage = outcome.usage;
    if (outcome.costMicros !== undefined) result.costMicros = outcome.costMicros;
  }
  return result;
}

function asFailure(error: unknown, maybeSent: () => boolean): Failed {
  if (error instanceof StepFailure)
    return {
      ...failed(error.error, error.sent),
      ...(error.response === undefined ? {} : { response: error.response }),
    };
  return failed(thrown(error), maybeSent());
}

function thrown(error: unknown): StepError {
  if (!(error instanceof Error))
    return { class: 'code', code: 'thrown', message: 'The step threw something that is not an error.' };
  const [line = ''] = error.message.split('\n');
  const text = line.trim().slice(0, 500) || 'The step stopped with an error that has no message';
  return { class: 'code', code: error.name || 'Error', message: /[.!?…]$/.test(text) ? text : `${text}.` };
}

function failed(error: StepError, sent: boolean): Failed {
  return { ok: false, error, sent };
}

function cancelled(): StepError {
  return { class: 'cancelled', message: 'The attempt was stopped before it ended.' };
}

function timedOut(timeoutMs: number): StepError {
  return { class: 'timeout', message: `The step did not finish within ${inWords(timeoutMs)}.` };
}

function silent(timeoutMs: number): StepError {
  return { class: 'timeout', code: 'heartbeat', message: `The step gave no sign of life for ${inWords(timeoutMs)}.` };
}

function inWords(timeoutMs: number): string {
  return timeoutMs < 10_000 ? `${timeoutMs} ms` : `${Math.round(timeoutMs / 1000)} s`;
}

/** A heartbeat goes to the journal, so it must be JSON and small. */
function heartbeatOf(payload: unknown): unknown {
  const plain = toPlainJson(payload);
  const problem = plain.ok ? sizeProblem(JSON.stringify(plain.value ?? null).length) : plain.message;
  if (!plain.ok || problem !== undefined) {
    throw new StepFailure({ class: 'invalid_output', code: 'heartbeat', message: `The heartbeat ${problem}.` }, true);
  }
  return plain.value ?? null;
}

function sizeProblem(characters: number): string | undefined {
  if (characters <= MAX_HEARTBEAT) return undefined;
  return `has ${characters} characters; at most ${MAX_HEARTBEAT} are kept`;
}

/** Ends something after so much awake time, not counting what the machine slept. */
function limitAwake(limitMs: number, end: () => void, options: DispatcherOptions) {
  const { scheduler = nodeScheduler, awakeMs } = options;
  let since = awakeMs?.() ?? 0;
  const arm = (leftMs: number): unknown => scheduler.set(ring, Math.min(leftMs, LONGEST_TIMER_MS));
  let timer = arm(limitMs);
  function ring(): void {
    const leftMs = awakeMs ? limitMs - (awakeMs() - since) : 0;
    // Awake time is counted in whole milliseconds, timers are not.
    if (leftMs > 1) timer = arm(leftMs);
    else end();
  }
  return {
    restart(): void {
      scheduler.clear(timer);
      since = awakeMs?.() ?? 0;
      timer = arm(limitMs);
    },
    clear: () => scheduler.clear(timer),
  };
}

/** A fixed number of places, handed out in the order they were asked for. */
function createPlaces(limit: number) {
  let running = 0;
  const queue: (() => void)[] = [];

  /** False when the signal was aborted before a place was free. */
  function take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (running < limit) {
      running += 1;
      return Promise.resolve(true);
    }
    return new Promise((done) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        running += 1;
        done(true);
      };
      const leave = (): void => {
        signal.removeEventListener('abort', leave);
        queue.splice(queue.indexOf(enter), 1);
        done(false);
      };
      queue.push(enter);
      signal.addEventListener('abort', leave);
    });
  }

  function give(): void {
    running -= 1;
    queue.shift()?.();
  }

  return { take, give, load: () => ({ running, queued: queue.length, places: limit }) };
}
