/** `holdfast run FILE` and `holdfast resume`: import, start, drive until the run ends or parks. */
import { randomUUID } from 'node:crypto';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { touches, touchText } from '../../shared/workflow/touches.ts';
import { manifests } from '../steps/index.ts';
import { actorOf } from './actor.ts';
import type { Command } from './command.ts';
import { exitCodeOf, follow, resultOf, resultText, settle } from './drive.ts';
import { readGraph, readJsonArgument } from './graph-file.ts';
import { CliFailure } from './output.ts';
import { once, openSession } from './session.ts';

const MAX_WAITING = 64;
/** As the contract has it. */
const MAX_KEY = 200;

export interface RunFlags {
  input?: string;
  env: string[];
  key?: string;
  trust: boolean;
  allowHost: string[];
  parkAfter: number;
  follow: boolean;
  as?: string;
}

export async function run(command: Command, file: string, flags: RunFlags): Promise<number> {
  const { output } = command;
  const document = await readGraph(command.resolve(file));
  const input = flags.input === undefined ? undefined : await readJsonArgument('--input', flags.input, command.resolve);
  const by = flags.as === undefined ? 'cli' : actorOf(flags.as);
  const env = Object.fromEntries(flags.env.map(readAssignment));
  const hosts = flags.allowHost.map(readHost);
  if (flags.key !== undefined && (flags.key.trim() === '' || flags.key.length > MAX_KEY))
    throw new CliFailure(2, `--key needs 1 to ${MAX_KEY} characters, for example the number of the order.`);
  requireConsent(command, file, document, flags.trust);
  const session = await openSession(command.dataDir, command.openApp);
  try {
    await session.drive();
    for (const host of hosts) await session.client.call('hosts.allow', { commandId: randomUUID(), ...host, by: 'cli' });
    const { runId } = await session.client.call('runs.startDocument', {
      commandId: randomUUID(),
      document,
      by,
      env,
      ...(input === undefined ? {} : { input }),
      ...(flags.key === undefined ? {} : { key: flags.key }),
    });
    const events = flags.follow ? follow(session.client, runId, output) : undefined;
    const state = await settle(session, runId, flags.parkAfter);
    await events?.reached(state.lastSeq);
    events?.stop();
    const result = resultOf(state, Object.keys(document.steps));
    output.result(result, resultText(result, state));
    return exitCodeOf(state);
  } finally {
    await session.close();
  }
}

export async function resume(command: Command, runIds: string[], flags: { parkAfter: number }): Promise<number> {
  const session = await openSession(command.dataDir, command.openApp);
  try {
    const unfinished =
      runIds.length > 0 ? [] : await once(session.client, 'runs.list', { unfinished: true, limit: 100_000 });
    const chosen = runIds.length > 0 ? [...new Set(runIds)] : unfinished.map((one) => one.runId);
    for (const runId of runIds) await once(session.client, 'runs.watch', { runId });
    await session.drive();
    if (chosen.length === 0 && !command.json) command.output.note('Nothing is unfinished.');
    const codes: number[] = [];
    // One connection has a limit of watches, so not all are waited for at once.
    const workers = Array.from({ length: MAX_WAITING }, async () => {
      for (let runId = chosen.shift(); runId !== undefined; runId = chosen.shift()) {
        const state = await settle(session, runId, flags.parkAfter);
        const result = resultOf(state, []);
        const why = result.reason ? ` (${result.reason})` : '';
        command.output.result(result, `${runId}  ${result.state.replace('_', ' ')}${why}  ${state.workflowName}`);
        codes.push(exitCodeOf(state));
      }
    });
    await Promise.all(workers);
    return Math.max(0, ...codes);
  } finally {
    await session.close();
  }
}

/** A file that touches more than the Sandbox runs only when the person says that they trust it. */
export function requireConsent(command: Command, file: string, document: WorkflowDocument, trust: boolean): void {
  const lines = touches(document, manifests).map((touch) => `  ${touchText(touch)}`);
  if (lines.length === 0) return;
  const title = `${file} touches more than the Sandbox:`;
  if (!trust) throw new CliFailure(2, title, [...lines, 'Add --trust to allow it.']);
  command.output.note([title, ...lines].join('\n'));
}

function readAssignment(text: string): [string, unknown] {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(at, 0));
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new CliFailure(2, `--env is written NAME=VALUE, not ${text}.`);
  return [name, text.slice(at + 1)];
}

function readHost(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  const host = text.slice(0, Math.max(at, 0)).replace(/^\[|\]$/g, '');
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new CliFailure(2, `--allow-host is written HOST:PORT, not ${text}.`);
  }
  return { host, port };
}
