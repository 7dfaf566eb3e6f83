/** `holdfast doctor`: is the data folder sound, are the projections what the journal says, and a backup. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from './command.ts';
import { CliFailure } from './output.ts';
import { openSession } from './session.ts';

export async function doctor(command: Command, flags: { rebuild: boolean; backup?: string }): Promise<number> {
  const backup = flags.backup === undefined ? undefined : command.resolve(flags.backup);
  if (backup !== undefined) requirePlace(backup);
  const session = await openSession(command.dataDir, command.openApp);
  try {
    const findings = await session.client.call('app.doctor', {
      commandId: randomUUID(),
      rebuild: flags.rebuild,
      ...(backup === undefined ? {} : { backup }),
    });
    command.output.list(
      findings,
      [
        { title: '', cell: (finding) => (finding.ok ? 'ok' : 'BAD') },
        { title: 'CHECK', cell: (finding) => finding.check.replace('_', ' ') },
        { title: 'FINDING', cell: (finding) => finding.message },
      ],
      'Nothing was checked.',
    );
    return findings.every((finding) => finding.ok) ? 0 : 1;
  } finally {
    await session.close();
  }
}

/** What the person can correct is refused before anything is checked. */
function requirePlace(backup: string): void {
  if (existsSync(backup))
    throw new CliFailure(2, `${backup} exists already and is not overwritten; name another file with --backup.`);
  const folder = path.dirname(backup);
  if (!existsSync(folder))
    throw new CliFailure(2, `There is no folder ${folder}; make it first, or name another file.`);
}
