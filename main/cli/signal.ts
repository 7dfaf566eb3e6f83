/** `holdfast runs signal`: tells a run something it waits for by name, now or later. */
import { randomUUID } from 'node:crypto';
import { actorOf } from './actor.ts';
import type { Command } from './command.ts';
import { DEFAULT_PARK_AFTER_MS, resultOf, resultText, settle } from './drive.ts';
import { readJsonArgument } from './graph-file.ts';
import { snapshot, withSession } from './session.ts';

export async function signal(
  command: Command,
  runId: string,
  name: string,
  flags: { as: string; value?: string; id?: string },
): Promise<number> {
  const by = actorOf(flags.as);
  const data = flags.value === undefined ? null : await readJsonArgument('--value', flags.value, command.resolve);
  return withSession(command, async (session) => {
    await session.drive();
    await session.client.call('runs.signal', {
      commandId: randomUUID(),
      runId,
      name,
      data,
      by,
      ...(flags.id === undefined ? {} : { id: flags.id }),
    });
    // A running host drives the run by itself; alone, nobody else would.
    if (session.own) await settle(session, runId, DEFAULT_PARK_AFTER_MS);
    const { state, document } = await snapshot(session, runId);
    const result = resultOf(state, Object.keys(document.steps));
    command.output.result({ signal: name, ...result }, `Sent: ${name}.\n${resultText(result, state)}`);
    return 0;
  });
}
