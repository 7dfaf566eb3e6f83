/** Who acts: `person:ada` and `role:finance-lead` as they are, a bare name is a person. */
import { CliFailure } from './output.ts';

export function actorOf(who: string): string {
  const name = who.trim();
  if (name === '' || name.length > 90)
    throw new CliFailure(2, '--as needs a name, for example person:ada or role:finance-lead.');
  // oxlint-disable-next-line no-control-regex -- a name is shown on terminals and kept for the audit
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name) || /^(role|person):\s*$/.test(name))
    throw new CliFailure(2, '--as needs a readable name, for example person:ada or role:finance-lead.');
  return /^(role|person):/.test(name) ? name : `person:${name}`;
}
