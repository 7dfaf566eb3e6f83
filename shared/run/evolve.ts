/**
 * The fold: `evolve(state, event)` is the only place that knows what an event means for a run's state.
 * Runtime, recovery, replay, time travel and every screen use this same function. It is total: it never throws,
 * and an event about something unknown changes nothing but the sequence number. States are never mutated.
 */
import type { StepError } from './errors.ts';
import type { Actor, RunEvent, StepKey } from './events.ts';
import type { Attempt, EffectState, RunState, StepState, TaskState } from './state.ts';
import { effectOfKey, stepOf, taskOf } from './state.ts';
import { withRunWord, withStepWord } from './words.ts';

export function initialState(runId: string, at: number): RunState {
  return {
    runId,
    workflowId: '',
    workflowName: '',
    version: '',
    owner: '',
    input: null,
    env: {},
    startedAt: at,
    word: 'started',
    record: [],
    active: 0,
    steps: {},
    effects: {},
    tasks: {},
    costMicros: 0,
    usage: { inputTokens: 0, outputTokens: 0 },
    retriesUsed: 0,
    repeated: 0,
    openEffects: 0,
    allConfirmed: false,
    lastSeq: 0,
    savedSeq: 0,
  };
}

/** The state of a step that has not been reached yet. */
export function pendingStep(key: StepKey): StepState {
  return {
    key,
    status: 'ready',
    record: [],
    attempts: [],
    ports: [],
    provisional: false,
    retries: [],
    generation: 1,
    sendBacks: 0,
  };
}

export function evolve(state: RunState | undefined, event: RunEvent): RunState {
  const before = state ?? initialState(event.runId, event.at);
  const saved = event.lazy || before.savedSeq === before.lastSeq ? before : confirmProvisional(before, event.at);
  const after = apply(saved, event);
  return withRunWord({ ...after, lastSeq: event.seq, savedSeq: event.lazy ? before.savedSeq : event.seq }, event);
}

/** Folds a whole journal; undefined when it is empty. */
export function foldRun(events: readonly RunEvent[]): RunState | undefined {
  let state: RunState | undefined;
  for (const event of events) state = evolve(state, event);
  return state;
}

/** A durable event takes everything before it to disk: what was done but not saved is confirmed now. */
function confirmProvisional(state: RunState, at: number): RunState {
  const steps = { ...state.steps };
  for (const step of Object.values(state.steps)) {
    if (step.provisional) steps[step.key] = withStepWord({ ...step, provisional: false }, { at });
  }
  return { ...state, steps };
}

