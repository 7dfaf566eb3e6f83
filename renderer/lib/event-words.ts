/**
 * A run's event as one plain sentence, for the event list and the history. Pure; the caller brings the steps' labels.
 * Exhaustive: a new kind of event does not compile before it has a sentence.
 */
import type { RunEvent, StepKey, UndoCause } from '../../shared/run/events.ts';
import { isUndoKey, stepIdOf, undoKeyOf } from '../../shared/run/keys.ts';
import { placeText } from '../../shared/workflow/describe.ts';
import { warningText } from '../../shared/workflow/describe-limits.ts';
import { formatActor, formatDuration, formatExact } from './format.ts';
import type { ShownWord } from './words.ts';
import { answerDone, causeText, errorLine, reasonText, triggerText } from './words.ts';

export type LabelOf = (step: StepKey) => string;

/** `“Pay the refund” (item 4, round 2)`; the label is asked for without its place, so that the quotes hold only the name. */
function named(step: StepKey, labelOf: LabelOf): string {
  const id = stepIdOf(step);
  const name = `“${labelOf(isUndoKey(step) ? undoKeyOf(id) : id)}”`;
  const place = placeText(step);
  return place === '' ? name : `${name} (${place})`;
}

const undoCauses: Record<UndoCause, string> = {
  lost_join: 'another branch came first',
  fallback: 'the step failed and its other path is taken',
  send_back: 'it is sent back',
  checkpoint: 'the run goes back to a checkpoint',
  stale: 'what was read has changed since',
};

function namedAll(steps: readonly StepKey[], labelOf: LabelOf): string {
  const names = steps.map((step) => named(step, labelOf));
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : ` Their words: “${reason}”`;
}

