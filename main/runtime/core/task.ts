/**
 * Decisions of people: reviews, escalations and effects in doubt. A decision is bound to the digest of what was shown;
 * a second one is answered with who decided first; a late one on an ended run is refused with the reason.
 */
import type { StepError } from '../../../shared/run/errors.ts';
import type { TaskAnswer } from '../../../shared/run/events.ts';
import { scopeOfKey } from '../../../shared/run/keys.ts';
import { taskOf, type RunState, type TaskState } from '../../../shared/run/state.ts';
import { canonicalText } from '../../../shared/workflow/canonical.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import type { Command, Refusal } from './commands.ts';
import { changesTheWorld } from '../../../shared/steps/effect.ts';
import { openChanges } from './effects.ts';
import { confirmStep } from './confirm.ts';
import { escalate } from './failure.ts';
import { refuseRaise } from './limits.ts';
import { isOpenPath } from './paths.ts';
import { approvalsLeft, refuseReviewer } from './reviewers.ts';
import { endSteps } from './rollback.ts';
import { readAgain } from './unchanged-since.ts';
import { sendBack, whyNotBack } from './send-back.ts';
import { endOnFallback } from './undo.ts';
import { errorOfWait } from './waits.ts';
import { emit, graphStep, isHeld, stepState, type Turn } from './turn.ts';

type Decide = Extract<Command, { type: 'decide_task' }>;

export function decideTask(turn: Turn, command: Decide): Refusal | undefined {
  const task = taskOf(turn.state, command.taskId);
  if (!task) return { code: 'not_found', message: `There is no item ${command.taskId} in this run` };
  const node = graphStep(turn.ctx, task.step);
  const refusal =
    refuseDecision(turn, task, command) ??
    (node && command.answer === 'raise' ? refuseRaise(turn, node, task, command.value) : undefined);
  if (refusal || !node) return refusal ?? { code: 'not_found', message: `Step ${task.step} is not in this version` };
  const { answer, by, reason, value } = command;
  const said = {
    step: task.step,
    taskId: task.taskId,
    by,
    verified: command.verified === true,
    ...(reason === undefined ? {} : { reason }),
  };
  const given = value === undefined ? {} : { value };
  if (task.kind === 'review') {
    if (approvalsLeft(task) > 1 && answer === 'approve') {
      emit(turn, { type: 'gate_approved', ...said });
      return undefined;
    }
    if ((task.quorum ?? 1) > 1 && answer === 'edit') {
      emit(turn, { type: 'gate_edited', ...said, value, digest: turn.ctx.digest(canonicalText(value)) });
      return undefined;
    }
    // `refuseDecision` let only the answers of the gate through.
    emit(turn, {
      type: 'gate_decided',
      ...said,
      ...given,
      answer: answer as 'approve' | 'edit' | 'reject' | 'send_back',
    });
    afterReview(turn, node, task, command);
  } else {
    emit(turn, { type: 'escalation_decided', ...said, ...given, answer });
    afterEscalation(turn, node, task, command);
  }
  return undefined;
}

export function refuseDecision(turn: Turn, task: TaskState, command: Decide): Refusal | undefined {
  if (task.decision) {
    return {
      code: 'conflict',
      message: `This item was already decided by ${task.decision.by} (${task.decision.answer})`,
    };
  }
  if (turn.state.end || turn.state.cancelling) {
    return { code: 'conflict', message: `${whyClosed(turn.state)}, so nothing is left to decide` };
  }
  if (task.closedAt !== undefined) {
    return { code: 'conflict', message: 'The run has gone on without this item, so nothing is left to decide' };
  }
  if (!task.allow.includes(command.answer)) {
    return { code: 'refused', message: `"${command.answer}" is not possible here; possible: ${task.allow.join(', ')}` };
  }
  if (command.digest !== undefined && task.digest !== undefined && command.digest !== task.digest) {
    return { code: 'conflict', message: 'What you saw is not what this item shows now; look again before you decide' };
  }
  const reviewer = refuseReviewer(turn.state, task, command);
  if (reviewer) return reviewer;
  const needsReason = command.answer === 'reject' || command.answer === 'send_back';
  if (needsReason && !command.reason?.trim()) {
    return { code: 'refused', message: 'Say why: a reason is required to reject or send back' };
  }
  const backTo = command.answer === 'send_back' ? task.backTo : undefined;
  const whyNot = backTo === undefined ? undefined : whyNotBack(turn.state, turn.ctx.graph, task.step, backTo);
  if (whyNot !== undefined) return { code: 'conflict', message: `It cannot be sent back now: ${whyNot}` };
  if (command.answer === 'edit' && command.value === undefined) {
    return { code: 'refused', message: 'An edit needs the changed content' };
  }
  if (command.answer === 'edit' && task.gate === 'before' && !isRecord(command.value)) {
    return { code: 'refused', message: 'The edited request must be an object with the fields of the step' };
  }
  return undefined;
}

