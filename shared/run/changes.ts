/**
 * The small changes that the fold is made of: one step, one effect, one task of a run replaced by its successor.
 * Nothing here knows what an event means; states are never mutated.
 */
import type { StepError } from './errors.ts';
import type { Actor, RunEvent, StepKey } from './events.ts';
import { mapOf } from './aside.ts';
import { isUndoKey, undoKeyOf } from './keys.ts';
import { noMetrics } from './metrics.ts';
import { changeToUndo, effectOfKey, isOpen, stepOf, taskOf } from './state.ts';
import type { Attempt, EffectState, RunState, StepState, TaskState } from './state.ts';
import { without } from './without.ts';
import { withStepWord } from './words.ts';

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
    metrics: noMetrics,
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

export function changeStep(
  state: RunState,
  event: { step: StepKey; at: number; by?: string; reason?: string },
  change: (step: StepState) => StepState,
  reason?: string,
): RunState {
  const old = stepOf(state, event.step) ?? pendingStep(event.step);
  const kept = without(old, 'dueAt', 'awaits', 'waitsFor');
  const changed = withStepWord(change(kept), { at: event.at, reason, by: event.by });
  const next: StepState = changed.status === old.status ? changed : without(changed, 'watch');
  const active = state.active + inProgress(next) - inProgress(old);
  const { tasks } = next.watch === old.watch ? state : closeWait(state, old, event.at);
  return { ...state, tasks, active, steps: { ...state.steps, [event.step]: next } };
}

/** The wait is over: nobody has to look at how long it lasts any more. */
function closeWait(state: RunState, { watch }: StepState, at: number): RunState {
  const task = watch?.taskId === undefined ? undefined : taskOf(state, watch.taskId);
  return task && isOpen(task) ? addTask(state, { ...task, closedAt: at }) : state;
}

/** The step itself goes on waiting as it did. */
export function watchWait(
  state: RunState,
  event: { step: StepKey },
  change: (watch: StepState['watch']) => StepState['watch'],
): RunState {
  const step = stepOf(state, event.step);
  const watch = step && change(step.watch);
  return watch ? { ...state, steps: { ...state.steps, [event.step]: { ...step, watch } } } : state;
}

function inProgress({ status }: StepState): number {
  return status === 'running' || status === 'child' ? 1 : 0;
}

export function endAttempt(step: StepState, number: number, end: Partial<Attempt>): StepState {
  return {
    ...step,
    attempts: step.attempts.map((attempt) => (attempt.attempt === number ? { ...attempt, ...end } : attempt)),
  };
}

/** What was held for it is let go: what it cost is known. */
export function releaseAttempt(step: StepState, number: number): StepState {
  const attempts = step.attempts.map((attempt) => {
    if (attempt.attempt !== number || !attempt.reserved) return attempt;
    const { reserved: _reserved, ...rest } = attempt;
    return rest;
  });
  return { ...step, attempts };
}

type Spent = { costMicros?: number; usage?: Attempt['usage']; details?: Record<string, unknown> };

export function spentOf(event: Spent): Partial<Attempt> {
  return {
    costMicros: event.costMicros ?? 0,
    ...(event.usage ? { usage: event.usage } : {}),
    ...(event.details ? { details: event.details } : {}),
  };
}

export function withCost(state: RunState, event: Spent): RunState {
  return {
    ...state,
    costMicros: state.costMicros + (event.costMicros ?? 0),
    usage: {
      inputTokens: state.usage.inputTokens + (event.usage?.inputTokens ?? 0),
      outputTokens: state.usage.outputTokens + (event.usage?.outputTokens ?? 0),
    },
  };
}

export function changeEffect(
  state: RunState,
  key: string,
  change: (effect: EffectState | undefined) => EffectState,
): RunState {
  return { ...state, effects: { ...state.effects, [key]: change(effectOfKey(state, key)) } };
}

export function changeKnownEffect(
  state: RunState,
  key: string,
  change: (effect: EffectState) => EffectState,
): RunState {
  const effect = effectOfKey(state, key);
  return effect ? changeEffect(state, key, () => change(effect)) : state;
}

