/** Who acts: `person:ada` and `role:finance-lead` as they are, a bare name is a person. */
import { CliFailure } from './output.ts';

export function actorOf(who: string): string {
  const name = who.trim();
  if (name === '' || name.length > 90)
    throw new CliFailure(2, '--as needs a name, for example person:ada or role:finance-lead.');
  return /^(role|person):\S/.test(name) ? name : `person:${name}`;
}
