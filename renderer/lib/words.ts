/**
 * The machine's words in plain English: state words, reasons, causes, triggers, errors and answers. Pure. Every closed
 * union is answered exhaustively; only free text (a reason from elsewhere) falls back to being made readable.
 */
import type { ErrorClass, StepError } from '../../shared/run/errors.ts';
import type { GateCause, TaskAnswer } from '../../shared/run/events.ts';
import type { EffectState, StateWord, TaskKind, TaskState } from '../../shared/run/state.ts';
import type { EscalationTrigger } from '../../shared/workflow/document.ts';
import { formatActor, formatFieldName, formatMoney, formatPercent } from './format.ts';

/** A word of the record, or a position that is no word. */
export type ShownWord = StateWord | 'pending' | 'skipped';

export const wordTitles: Record<ShownWord, string> = {
  started: 'Started',
  waiting: 'Waiting',
  confirmed: 'Confirmed',
  failed: 'Failed',
  escalated: 'Escalated',
  rolled_back: 'Rolled back',
  complete: 'Complete',
  pending: 'Not reached',
  skipped: 'Skipped',
};

/** One line for the error class, as the reason something stands where it stands. */
export const errorTitles: Record<ErrorClass, string> = {
  timeout: 'no answer in time',
  unavailable: 'the other system is not available',
  rate_limited: 'the other system asks for fewer calls',
  not_sent: 'the request never left',
  refused: 'the other system said no',
  invalid_output: 'the result is not what the step needs',
  stale: 'the data changed in the meantime',
  partial: 'only part of it was done',
  in_doubt: 'nobody knows whether it happened',
  budget: 'the budget is used up',
  low_confidence: 'the confidence is too low',
  dependency_unhealthy: 'the other system has been failing',
  loop_limit: 'the loop limit is reached',
  retries_exhausted: 'it failed and no retry is left',
  crashed: 'Holdfast stopped in the middle',
  cancelled: 'it was cancelled',
  code: 'the step itself failed',
};

/** What a person can do about it. */
export const errorAdvice: Record<ErrorClass, string> = {
  timeout: 'Check that the other system answers, or give the step more time.',
  unavailable: 'Check that the other system is up. Marking the step “Tries again” lets it ride out short outages.',
  rate_limited: 'Wait, or let the step try again with longer pauses.',
  not_sent: 'Nothing was changed. Check the address and the network, then run again.',
  refused: 'Read the answer below, correct the data or the step’s settings, and run again.',
  invalid_output: 'Look at the output and at the expression that is named, then correct the step.',
  stale: 'Read the data again before deciding anything on it.',
  partial: 'Look at the ledger to see which part was done before anything is repeated.',
  in_doubt: 'Look in the other system, then say in the inbox whether it happened.',
  budget: 'Raise the budget of the step or workflow, or make the request smaller.',
  low_confidence: 'Decide by hand, or give the model more to go on.',
  dependency_unhealthy: 'Wait until the other system is healthy again; Holdfast checks it by itself.',
  loop_limit: 'See why the loop does not end, or raise its limit.',
  retries_exhausted: 'Find out why it failed; the attempts are listed below.',
  crashed: 'Nothing to do: the step is done again from the last checkpoint.',
  cancelled: 'Start a new run when it is wanted after all.',
  code: 'Correct the expression or code that is named, then run again.',
};

const triggerTitles: Record<EscalationTrigger, string> = {
  cost_over: 'it cost more than allowed',
  confidence_below: 'the confidence is too low',
  inconsistent_data: 'the data does not agree with the other system',
  waits_longer_than: 'it has been waiting too long',
  retries_exhausted: 'it failed and no retry is left',
  dependency_unhealthy: 'the other system has been failing',
  loop_limit: 'the loop limit is reached',
  in_doubt: 'nobody knows whether it happened',
  rollback_failed: 'undoing did not work',
  review_overdue: 'nobody decided in time',
  stop_condition: 'a stop condition holds',
};

