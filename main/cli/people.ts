/** `holdfast people`: who can be told apart by a PIN. A PIN is never printed, and nothing but its hash is kept. */
import { randomUUID } from 'node:crypto';
import { actorOf } from './actor.ts';
import type { Command } from './command.ts';
import { CliFailure, time } from './output.ts';
import { readPin } from './pin.ts';
import { withSession } from './session.ts';

export function list(command: Command): Promise<number> {
  return withSession(command, async ({ client }) => {
    command.output.list(
      await client.call('people.list', {}),
      [
        { title: 'WHO', cell: (person) => person.who },
        { title: 'ROLES', cell: (person) => person.roles.join(', ') },
        { title: 'PIN SET (UTC)', cell: (person) => time(person.setAt) },
      ],
      'Nobody has a PIN yet.',
    );
    return 0;
  });
}

export async function setPin(
  command: Command,
  name: string,
  flags: { pin?: string; current?: string; role?: string[] },
): Promise<number> {
  const who = actorOf(name);
  const pin = await readPin(flags.pin ?? '-');
  if (pin.length < 4) throw new CliFailure(2, 'A PIN needs at least 4 characters.');
  const roles = flags.role?.map((role) => (role.startsWith('role:') ? role : `role:${role}`));
  return withSession(command, async ({ client }) => {
    await client.call('people.setPin', {
      commandId: randomUUID(),
      who,
      pin,
      ...(flags.current === undefined ? {} : { current: flags.current }),
      ...(roles === undefined ? {} : { roles }),
    });
    command.output.result({ who }, `${who} has a PIN now.`);
    return 0;
  });
}

export function remove(command: Command, name: string): Promise<number> {
  const who = actorOf(name);
  return withSession(command, async ({ client }) => {
    await client.call('people.remove', { commandId: randomUUID(), who });
    command.output.result({ who }, `${who} has no PIN any more.`);
    return 0;
  });
}