function afterReview(turn: Turn, node: GraphStep, task: TaskState, { answer, by, reason = '' }: Decide): void {
  if (answer === 'reject') {
    const scope = scopeOfKey(task.step);
    const wired = node.outgoing.some((edge) => edge.from.port === 'rejected' && isOpenPath(turn.state, scope, edge));
    const error = { class: 'refused' as const, code: 'rejected', message: `Rejected by ${by}` };
    emit(turn, { type: 'step_failed', step: task.step, error, ports: wired ? ['rejected'] : [] });
    return;
  }
  if (answer === 'send_back') {
    const isAfter = task.gate === 'after';
    const limit = (isAfter ? node.step.gates?.after : node.step.gates?.before)?.maxSendBacks ?? 3;
    if (timesSentBack(turn.state, task) <= limit) {
      if (task.backTo !== undefined) sendBack(turn, { key: task.step, id: task.backTo, by, comment: reason });
      return;
    }
    const message = `${by} sent it back again, after ${limit} times already`;
    // What would have been undone first is not done on top of it.
    const isDone = isAfter && task.backTo !== undefined && changesTheWorld(node.effect);
    const allow: TaskAnswer[] = isDone ? ['give_up', 'skip'] : ['retry', 'give_up', 'skip'];
    escalate(turn, task.step, { on: 'loop_limit', message, allow, pausesRun: false });
    return;
  }
  // An approved gate before the step lets `due` prepare it again.
  if (task.gate === 'before') return;
  confirmStep(turn, node, task.step, stepState(turn, task.step).ports);
}

/** By this gate, this time counted in. */
function timesSentBack({ tasks }: RunState, { step, gate }: TaskState): number {
  const isSame = (task: TaskState): boolean => task.step === step && task.gate === gate;
  return Object.values(tasks).filter((task) => isSame(task) && task.decision?.answer === 'send_back').length;
}

function afterEscalation(turn: Turn, node: GraphStep, task: TaskState, command: Decide): void {
  const { answer, by, reason, value } = command;
  const { effectKey, step } = task;
  if (effectKey !== undefined && (answer === 'happened' || answer === 'not_happened')) {
    const happened = answer === 'happened';
    emit(turn, {
      type: 'effect_settled',
      step,
      key: effectKey,
      happened,
      by,
      ...(reason === undefined ? {} : { reason }),
      ...(happened && value !== undefined ? { response: value } : {}),
    });
    if (happened && !isHeld(turn, step)) confirmStep(turn, node, step, ['out']);
    return;
  }
  if (task.isWait) {
    if (answer === 'give_up') emit(turn, { type: 'step_failed', step, error: errorOfWait(turn, step, by), ports: [] });
    return;
  }
  if (answer === 'approve') confirmStep(turn, node, step, stepState(turn, step).ports);
  if (task.loop !== undefined && answer === 'retry') confirmStep(turn, node, step, stepState(turn, step).ports);
  if (answer === 'retry' && task.cause === 'stale') readAgain(turn, node, step, command);
  if (answer === 'accept') {
    endOnFallback(turn, step, errorGivenUp(turn, task, by));
    return;
  }
  if (answer === 'rollback') {
    // What nobody knows is asked again there: until then nothing that depends on it can be undone.
    emit(turn, { type: 'cancel_requested', by, ...(reason === undefined ? {} : { reason }), rollback: true });
    return;
  }
  if (answer === 'give_up') {
    emit(turn, { type: 'step_failed', step, error: errorGivenUp(turn, task, by), ports: [] });
  }
}

/** An effect nobody could speak for outweighs the error that raised the question; sent back too often has no error. */
function errorGivenUp(turn: Turn, task: TaskState, by: string): StepError {
  if (task.kind === 'in_doubt') return { class: 'in_doubt', message: `${by} gave up finding out whether it happened` };
  if (task.on === 'dependency_unhealthy')
    return { class: 'dependency_unhealthy', message: `${by} gave up waiting for a system that does not answer` };
  if (task.rule !== undefined) return { class: 'budget', message: `${by} did not let the run pass its limit` };
  if (task.loop !== undefined) return { class: 'loop_limit', message: `${by} did not let the loop go round again` };
  if (task.duplicate) return { class: 'refused', code: 'duplicate', message: `${by} did not let it be done twice` };
  return stepState(turn, task.step).error ?? { class: 'loop_limit', message: `${by} gave up after it was sent back` };
}

/** Why a run takes no more decisions. */
export function whyClosed(state: RunState): string {
  return state.end ? `The run has already ended (${state.reason ?? state.word})` : 'The run is being cancelled';
}

/** Ends a run as failed; what it leaves in other systems stays in plain sight, and no step is left in the air. */
export function failRun(turn: Turn, reason: string, by?: string, step?: string): void {
  endSteps(turn);
  emit(turn, {
    type: 'run_failed',
    reason,
    openEffects: openChanges(turn.state).length,
    ...(by === undefined ? {} : { by }),
    ...(step === undefined ? {} : { step }),
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
