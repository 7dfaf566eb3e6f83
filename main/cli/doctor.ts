/** `holdfast doctor`: is the data folder sound, are the projections what the journal says, and a backup. */
import { randomUUID } from 'node:crypto';
import type { Command } from './command.ts';
import { openSession } from './session.ts';

export async function doctor(command: Command, flags: { rebuild: boolean; backup?: string }): Promise<number> {
  const session = await openSession(command.dataDir, command.openApp);
  try {
    const findings = await session.client.call('app.doctor', {
      commandId: randomUUID(),
      rebuild: flags.rebuild,
      ...(flags.backup === undefined ? {} : { backup: command.resolve(flags.backup) }),
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
    if (flags.backup !== undefined && !command.json)
      command.output.note(`Backup written to ${command.resolve(flags.backup)}.`);
    return findings.every((finding) => finding.ok) ? 0 : 1;
  } finally {
    await session.close();
  }
}
