/** `holdfast runs pause | resume | retry | skip`: each is recorded with who and why, then the run is driven on. */
import { randomUUID } from 'node:crypto';
import { actorOf } from './actor.ts';
import type { Command } from './command.ts';
import { DEFAULT_PARK_AFTER_MS, resultOf, resultText, settle } from './drive.ts';
import { readJsonArgument } from './graph-file.ts';
import { snapshot, withSession, type Session } from './session.ts';

interface Who {
  as: string;
  reason?: string;
}

type Said = { commandId: string; runId: string; by: string; reason?: string };

export function pause(command: Command, runId: string, flags: Who): Promise<number> {
  return repair(command, runId, flags, ({ client }, said) => client.call('runs.pause', said));
}

export function resume(command: Command, runId: string, flags: Who): Promise<number> {
  return repair(command, runId, flags, ({ client }, said) => client.call('runs.resume', said));
}

export function retry(command: Command, runId: string, step: string, flags: Who): Promise<number> {
  return repair(command, runId, flags, ({ client }, said) => client.call('runs.retry', { ...said, step }));
}

export async function skip(
  command: Command,
  runId: string,
  step: string,
  flags: Who & { result: string; port?: string[] },
): Promise<number> {
  const output = await readJsonArgument('--result', flags.result, command.resolve);
  const { port: ports } = flags;
  return repair(command, runId, flags, ({ client }, said) =>
    client.call('runs.skip', { ...said, step, output, ...(ports === undefined ? {} : { ports }) }),
  );
}

function repair(
  command: Command,
  runId: string,
  flags: Who,
  ask: (session: Session, said: Said) => Promise<unknown>,
): Promise<number> {
  const said: Said = {
    commandId: randomUUID(),
    runId,
    by: actorOf(flags.as),
    ...(flags.reason === undefined ? {} : { reason: flags.reason }),
  };
  return withSession(command, async (session) => {
    await session.drive();
    await ask(session, said);
    const state = await settle(session, runId, DEFAULT_PARK_AFTER_MS);
    const { document } = await snapshot(session, runId);
    const result = resultOf(state, Object.keys(document.steps));
    command.output.result(result, resultText(result, state));
    return 0;
  });
}