/** An answer also ends what nobody knew about earlier attempts, and replaces what they, or a person about them, had said. */
export function settleEffect(
  state: RunState,
  event: { key: string; at: number; seq: number; response?: unknown; error?: StepError; by?: Actor },
  status: 'confirmed' | 'partly_applied' | 'failed',
): RunState {
  return changeKnownEffect(
    state,
    event.key,
    ({ mayHaveHappened: _unknown, error: _error, settledBy: _by, ...effect }) => ({
      ...effect,
      status,
      settledAt: event.at,
      settledSeq: event.seq,
      ...(event.response === undefined ? {} : { response: event.response }),
      ...(event.error ? { error: event.error } : {}),
      ...(event.by === undefined ? {} : { settledBy: event.by }),
    }),
  );
}

export function addTask(state: RunState, task: TaskState): RunState {
  return { ...state, tasks: { ...state.tasks, [task.taskId]: task } };
}

export function decideTask(
  state: RunState,
  event: RunEvent & { type: 'gate_decided' | 'escalation_decided' },
): RunState {
  const task = taskOf(state, event.taskId);
  if (!task) return state;
  const decision = {
    answer: event.answer,
    by: event.by,
    at: event.at,
    ...(event.reason === undefined ? {} : { reason: event.reason }),
    ...(event.value === undefined ? {} : { value: event.value }),
    ...(event.verified === undefined ? {} : { verified: event.verified }),
  };
  return addTask(state, { ...task, decision });
}

export function useSignal(state: RunState, event: { step: StepKey; id: string }): RunState {
  const signals = state.signals?.map((signal) => (signal.id === event.id ? { ...signal, usedBy: event.step } : signal));
  return signals ? { ...state, signals } : state;
}