function apply(state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'run_started':
      return {
        ...state,
        workflowId: event.workflowId,
        workflowName: event.workflowName,
        version: event.version,
        owner: event.owner,
        input: event.input,
        env: event.env,
        startedAt: event.at,
        ...(event.key === undefined ? {} : { key: event.key }),
      };
    case 'attempt_started': {
      const started = changeStep(state, event, ({ error: _error, ...step }) => ({
        ...step,
        status: 'running',
        config: event.config,
        firstStartedAt: step.firstStartedAt ?? event.at,
        attempts: [
          ...step.attempts,
          {
            attempt: event.attempt,
            startedAt: event.at,
            costMicros: 0,
            ...(event.repeated ? { repeated: true } : {}),
          },
        ],
      }));
      return { ...started, repeated: state.repeated + (event.repeated ? 1 : 0) };
    }
    case 'attempt_succeeded': {
      const ended = changeStep(state, event, (step) => ({
        ...endAttempt(step, event.attempt, { endedAt: event.at, outcome: 'succeeded', ...spentOf(event) }),
        status: 'succeeded',
        output: event.output,
        ports: event.ports,
      }));
      return withCost(ended, event);
    }
    case 'attempt_failed': {
      const ended = changeStep(state, event, (step) => ({
        ...endAttempt(step, event.attempt, {
          endedAt: event.at,
          outcome: 'failed',
          error: event.error,
          ...spentOf(event),
        }),
        status: 'ready',
        error: event.error,
      }));
      return withCost(ended, event);
    }
    case 'attempt_abandoned':
      return changeStep(
        state,
        event,
        (step) => ({
          ...endAttempt(step, event.attempt, { endedAt: event.at, outcome: 'abandoned' }),
          status: 'ready',
        }),
        'crashed',
      );
    case 'retry_scheduled': {
      const scheduled = changeStep(
        state,
        event,
        (step) => {
          const retries = [...step.retries];
          retries[event.retrier] = (retries[event.retrier] ?? 0) + 1;
          return { ...step, status: 'retry', dueAt: event.dueAt, retries: Array.from(retries, (used) => used ?? 0) };
        },
        'retry',
      );
      return { ...scheduled, retriesUsed: state.retriesUsed + 1 };
    }
    case 'timer_set':
      return changeStep(
        state,
        event,
        (step) => ({ ...step, status: 'timer', dueAt: event.dueAt, output: event.output }),
        'timer',
      );
    case 'effect_intended':
      return changeEffect(state, event.key, (effect) => ({
        ...(effect ?? {
          key: event.key,
          step: event.step,
          ordinal: event.ordinal,
          generation: event.generation,
          class: event.class,
          target: event.target,
          requestDigest: event.requestDigest,
          request: event.request ?? null,
          intendedAt: event.at,
          ...(event.undoes === undefined ? {} : { undoes: event.undoes }),
        }),
        attempts: (effect?.attempts ?? 0) + 1,
        status: 'intended',
        ...(effect?.status === 'intended' ? { mayHaveHappened: true } : {}),
      }));
    case 'effect_confirmed':
      return settleEffect(state, event, 'confirmed');
    case 'effect_failed':
      return settleEffect(state, event, 'failed');
    case 'effect_in_doubt':
      return changeKnownEffect(state, event.key, (effect) => ({ ...effect, status: 'in_doubt' }));
    case 'effect_settled':
      return settleEffect(state, event, event.happened ? 'confirmed' : 'failed');
    case 'gate_opened':
      return addTask(
        changeStep(state, event, (step) => ({ ...step, status: 'review' }), 'review'),
        {
          taskId: event.taskId,
          kind: 'review',
          step: event.step,
          owner: event.owner,
          openedAt: event.at,
          allow: event.allow,
          gate: event.gate,
          causes: event.causes,
          shown: event.shown,
          digest: event.digest,
          ...(event.dueAt === undefined ? {} : { dueAt: event.dueAt }),
        },
      );
    case 'gate_decided':
      return changeStep(decideTask(state, event), event, (step) => {
        const task = taskOf(state, event.taskId);
        if (event.answer === 'send_back') {
          // A new request with the comment: nothing that was approved, counted or timed before binds it.
          const { approved: _approved, firstStartedAt: _first, ...rest } = step;
          return {
            ...rest,
            status: 'ready',
            retries: [],
            generation: step.generation + 1,
            sendBacks: step.sendBacks + 1,
            review: { comment: event.reason ?? '', by: event.by },
          };
        }
        if (event.answer === 'reject') return step;
        if (task?.gate === 'before') {
          const seen = event.answer === 'edit' ? event.value : task.shown;
          return { ...step, status: 'ready', approved: seen as Record<string, unknown> };
        }
        return { ...step, status: 'succeeded', ...(event.answer === 'edit' ? { output: event.value } : {}) };
      });
    case 'escalation_opened':
      return addTask(
        changeStep(state, event, (step) => ({ ...step, status: 'escalated' }), event.on),
        {
          taskId: event.taskId,
          kind: event.effectKey === undefined ? 'escalation' : 'in_doubt',
          step: event.step,
          owner: event.owner,
          openedAt: event.at,
          allow: event.allow,
          on: event.on,
          message: event.message,
          ...(event.effectKey === undefined ? {} : { effectKey: event.effectKey }),
          ...(event.pausesRun ? { pausesRun: true } : {}),
        },
      );
    case 'escalation_decided':
      return changeStep(decideTask(state, event), event, (step) => {
        if (event.answer === 'happened') return { ...step, status: 'succeeded', output: event.value ?? null };
        if (event.answer === 'give_up') return step;
        const { firstStartedAt: _first, ...rest } = step;
        return { ...rest, status: 'ready', retries: [] };
      });
    case 'step_confirmed':
      return changeStep(state, event, (step) => ({
        ...step,
        status: 'confirmed',
        ports: event.ports,
        provisional: event.lazy === true,
      }));
    case 'step_skipped':
      return changeStep(state, event, (step) => ({ ...step, status: 'skipped' }));
    case 'step_failed':
      return changeStep(
        state,
        event,
        (step) => ({ ...step, status: 'failed', error: event.error, ports: event.ports }),
        event.error.class,
      );
    case 'cancel_requested':
      return {
        ...state,
        cancelling: { by: event.by, ...(event.reason === undefined ? {} : { reason: event.reason }) },
      };
    case 'run_confirmed':
      return { ...state, allConfirmed: true };
    case 'run_completed':
      return closeTasks({ ...state, end: 'complete', endedAt: event.at, output: event.output }, event.at);
    case 'run_failed':
      return closeTasks(
        { ...state, end: 'failed', endedAt: event.at, reason: event.reason, openEffects: event.openEffects },
        event.at,
      );
    default:
      return state;
  }
}

