/** `holdfast runs rollback`: first what would be undone, then – without `--plan` – the undoing, driven to its end. */
import { randomUUID } from 'node:crypto';
import type { RollbackPlan } from '../../shared/run/rollback-plan.ts';
import { actorOf } from './actor.ts';
import type { Command } from './command.ts';
import { DEFAULT_PARK_AFTER_MS, resultOf, resultText, settle } from './drive.ts';
import { CliFailure } from './output.ts';
import { snapshot, withSession } from './session.ts';

export function rollback(
  command: Command,
  runId: string,
  flags: { plan?: boolean; as: string; reason?: string; to?: string; resume?: boolean },
): Promise<number> {
  const by = actorOf(flags.as);
  const to = flags.to === undefined ? {} : { to: flags.to };
  if (flags.resume && flags.to === undefined) throw new CliFailure(2, '--resume belongs to --to STEP.');
  if (flags.to !== undefined && !flags.resume && !flags.plan)
    throw new CliFailure(
      2,
      'What ran after the step is undone and runs again at once: look with --plan, then say so with --resume.',
    );
  return withSession(command, async (session) => {
    if (flags.plan) {
      const plan = await session.client.call('runs.rollbackPlan', { runId, ...to });
      command.output.result({ run: runId, ...plan }, planText(plan));
      return 0;
    }
    await session.drive();
    await session.client.call('runs.rollback', {
      commandId: randomUUID(),
      runId,
      by,
      ...to,
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    });
    const state = await settle(session, runId, DEFAULT_PARK_AFTER_MS);
    const { document } = await snapshot(session, runId);
    const result = resultOf(state, Object.keys(document.steps));
    command.output.result(result, resultText(result, state));
    return 0;
  });
}

function planText({ undo, stays, again = [] }: RollbackPlan): string {
  if (undo.length + stays.length + again.length === 0)
    return 'This run has changed nothing that would have to be undone.';
  return [
    ...(undo.length > 0 ? ['Would be undone, in this order:'] : []),
    ...undo.map((one, index) => `  ${index + 1}. ${one.target} (${one.step}) by: ${one.undo}`),
    ...(stays.length > 0 ? ['Would stay:'] : []),
    ...stays.map((one) => `  ${one.target} (${one.step}): ${one.why}`),
    ...(again.length > 0 ? [`Would run again: ${again.join(', ')}.`] : []),
  ].join('\n');
}