export function eventSentence(event: RunEvent, labelOf: LabelOf, currency: string): string {
  const text = sentence(event, labelOf, currency);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function sentence(event: RunEvent, labelOf: LabelOf, currency: string): string {
  switch (event.type) {
    case 'run_started':
      if (event.forkOf) {
        const { runId, step, reason } = event.forkOf;
        return `${formatActor(event.by)} forked the run ${runId} after ${named(step, labelOf)}.${because(reason)}`;
      }
      return `${formatActor(event.by)} started the run.`;
    case 'step_copied':
      return `${named(event.step, labelOf)} was not done again: its result is the one of the run ${event.from.runId}.`;
    case 'attempt_started':
      if (event.repeated) return `${named(event.step, labelOf)} started again: its earlier work was lost.`;
      return event.attempt > 1
        ? `${named(event.step, labelOf)} started its attempt ${event.attempt}.`
        : `${named(event.step, labelOf)} started.`;
    case 'heartbeat_recorded':
      return `${named(event.step, labelOf)} is still at work and said how far it is.`;
    case 'attempt_succeeded':
      return `${named(event.step, labelOf)} has a result.`;
    case 'attempt_failed':
      return `${named(event.step, labelOf)} failed: ${event.error.message}`;
    case 'attempt_abandoned':
      return `Holdfast was stopped while ${named(event.step, labelOf)} ran; nobody saw its end.`;
    case 'retry_scheduled':
      return `${named(event.step, labelOf)} tries again after ${formatDuration(event.delayMs)}.`;
    case 'timer_set':
      return `${named(event.step, labelOf)} waits until ${formatExact(event.dueAt)}.`;
    case 'child_started':
      return event.undo
        ? `${named(event.step, labelOf)} rolls the workflow inside it back.`
        : `${named(event.step, labelOf)} started its workflow.`;
    case 'child_changed': {
      const why = reasonText(event.reason);
      const now = { started: 'is at work', waiting: 'waits', escalated: 'went to a person' }[event.word];
      return `The workflow of ${named(event.step, labelOf)} ${now}${why === undefined ? '' : ` (${why})`}.`;
    }
    case 'signal_awaited':
      return `${named(event.step, labelOf)} waits for the signal “${event.name}”${event.dueAt === undefined ? '' : `, at most until ${formatExact(event.dueAt)}`}.`;
    case 'signal_received':
      return `${formatActor(event.by)} sent the signal “${event.name}”.`;
    case 'signal_used':
      return `${named(event.step, labelOf)} got the signal it waited for.`;
    case 'effect_intended':
      if (event.undoes !== undefined)
        return `${named(event.step, labelOf)} wrote down that it will undo: ${event.target}.`;
      return `${named(event.step, labelOf)} wrote down what it is about to do: ${event.target}.`;
    case 'effect_confirmed':
      return `The other system confirmed what ${named(event.step, labelOf)} asked for.`;
    case 'effect_failed':
      return event.sent
        ? `What ${named(event.step, labelOf)} asked for did not happen: ${event.error.message}`
        : `The request of ${named(event.step, labelOf)} never left: ${event.error.message}`;
    case 'effect_partly_applied':
      return `The other system did only a part of what ${named(event.step, labelOf)} asked for: ${event.error.message}`;
    case 'effect_in_doubt':
      return `Nobody knows whether what ${named(event.step, labelOf)} asked for happened: ${event.message}`;
    case 'effect_settled':
      return `${formatActor(event.by)} says that what ${named(event.step, labelOf)} asked for ${event.happened ? 'happened' : 'did not happen'}.${because(event.reason)}`;
    case 'gate_opened': {
      const causes = event.causes.map((cause) => causeText(cause, currency)).join(' and ');
      return `${named(event.step, labelOf)} asks ${formatActor(event.owner)}${causes === '' ? '' : ` because ${causes}`}.`;
    }
    case 'gate_approved':
      return `${formatActor(event.by)} approved: ${named(event.step, labelOf)}; more people are needed.${because(event.reason)}`;
    case 'gate_edited':
      return `${formatActor(event.by)} changed what is asked about ${named(event.step, labelOf)}; the others have to approve that anew.${because(event.reason)}`;
    case 'gate_decided':
    case 'escalation_decided':
      return `${formatActor(event.by)}${event.verified === false ? ' (unverified)' : ''} ${answerDone[event.answer]}: ${named(event.step, labelOf)}.${because(event.reason)}`;
    case 'wait_limited':
      return `${named(event.step, labelOf)} may wait until ${formatExact(event.dueAt)}; then somebody is told.`;
    case 'task_escalated':
      return `Nobody decided on ${named(event.step, labelOf)} in time; it went to ${formatActor(event.owner)}.`;
    case 'escalation_opened':
      return `${named(event.step, labelOf)} went to ${formatActor(event.owner)} because ${triggerText(event.on)}: ${event.message}`;
    case 'dependency_waited':
      return `${named(event.step, labelOf)} waits: ${event.dependency} does not answer. Next look: ${formatExact(event.until)}.`;
    case 'dependency_resumed':
      return `${event.dependency} answers again; ${named(event.step, labelOf)} goes on.`;
    case 'budget_warning':
      return `${warningText(event, labelOf(event.step))}.`;
    case 'map_opened':
      return `${named(event.step, labelOf)} begins ${event.config.items.length} items, ${event.concurrency} at a time.`;
    case 'item_ended':
      return event.error === undefined
        ? `Item ${event.index + 1} of ${named(event.step, labelOf)} is done.`
        : `Item ${event.index + 1} of ${named(event.step, labelOf)} failed: ${event.error.message}`;
    case 'loop_taken':
      return `After ${named(event.step, labelOf)} the run goes back: round ${event.iteration} begins.`;
    case 'step_supplied':
      return `${formatActor(event.by)} gave the result of ${named(event.step, labelOf)}; it was not run.${because(event.reason)}`;
    case 'run_paused':
      return `${formatActor(event.by)} paused the run.${because(event.reason)}`;
    case 'run_resumed':
      return `${formatActor(event.by)} let the run go on.${because(event.reason)}`;
    case 'run_reopened':
      return `${formatActor(event.by)} had the run tried again from ${named(event.step, labelOf)}.${because(event.reason)}`;
    case 'step_confirmed':
      return `${named(event.step, labelOf)} is done and saved.`;
    case 'step_skipped':
      return `${named(event.step, labelOf)} was not needed.`;
    case 'step_failed':
      return event.ports.length > 0
        ? `${named(event.step, labelOf)} ended without a result; its path for that was taken.`
        : `${named(event.step, labelOf)} ended without a result: ${errorLine(event.error)}.`;
    case 'undo_ordered':
      return `${formatActor(event.by)} has what ${namedAll(event.steps, labelOf)} did undone, because ${undoCauses[event.because]}.${because(event.reason)}`;
    case 'undo_finished':
      return event.kept.length === 0
        ? 'What had to be undone was undone.'
        : `What could be undone was undone; what ${namedAll(
            event.kept.map(({ step }) => step),
            labelOf,
          )} did stays as it is.`;
    case 'steps_reset':
      return `${formatActor(event.by)} put ${namedAll(event.steps, labelOf)} back, to be done again.${because(event.reason)}`;
    case 'run_confirmed':
      return 'Every step has ended; the results are being checked against the other systems.';
    case 'rollback_started':
      return `${formatActor(event.by)} had the run rolled back: what it changed is undone, the last change first.${because(event.reason)}`;
    case 'run_rolled_back':
      return 'Everything the run changed was undone.';
    case 'run_completed':
      return 'The run is complete.';
    case 'cancel_requested':
      return `${formatActor(event.by)} asked to cancel the run; what is under way is settled first.${because(event.reason)}`;
    case 'run_failed': {
      const by = event.by === undefined || event.by === 'system' ? '' : ` by ${formatActor(event.by)}`;
      const open =
        event.openEffects === 0 ? '' : ` ${event.openEffects} of its changes in other systems stay as they are.`;
      return `The run ended without a result: ${reasonText(event.reason) ?? 'no reason given'}${by}.${open}`;
    }
  }
}

/** The shape beside the sentence. */
export function eventMark(event: RunEvent): ShownWord {
  switch (event.type) {
    case 'run_started':
    case 'dependency_resumed':
    case 'attempt_started':
    case 'heartbeat_recorded':
    case 'child_started':
    case 'effect_intended':
    case 'map_opened':
    case 'loop_taken':
    case 'run_resumed':
    case 'run_reopened':
      return 'started';
    case 'attempt_succeeded':
    case 'effect_confirmed':
    case 'step_confirmed':
    case 'run_confirmed':
    case 'step_copied':
    case 'step_supplied':
      return 'confirmed';
    case 'item_ended':
      return event.error === undefined ? 'confirmed' : 'failed';
    case 'attempt_failed':
    case 'effect_failed':
    case 'effect_partly_applied':
    case 'step_failed':
    case 'run_failed':
      return 'failed';
    case 'retry_scheduled':
    case 'timer_set':
    case 'signal_awaited':
    case 'child_changed':
    case 'gate_opened':
    case 'dependency_waited':
    case 'gate_approved':
    case 'gate_edited':
    case 'wait_limited':
    case 'run_paused':
      return 'waiting';
    case 'attempt_abandoned':
    case 'effect_in_doubt':
    case 'escalation_opened':
    case 'task_escalated':
    case 'cancel_requested':
    case 'budget_warning':
      return 'escalated';
    case 'effect_settled':
    case 'signal_received':
    case 'signal_used':
    case 'gate_decided':
    case 'escalation_decided':
      return 'confirmed';
    case 'step_skipped':
      return 'skipped';
    case 'rollback_started':
    case 'undo_ordered':
    case 'undo_finished':
    case 'steps_reset':
    case 'run_rolled_back':
      return 'rolled_back';
    case 'run_completed':
      return 'complete';
  }
}
