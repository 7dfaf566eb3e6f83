/**
 * `holdfast runs fork`: first what is copied and what may happen a second time, then – with `--yes` where there is
 * something of that – the new run, driven until it ends or parks. The run that is forked is never changed.
 */
import { randomUUID } from 'node:crypto';
import type { ForkPlan } from '../../shared/run/fork-plan.ts';
import { actorOf } from './actor.ts';
import type { Command } from './command.ts';
import { DEFAULT_PARK_AFTER_MS, exitCodeOf, resultOf, resultText, settle } from './drive.ts';
import { readGraph, readJsonArgument } from './graph-file.ts';
import { CliFailure, oneLine, time } from './output.ts';
import { requireConsent } from './run.ts';
import { snapshot, withSession } from './session.ts';

export interface ForkFlags {
  file?: string;
  draft?: boolean;
  input?: string;
  plan?: boolean;
  yes?: boolean;
  trust?: boolean;
  as: string;
  reason?: string;
}

export async function fork(command: Command, runId: string, step: string, flags: ForkFlags): Promise<number> {
  const by = actorOf(flags.as);
  if (flags.file !== undefined && flags.draft)
    throw new CliFailure(2, 'Take --file or --draft; the fork can go on in one graph only.');
  const document = flags.file === undefined ? undefined : await readGraph(command.resolve(flags.file));
  const input = flags.input === undefined ? undefined : await readJsonArgument('--input', flags.input, command.resolve);
  const target = { runId, step, ...(flags.draft ? { draft: true } : {}) };
  const given = document === undefined ? {} : { document };
  if (document && !flags.plan) requireConsent(command, String(flags.file), document, flags.trust === true);
  return withSession(command, async (session) => {
    const { client } = session;
    const plan = await client.call('runs.forkPlan', { ...target, ...given });
    if (flags.plan) {
      command.output.result({ run: runId, step, ...plan }, planLines(runId, plan).join('\n'));
      return 0;
    }
    if (plan.again.length > 0 && !flags.yes) {
      const title = `A fork from ${step} may do again what run ${runId} did:`;
      throw new CliFailure(2, title, [...againLines(plan), 'Add --yes to fork it all the same.']);
    }
    await session.drive();
    const start = {
      ...target,
      commandId: randomUUID(),
      by,
      accepts: plan.again.map(({ effectKey }) => effectKey),
      ...(input === undefined ? {} : { input }),
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    };
    const isTrusted = document !== undefined || flags.trust === true;
    const fresh = isTrusted
      ? await client.call('runs.forkDocument', { ...start, ...given })
      : await client.call('runs.fork', start);
    const state = await settle(session, fresh.runId, DEFAULT_PARK_AFTER_MS);
    const forked = await snapshot(session, fresh.runId);
    const result = resultOf(state, Object.keys(forked.document.steps));
    command.output.result({ ...result, forkOf: { run: runId, step } }, resultText(result, state));
    return exitCodeOf(state);
  });
}

function planLines(runId: string, plan: ForkPlan): string[] {
  return [
    `Copied and not done again: ${plan.copied.join(', ')}.`,
    ...(plan.again.length === 0
      ? ['Nothing that the run did would be done again.']
      : ['May be done again:', ...againLines(plan)]),
    `What the copied steps changed belongs to run ${runId}: rolling the fork back does not undo it.`,
  ];
}

function againLines({ again }: ForkPlan): string[] {
  return again.map(
    ({ target, step, status, at }) => `  ${oneLine(target)} (${step}), ${status.replace('_', ' ')} ${time(at)} UTC`,
  );
}