export function triggerText(trigger: EscalationTrigger): string {
  return triggerTitles[trigger];
}

const reasonTitles: Record<string, string> = {
  ...triggerTitles,
  ...errorTitles,
  rollback: 'going back',
  rollback_incomplete: 'not everything could be undone',
  timer: 'until a set time',
  retry: 'to try again',
  review: 'for a person’s decision',
  paused: 'paused by a person',
  signal: 'for a signal from outside',
  child: 'for a workflow inside it',
  child_escalated: 'for a person, in a workflow inside it',
  dependency: 'for another system',
  capacity: 'for a free place',
  cancelled: 'cancelled',
  rejected: 'a person said no',
  given_up: 'a person gave up',
  gave_up: 'a person gave up',
  sent_back: 'sent back by a person',
};

/** Why something has its word; `undefined` when there is nothing to say. */
export function reasonText(reason: string | undefined): string | undefined {
  if (reason === undefined || reason === '') return undefined;
  const known = reasonTitles[reason];
  if (known !== undefined) return known;
  return formatFieldName(reason).toLowerCase();
}

/** `Waiting for a person's decision`, `Failed: cancelled`, `Complete`. */
export function wordWithReason(word: StateWord, reason: string | undefined): string {
  const text = reasonText(reason);
  if (text === undefined) return wordTitles[word];
  if (word === 'waiting') return /^(for|to|until) /.test(text) ? `Waiting ${text}` : `Waiting: ${text}`;
  return `${wordTitles[word]}: ${text}`;
}

export function errorLine(error: StepError): string {
  const title = errorTitles[error.class];
  const code = error.code === undefined ? '' : ` (${error.code})`;
  return `${title.charAt(0).toUpperCase()}${title.slice(1)}${code}`;
}

/** How much of a value fits into a sentence. */
function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Why the gate asked, as a reader says it: `confidence 62 % is below 80 %`. */
export function causeText(cause: GateCause, currency: string): string {
  switch (cause.condition) {
    case 'always':
      return 'this step always asks';
    case 'confidence': {
      const limit = typeof cause.limit === 'number' ? formatPercent(cause.limit) : brief(cause.limit);
      if (typeof cause.measured !== 'number') return `there is no confidence, and ${limit} is needed`;
      return `confidence ${formatPercent(cause.measured)} is below ${limit}`;
    }
    case 'cost': {
      const money = (value: unknown) => (typeof value === 'number' ? formatMoney(value, currency) : brief(value));
      return `the cost of ${money(cause.measured)} is above ${money(cause.limit)}`;
    }
    case 'effect':
      return 'the step changes another system';
    case 'expression':
      return cause.limit === undefined ? 'its condition holds' : `the condition ${brief(cause.limit)} holds`;
  }
}

export const answerTitles: Record<TaskAnswer, string> = {
  approve: 'Approve',
  edit: 'Edit and approve',
  reject: 'Reject',
  send_back: 'Send back',
  retry: 'Try again',
  give_up: 'Give up',
  skip: 'Give the result yourself',
  happened: 'It happened',
  not_happened: 'It did not happen – try again',
  raise: 'Raise the limit',
  accept: 'Leave it as it is',
  rollback: 'Roll back',
};

/** At a limit nothing has failed: the question is whether the run may go on. */
export function answerTitle(answer: TaskAnswer, task: Pick<TaskState, 'rule' | 'loop'>): string {
  if (answer !== 'retry') return answerTitles[answer];
  if (task.loop !== undefined) return 'Go round again';
  return task.rule === undefined ? answerTitles.retry : 'Let it go on';
}

/** What was decided, in the past tense. */
export const answerDone: Record<TaskAnswer, string> = {
  approve: 'approved',
  edit: 'approved with changes',
  reject: 'rejected',
  send_back: 'sent back',
  retry: 'asked to try again',
  give_up: 'gave up',
  skip: 'gave the result',
  happened: 'confirmed that it happened',
  not_happened: 'confirmed that it did not happen',
  raise: 'raised the limit',
  accept: 'left it as it is',
  rollback: 'had the run rolled back',
};

