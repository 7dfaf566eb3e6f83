/** `holdfast dependencies`: which systems answer, and a person who says that one does again. */
import { randomUUID } from 'node:crypto';
import { actorOf } from './actor.ts';
import type { Command } from './command.ts';
import { time } from './output.ts';
import { once, withSession } from './session.ts';

export function list(command: Command): Promise<number> {
  return withSession(command, async ({ client }) => {
    const dependencies = await once(client, 'dependencies.list', {});
    command.output.list(
      dependencies,
      [
        { title: 'SYSTEM', cell: ({ name }) => name },
        { title: 'STATE', cell: ({ word }) => word.replace('_', ' ') },
        { title: 'NEXT LOOK (UTC)', cell: ({ openUntil }) => (openUntil === undefined ? '' : time(openUntil)) },
        { title: 'WAITING', cell: ({ waiting }) => String(waiting) },
        { title: 'LAST FAILURE', cell: ({ lastError }) => lastError ?? '' },
      ],
      'No system has failed to answer.',
    );
    return 0;
  });
}

export function reset(command: Command, name: string, flags: { as: string }): Promise<number> {
  const by = actorOf(flags.as);
  return withSession(command, async (session) => {
    await session.drive();
    await session.client.call('dependencies.reset', { commandId: randomUUID(), name, by });
    const dependencies = await once(session.client, 'dependencies.list', {});
    command.output.result(
      dependencies.find((dependency) => dependency.name === name),
      `${name} counts as answering; what waited for it goes on.`,
    );
    return 0;
  });
}
