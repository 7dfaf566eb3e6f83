/** `holdfast people` in --help: who can be told apart by a PIN. */
import type { Command as Commander } from 'commander';
import { collect, type AddCommand, type CommonFlags } from './flags.ts';

export function addPeople(program: Commander, add: AddCommand): void {
  const people = program.command('people').description('who can prove who they are, with a PIN');
  add(people, 'list', 'people with a PIN', async (command) => (await import('./people.ts')).list(command));
  add<CommonFlags & { pin?: string; current?: string; role?: string[] }>(
    people,
    'set-pin <who>',
    'give a person a PIN, or another one; reviews by several people need it',
    async (command, [who], flags) => (await import('./people.ts')).setPin(command, String(who), flags),
  )
    .option('--pin <pin>', 'the PIN (default: the first line of the input)')
    .option('--current <pin>', 'the PIN the person has, to change it')
    .option('--role <name>', 'a role of the person, which reviews may keep out; may be repeated', collect);
  add(people, 'remove <who>', 'take the PIN away, for example when it is forgotten', async (command, [who]) =>
    (await import('./people.ts')).remove(command, String(who)),
  );
}