function changeStep(
  state: RunState,
  event: { step: StepKey; at: number; by?: string; reason?: string },
  change: (step: StepState) => StepState,
  reason?: string,
): RunState {
  const old = stepOf(state, event.step) ?? pendingStep(event.step);
  const { dueAt: _due, ...rest } = old;
  const next = withStepWord(change(rest), { at: event.at, reason, by: event.by });
  const active = state.active + (next.status === 'running' ? 1 : 0) - (old.status === 'running' ? 1 : 0);
  return { ...state, active, steps: { ...state.steps, [event.step]: next } };
}

function endAttempt(step: StepState, number: number, end: Partial<Attempt>): StepState {
  return {
    ...step,
    attempts: step.attempts.map((attempt) => (attempt.attempt === number ? { ...attempt, ...end } : attempt)),
  };
}

type Spent = { costMicros?: number; usage?: Attempt['usage']; details?: Record<string, unknown> };

function spentOf(event: Spent): Partial<Attempt> {
  return {
    costMicros: event.costMicros ?? 0,
    ...(event.usage ? { usage: event.usage } : {}),
    ...(event.details ? { details: event.details } : {}),
  };
}

function withCost(state: RunState, event: Spent): RunState {
  return {
    ...state,
    costMicros: state.costMicros + (event.costMicros ?? 0),
    usage: {
      inputTokens: state.usage.inputTokens + (event.usage?.inputTokens ?? 0),
      outputTokens: state.usage.outputTokens + (event.usage?.outputTokens ?? 0),
    },
  };
}

function changeEffect(
  state: RunState,
  key: string,
  change: (effect: EffectState | undefined) => EffectState,
): RunState {
  return { ...state, effects: { ...state.effects, [key]: change(effectOfKey(state, key)) } };
}

function changeKnownEffect(state: RunState, key: string, change: (effect: EffectState) => EffectState): RunState {
  const effect = effectOfKey(state, key);
  return effect ? changeEffect(state, key, () => change(effect)) : state;
}

/** An answer also ends what nobody knew about earlier attempts, and replaces what they had said. */
function settleEffect(
  state: RunState,
  event: { key: string; at: number; response?: unknown; error?: StepError; by?: Actor },
  status: 'confirmed' | 'failed',
): RunState {
  return changeKnownEffect(state, event.key, ({ mayHaveHappened: _unknown, error: _error, ...effect }) => ({
    ...effect,
    status,
    settledAt: event.at,
    ...(event.response === undefined ? {} : { response: event.response }),
    ...(event.error ? { error: event.error } : {}),
    ...(event.by === undefined ? {} : { settledBy: event.by }),
  }));
}

function addTask(state: RunState, task: TaskState): RunState {
  return { ...state, tasks: { ...state.tasks, [task.taskId]: task } };
}

function decideTask(state: RunState, event: RunEvent & { type: 'gate_decided' | 'escalation_decided' }): RunState {
  const task = taskOf(state, event.taskId);
  if (!task) return state;
  const decision = {
    answer: event.answer,
    by: event.by,
    at: event.at,
    ...(event.reason === undefined ? {} : { reason: event.reason }),
    ...(event.value === undefined ? {} : { value: event.value }),
  };
  return addTask(state, { ...task, decision });
}

function closeTasks(state: RunState, at: number): RunState {
  const tasks = { ...state.tasks };
  for (const task of Object.values(state.tasks)) {
    if (!task.decision) tasks[task.taskId] = { ...task, closedAt: at };
  }
  return { ...state, tasks };
}
