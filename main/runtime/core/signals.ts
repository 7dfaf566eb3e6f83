/**
 * Named signals from outside: kept by the run from the moment they arrive, also before a step waits for them, used once
 * and in the order they came. A signal whose id is known already is the same signal and changes nothing.
 */
import type { RunState, SignalState, StepState } from '../../../shared/run/state.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import { finishAttempt, succeed } from './attempt.ts';
import type { Checked, Command, Refusal } from './commands.ts';
import { emit, stepState, type Turn } from './turn.ts';

/** Signals nobody has used; a sender that runs wild is stopped here. */
const mostKept = 1_000;

export function receiveSignal(turn: Turn, command: Extract<Command, { type: 'receive_signal' }>): Refusal | undefined {
  const { type: _type, ...signal } = command;
  const { state } = turn;
  const refusal = (why: string): Refusal => ({ code: 'conflict', message: `${why}, so it takes no signals` });
  if (state.end) return refusal(`The run has already ended (${state.reason ?? state.word})`);
  if (state.cancelling) return refusal('The run is being cancelled');
  const known = state.signals ?? [];
  if (known.some(({ id }) => id === signal.id)) return undefined;
  if (known.filter((one) => one.usedBy === undefined).length >= mostKept) {
    return { code: 'refused', message: `${mostKept} signals wait in this run already and nobody uses them` };
  }
  emit(turn, { type: 'signal_received', ...signal });
  return undefined;
}

/** The signal that ends this step's waiting, if it is there. */
export function signalFor(state: RunState, step: StepState): SignalState | undefined {
  if (step.status !== 'signal') return undefined;
  return state.signals?.find((signal) => signal.usedBy === undefined && signal.name === step.awaits);
}

/** What the step's output will be when its waiting ends now; its checks are evaluated on it. */
export function outputWhenFired(state: RunState, step: StepState): unknown {
  return step.status === 'signal' ? signalFor(state, step)?.data : step.output;
}

/** The signal came, or the time for it is over. A path from `timeout` handles the second; without one it is an error. */
function fireSignal(turn: Turn, node: GraphStep, step: StepState, checked: Checked): void {
  const attempt = step.attempts.length;
  const signal = signalFor(turn.state, step);
  if (signal) {
    emit(turn, { type: 'signal_used', step: step.key, id: signal.id }, !node.checkpointed);
    succeed(turn, node, step.key, attempt, { ok: true, output: signal.data }, checked);
    return;
  }
  if (node.outgoing.some((edge) => edge.from.port === 'timeout')) {
    const end = { step: step.key, ports: ['timeout'] };
    emit(turn, { type: 'attempt_succeeded', attempt, output: null, ...end }, !node.checkpointed);
    emit(turn, { type: 'step_confirmed', ...end }, !node.checkpointed);
    return;
  }
  const message = `The signal "${step.awaits}" did not come in time`;
  finishAttempt(
    turn,
    node,
    step.key,
    attempt,
    { ok: false, error: { class: 'timeout', code: 'signal', message }, sent: false },
    checked,
  );
}

export function fireStep(turn: Turn, node: GraphStep, key: string, checked: Checked): void {
  const step = stepState(turn, key);
  if (step.status === 'signal') fireSignal(turn, node, step, checked);
  else succeed(turn, node, key, step.attempts.length, { ok: true, output: step.output }, checked);
}
