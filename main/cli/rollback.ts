/** `holdfast runs rollback`: first what would be undone, then – without `--plan` – the undoing, driven to its end. */
import { randomUUID } from 'node:crypto';
import type { RollbackPlan } from '../../shared/run/rollback-plan.ts';
import { actorOf } from './actor.ts';
import type { Command } from './command.ts';
import { DEFAULT_PARK_AFTER_MS, resultOf, resultText, settle } from './drive.ts';
import { snapshot, withSession } from './session.ts';

export function rollback(
  command: Command,
  runId: string,
  flags: { plan?: boolean; as: string; reason?: string },
): Promise<number> {
  const by = actorOf(flags.as);
  return withSession(command, async (session) => {
    if (flags.plan) {
      const plan = await session.client.call('runs.rollbackPlan', { runId });
      command.output.result({ run: runId, ...plan }, planText(plan));
      return 0;
    }
    await session.drive();
    await session.client.call('runs.rollback', {
      commandId: randomUUID(),
      runId,
      by,
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    });
    const state = await settle(session, runId, DEFAULT_PARK_AFTER_MS);
    const { document } = await snapshot(session, runId);
    const result = resultOf(state, Object.keys(document.steps));
    command.output.result(result, resultText(result, state));
    return 0;
  });
}

function planText({ undo, stays }: RollbackPlan): string {
  if (undo.length + stays.length === 0) return 'This run has changed nothing that would have to be undone.';
  return [
    ...(undo.length > 0 ? ['Would be undone, in this order:'] : []),
    ...undo.map((one, index) => `  ${index + 1}. ${one.target} (${one.step}) by: ${one.undo}`),
    ...(stays.length > 0 ? ['Would stay:'] : []),
    ...stays.map((one) => `  ${one.target} (${one.step}): ${one.why}`),
  ].join('\n');
}