export const taskKindTitles: Record<TaskKind, string> = {
  review: 'Review',
  escalation: 'Escalation',
  in_doubt: 'In doubt',
};

/** The one sentence that says what is asked of the reader. */
export function questionOf(task: Pick<TaskState, 'kind' | 'gate' | 'on' | 'message'>, label: string): string {
  switch (task.kind) {
    case 'review':
      return task.gate === 'before' ? `May “${label}” go ahead with this?` : `Is the result of “${label}” right?`;
    case 'in_doubt':
      return `Did “${label}” happen? Nobody knows.`;
    case 'escalation':
      return task.on === undefined
        ? `“${label}” needs your decision.`
        : `“${label}” needs your decision: ${triggerText(task.on)}.`;
  }
}

/** What an answer to an escalation leads to. */
function leadsTo(answer: TaskAnswer, { rule, loop }: Pick<TaskState, 'rule' | 'loop'>): string | undefined {
  switch (answer) {
    case 'retry':
      if (loop !== undefined) return 'Go round again allows one more round.';
      if (rule !== undefined) return 'Let it go on, and this limit is not asked about again in this run.';
      return 'Try again does the step once more, which helps when the cause is gone.';
    case 'raise':
      return 'Raise the limit, and the run goes on until it reaches the new one.';
    case 'approve':
      return 'Approve, and it goes on as it is.';
    case 'skip':
      return 'Give the result yourself, and the run goes on with it without running the step.';
    case 'accept':
      return 'Leave it as it is, and the run goes on with what cannot be changed any more.';
    case 'rollback':
      return 'Roll back undoes what the run changed, the last change first.';
    case 'give_up':
      return rule === undefined ? 'Give up ends the step without a result.' : 'Give up ends the run here.';
    default:
      return undefined;
  }
}

/** What to look at before deciding, and what each answer leads to. */
export function guidanceOf(task: Pick<TaskState, 'kind' | 'rule' | 'loop' | 'allow'>): string | undefined {
  switch (task.kind) {
    case 'review':
      return undefined;
    case 'escalation':
      return task.allow.flatMap((answer) => leadsTo(answer, task) ?? []).join(' ');
    case 'in_doubt':
      return 'Look in the other system first. If it happened, the run goes on from there; if it did not, the step is done again under the same key.';
  }
}

/** The evidence is what the target answered when it was asked, not its answer to the change. */
function wasAsked(response: unknown): boolean {
  return typeof response === 'object' && response !== null && 'probed' in response;
}

export function effectStatusText(effect: Pick<EffectState, 'status' | 'settledBy' | 'response'>): string {
  switch (effect.status) {
    case 'intended':
      return 'Asked for, no answer yet';
    case 'confirmed':
      if (effect.settledBy !== undefined) return `Happened, says ${formatActor(effect.settledBy)}`;
      return wasAsked(effect.response) ? 'Happened, says the other system' : 'Confirmed';
    case 'partly_applied':
      return 'Done in part';
    case 'failed':
      return effect.settledBy === undefined
        ? 'Did not happen'
        : `Did not happen, says ${formatActor(effect.settledBy)}`;
    case 'in_doubt':
      return 'Nobody knows whether it happened';
    case 'rolled_back':
      return 'Rolled back';
  }
}

/** The word whose shape and colour an effect borrows. */
export function effectWord(status: EffectState['status']): ShownWord {
  switch (status) {
    case 'intended':
      return 'started';
    case 'confirmed':
      return 'confirmed';
    case 'partly_applied':
    case 'failed':
      return 'failed';
    case 'in_doubt':
      return 'escalated';
    case 'rolled_back':
      return 'rolled_back';
  }
}

/** Short key of a word's reason for lists: only what adds something to the word. */
export function listNote(word: StateWord, reason: string | undefined): string | undefined {
  const text = reasonText(reason);
  if (text === undefined || word === 'complete' || word === 'started') return undefined;
  return text;
}
