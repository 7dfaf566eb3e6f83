/** A run's past in sentences for people, oldest first: what a reviewer reads before deciding. Never repeats payloads. */
import type { InboxCard } from '../../shared/api/contract.ts';
import type { RunEvent, TaskAnswer } from '../../shared/run/events.ts';
import { warningText } from '../../shared/workflow/describe-limits.ts';
import { stepLabel } from '../../shared/workflow/describe.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';

const answerWords: Record<TaskAnswer, string> = {
  approve: 'approved',
  edit: 'changed and approved',
  reject: 'rejected',
  send_back: 'sent back',
  retry: 'asked to try again',
  give_up: 'gave up on',
  skip: 'gave the result of',
  happened: 'said it happened:',
  not_happened: 'said it did not happen:',
  raise: 'raised the limit of',
  accept: 'left as it is:',
  rollback: 'had the run rolled back at',
};

export function historyOf(events: readonly RunEvent[], document: WorkflowDocument): InboxCard['history'] {
  const label = (key: string): string => stepLabel(document, key);
  return events.flatMap((event) => {
    const text = sentence(byName(event), label);
    return text === undefined ? [] : [{ at: event.at, text: `${text.charAt(0).toUpperCase()}${text.slice(1)}` }];
  });
}

/** A journal of a newer version may hold events this one has no words for. */
function unknownEvent(_event: never): undefined {
  return undefined;
}

function byName(event: RunEvent): RunEvent {
  return 'by' in event && event.by !== undefined ? { ...event, by: who(event.by) } : event;
}

/** Names are made readable by whoever shows them; what is no name is said here. */
function who(by: string): string {
  switch (by) {
    case 'system':
      return 'Holdfast';
    case 'cli':
      return 'somebody at the terminal';
    case 'app':
      return 'somebody at the app';
    default:
      return by;
  }
}

function because(reason: string | undefined): string {
  return reason ? `: ${reason}` : '';
}

function sentence(event: RunEvent, label: (key: string) => string): string | undefined {
  switch (event.type) {
    case 'run_started':
      return `Started by ${event.by}${event.forkOf ? `, forked from the run ${event.forkOf.runId}` : ''}`;
    case 'step_copied':
      return `${label(event.step)} was done in the run ${event.from.runId}`;
    case 'step_confirmed':
      return `${label(event.step)} is done`;
    case 'attempt_failed':
      return `${label(event.step)} failed: ${event.error.message}`;
    case 'attempt_abandoned':
      return `${label(event.step)} was interrupted`;
    case 'retry_scheduled':
      return `${label(event.step)} is tried again in ${Math.max(1, Math.round(event.delayMs / 1000))} s`;
    case 'effect_confirmed':
      return `${label(event.step)} took effect`;
    case 'effect_partly_applied':
      return `${label(event.step)} took effect in part: ${event.error.message}`;
    case 'effect_in_doubt':
      return `Nobody knows whether ${label(event.step)} took effect`;
    case 'effect_settled':
      return `${event.by} said that ${label(event.step)} ${event.happened ? 'happened' : 'did not happen'}${because(event.reason)}`;
    case 'gate_opened':
      return `${label(event.step)} waits for ${event.owner}`;
    case 'budget_warning':
      return warningText(event, label(event.step));
    case 'escalation_opened':
      return `${label(event.step)} went to ${event.owner}: ${event.message}`;
    case 'gate_approved':
      return `${event.by} approved ${label(event.step)}; more people are needed${because(event.reason)}`;
    case 'gate_edited':
      return `${event.by} changed what is asked about ${label(event.step)}; the others approve anew${because(event.reason)}`;
    case 'gate_decided':
    case 'escalation_decided':
      return `${event.by}${event.verified === false ? ' (unverified)' : ''} ${answerWords[event.answer]} ${label(event.step)}${because(event.reason)}`;
    case 'signal_received':
      return `${event.by} sent the signal ${event.name}`;
    case 'task_escalated':
      return `Nobody decided ${label(event.step)} in time; it went to ${event.owner}`;
    case 'cancel_requested':
      return `${event.by} cancelled the run${because(event.reason)}`;
    case 'step_supplied':
      return `${label(event.step)} has the result that ${event.by} gave${because(event.reason)}`;
    case 'run_paused':
      return `${event.by} paused the run${because(event.reason)}`;
    case 'run_resumed':
      return `${event.by} let the run go on${because(event.reason)}`;
    case 'run_reopened':
      return `${event.by} had ${label(event.step)} tried again${because(event.reason)}`;
    case 'rollback_started':
      return `${event.by} had the run rolled back${because(event.reason)}`;
    case 'undo_ordered':
      return `${event.by} had ${event.steps.map(label).join(', ')} undone${because(event.reason)}`;
    case 'steps_reset':
      return `${event.steps.map(label).join(', ')} can run again${because(event.reason)}`;
    case 'run_rolled_back':
      return 'Everything the run changed was undone';
    case 'item_ended':
      return event.error && `Item ${event.index + 1} of ${label(event.step)} failed: ${event.error.message}`;
    case 'loop_taken':
      return `Round ${event.iteration} began after ${label(event.step)}`;
    case 'step_failed':
      return `${label(event.step)} ended without a result: ${event.error.message}`;
    case 'run_completed':
      return 'The run is complete';
    case 'run_failed':
      return `The run failed: ${event.reason}`;
    case 'dependency_waited':
      return `${label(event.step)} waits for ${event.dependency}, which does not answer`;
    case 'dependency_resumed':
    case 'map_opened':
    case 'attempt_started':
    case 'heartbeat_recorded':
    case 'attempt_succeeded':
    case 'timer_set':
    case 'child_started':
    case 'child_changed':
    case 'signal_awaited':
    case 'signal_used':
    case 'effect_intended':
    case 'effect_failed':
    case 'step_skipped':
    case 'wait_limited':
    case 'undo_finished':
    case 'run_confirmed':
      return undefined;
    default:
      return unknownEvent(event);
  }
}