export function decideReview(state: RunState, event: RunEvent & { type: 'gate_decided' }): RunState {
  return changeStep(decideTask(keepOutput(state, event), event), event, (step) => {
    const task = taskOf(state, event.taskId);
    if (event.answer === 'send_back') {
      // A new request with the comment: nothing that was approved, counted or timed before binds it.
      const { approved: _approved, heartbeat: _beat, ...rest } = step;
      return {
        ...withoutTimes(rest),
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
}

/** Counts for what is shown now; an edit shows something else, so that only the editor has approved it. */
export function approveTask(state: RunState, event: RunEvent & { type: 'gate_approved' | 'gate_edited' }): RunState {
  const task = taskOf(state, event.taskId);
  if (!task) return state;
  const { by, at, verified, reason } = event;
  const approval = { by, at, verified, ...(reason === undefined ? {} : { reason }) };
  if (event.type === 'gate_approved')
    return addTask(state, { ...task, approvals: [...(task.approvals ?? []), approval] });
  const edited = addTask(state, { ...task, shown: event.value, digest: event.digest, approvals: [approval] });
  // The result under review is the edited one; of a request only the approved one is kept.
  return task.gate === 'after' ? changeStep(edited, event, (step) => ({ ...step, output: event.value })) : edited;
}

/** Those of one step, or all: nobody is asked any more. */
export function closeTasks(state: RunState, at: number, step?: StepKey): RunState {
  const tasks = { ...state.tasks };
  for (const task of Object.values(state.tasks)) {
    if (isOpen(task) && (step === undefined || task.step === step)) tasks[task.taskId] = { ...task, closedAt: at };
  }
  return { ...state, tasks };
}

/** The person's value takes the place of what the step would have found; nobody is asked about the step any more. */
export function supplyStep(state: RunState, event: RunEvent & { type: 'step_supplied' }): RunState {
  const { by, verified, reason, output, ports } = event;
  return changeStep(
    closeTasks(state, event.at, event.step),
    event,
    ({ error: _error, version: _version, ...step }) => ({
      ...step,
      status: 'confirmed',
      output,
      ports,
      supplied: { by, verified, ...(reason === undefined ? {} : { reason }) },
    }),
    'supplied',
  );
}

export function pauseOrResume(state: RunState, event: RunEvent & { type: 'run_paused' | 'run_resumed' }): RunState {
  const { paused: _paused, ...rest } = state;
  if (event.type === 'run_resumed') return rest;
  const { at, by, reason } = event;
  return { ...rest, paused: { by, at, ...(reason === undefined ? {} : { reason }) } };
}

/** An ended run asks nobody, and nothing of it is held back. */
export function endRun(state: RunState, end: Partial<RunState> & { endedAt: number }): RunState {
  const { paused: _paused, ...rest } = state;
  return closeTasks({ ...rest, ...end }, end.endedAt);
}

/**
 * A compensation ended well: the change it was for is undone. A step that was sent back has made several; the
 * compensation then begins anew, with a key of its own, for the one before.
 */
export function markRolledBack(state: RunState, event: { step: StepKey; at: number }): RunState {
  const change = changeToUndo(state, event.step);
  if (!change) return state;
  const undone = changeEffect(state, change.key, () => ({ ...change, status: 'rolled_back' }));
  return changeToUndo(undone, event.step)
    ? changeStep(undone, event, (step) => ({ ...beginsAnew(step), generation: step.generation + 1 }))
    : changeStep(undone, { ...event, step: change.step }, (step) => ({ ...step, status: 'rolled_back' }));
}

/** A change that a person confirms after its step was undone already needs the compensation once more. */
export function askForUndo(state: RunState, event: { step: StepKey; at: number; happened: boolean }): RunState {
  const key = undoKeyOf(event.step);
  if (!state.rollback || !event.happened || stepOf(state, key)?.status !== 'confirmed') return state;
  return changeStep(state, { step: key, at: event.at }, (step) => ({
    ...beginsAnew(step),
    generation: step.generation + 1,
  }));
}

/** Nothing that was counted or timed before binds it. */
function beginsAnew({ heartbeat: _beat, ...step }: StepState): StepState {
  return { ...withoutTimes(step), status: 'ready', retries: [], ports: [] };
}

/** The total time counts from the next attempt on. */
export function withoutTimes(step: StepState): StepState {
  const { firstStartedAt: _first, awakeSince: _since, awakeSpentMs: _spent, ...rest } = step;
  return rest;
}

/** The awake time until a review opened; none of it counts until the next attempt. */
export function pauseTotalTime({ awakeSince, ...step }: StepState, awakeMs: number | undefined): StepState {
  if (awakeSince === undefined || awakeMs === undefined) return step;
  return { ...step, awakeSpentMs: (step.awakeSpentMs ?? 0) + Math.max(0, awakeMs - awakeSince) };
}

export function keepOutput(state: RunState, { step: key, answer }: { step: StepKey; answer: string }): RunState {
  const step = stepOf(state, key);
  return step && answer === 'send_back' ? keepOutputOf(state, step) : state;
}

/** The step's next output belongs to another change; what undoes this one still reads what came of it. */
export function keepOutputOf(state: RunState, step: StepState): RunState {
  if (step.output === undefined) return state;
  const effects = { ...state.effects };
  for (const effect of effectsOfGeneration(state, step)) effects[effect.key] = { ...effect, output: step.output };
  return { ...state, effects };
}

export function effectsOfGeneration(state: RunState, { key, generation }: StepState): EffectState[] {
  return Object.values(state.effects).filter((effect) => effect.step === key && effect.generation === generation);
}

/** Every step that ended without a result and without a path for that begins again; what succeeded stays. */
export function reopen(state: RunState, event: { at: number; by: Actor }): RunState {
  const { end: _end, endedAt: _endedAt, cancelling: _cancelling, reason: _reason, ...rest } = state;
  const steps = { ...state.steps };
  for (const step of Object.values(state.steps)) {
    if (step.status === 'failed' && step.ports.length === 0 && !step.tolerated && !isUndoKey(step.key))
      steps[step.key] = withStepWord(goesOn(state, step), { at: event.at, by: event.by, reason: 'retry' });
  }
  return { ...rest, steps, openEffects: 0 };
}

/** A map goes on with the items that it had not ended; anything else begins anew. */
function goesOn(state: RunState, step: StepState): StepState {
  const again = beginsAnew(step);
  return mapOf(state, step.key) ? { ...again, status: 'open' } : again;
}

/** The run turns back: it is no longer ended, nobody is asked about going forward, and what was given up is tried again. */
export function turnBack(state: RunState, event: { at: number; by: Actor; reason?: string }): RunState {
  const { end: _end, endedAt: _endedAt, cancelling: _cancelling, output: _output, reason: _reason, ...rest } = state;
  const steps = { ...state.steps };
  for (const step of Object.values(state.steps)) {
    if (isUndoKey(step.key) && step.status === 'failed')
      steps[step.key] = withStepWord(beginsAnew(step), { at: event.at });
  }
  const rollback = { by: event.by, ...(event.reason === undefined ? {} : { reason: event.reason }) };
  return closeTasks({ ...rest, steps, rollback, allConfirmed: false, openEffects: 0 }, event.at);
}
