/** What happens to a run when a step fails and neither a path nor a rule handles it. Source: semantics, "Control flow". */
import type { WorkflowDocument } from './document.ts';

/**
 * What the workflow says; without a word of its own a failure-sensitive workflow pauses – one that is marked so, or
 * changes another system – and any other fails.
 */
export function onFailureOf(
  { settings, class: workflowClass }: Pick<WorkflowDocument, 'settings' | 'class'>,
  changesSomething: boolean,
): 'pause' | 'fail' | 'rollback' {
  return settings?.onFailure ?? ((workflowClass?.failureSensitive ?? changesSomething) ? 'pause' : 'fail');
}
