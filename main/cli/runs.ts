/** `holdfast runs` and `holdfast ledger`: what happened, what is going on, and an end to it. */
import { randomUUID } from 'node:crypto';
import type { Limit } from '../../shared/run/limits.ts';
import type { RunState } from '../../shared/run/state.ts';
import { amountText, limitName } from '../../shared/workflow/describe-limits.ts';
import { stepLabel } from '../../shared/workflow/describe.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { actorOf } from './actor.ts';
import type { Command } from './command.ts';
import { DEFAULT_PARK_AFTER_MS, follow, resultOf, resultText, settle } from './drive.ts';
import { money, time } from './output.ts';
import { once, snapshot, withSession } from './session.ts';

export function list(command: Command, flags: { workflow?: string; limit: number }): Promise<number> {
  return withSession(command, async ({ client }) => {
    const runs = await once(client, 'runs.list', {
      limit: flags.limit,
      ...(flags.workflow === undefined ? {} : { workflowId: flags.workflow }),
    });
    command.output.list(
      runs,
      [
        { title: 'RUN', cell: (run) => run.runId },
        { title: 'STATE', cell: (run) => `${run.word}${run.reason ? ` (${run.reason})` : ''}`.replace(/_/g, ' ') },
        { title: 'WORKFLOW', cell: (run) => run.workflowName },
        { title: 'STARTED (UTC)', cell: (run) => time(run.startedAt) },
        { title: 'COST', cell: (run) => money(run.costMicros) },
        { title: 'OPEN', cell: (run) => String(run.openTasks) },
      ],
      'There are no runs.',
    );
    return 0;
  });
}

export function show(command: Command, runId: string): Promise<number> {
  return withSession(command, async (session) => {
    const { state, document } = await snapshot(session, runId);
    const result = resultOf(state, Object.keys(document.steps));
    const limits = (await session.client.call('runs.limits', { runId })).map((limit) => ({
      ...limit,
      over: Math.max(0, limit.used + limit.reserved - limit.limit),
    }));
    const more = {
      workflow: state.workflowId,
      name: state.workflowName,
      version: state.version,
      forkOf: state.forkOf ? { run: state.forkOf.runId, step: state.forkOf.step } : null,
      startedAt: state.startedAt,
      endedAt: state.endedAt ?? null,
      input: state.input,
      openEffects: state.openEffects,
      reserved: state.reserved ?? null,
      limits,
      tasks: Object.values(state.tasks),
      reads: Object.values(state.steps).flatMap(({ key, version }) => (version ? [{ step: key, ...version }] : [])),
      basedOn: Object.values(state.effects).flatMap(({ step, key, status, basedOn }) =>
        basedOn ? [{ step, effectKey: key, status, reads: basedOn }] : [],
      ),
    };
    command.output.result(
      { ...result, ...more },
      `${state.workflowName}, started ${time(state.startedAt)} UTC${originText(state)}\n${[resultText(result, state), ...limits.map((limit) => limitText(document, limit))].join('\n')}`,
    );
    return 0;
  });
}

function originText({ forkOf, steps }: RunState): string {
  if (!forkOf) return '';
  const copied = Object.values(steps).flatMap((step) => (step.copied ? [step.key] : []));
  return `\nForked from run ${forkOf.runId} after ${forkOf.step}; copied from there: ${copied.join(', ')}.`;
}

function limitText(document: WorkflowDocument, found: Limit & { over: number }): string {
  const { measure, limit, used, reserved, over, step } = found;
  const amount = (value: number): string =>
    measure === 'costMicros' ? money(value) : measure === 'wallMs' ? amountText(measure, value) : String(value);
  const held = reserved === 0 ? '' : `, ${amount(reserved)} held for calls`;
  const above = over === 0 ? '' : `, ${amount(over)} over`;
  const name = limitName(found, step === undefined ? '' : stepLabel(document, step));
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${amount(used)} of ${amount(limit)}${held}${above}`;
}

export function events(command: Command, runId: string, flags: { follow: boolean }): Promise<number> {
  return withSession(command, async (session) => {
    if (flags.follow) {
      await session.drive();
      const following = follow(session.client, runId, command.output);
      const state = await settle(session, runId, DEFAULT_PARK_AFTER_MS);
      await following.reached(state.lastSeq);
      following.stop();
      return 0;
    }
    const update = await snapshot(session, runId);
    command.output.list(
      update.events,
      [
        { title: 'SEQ', cell: (event) => String(event.seq) },
        { title: 'TIME (UTC)', cell: (event) => time(event.at) },
        { title: 'EVENT', cell: (event) => event.type },
        { title: 'STEP', cell: (event) => ('step' in event ? (event.step ?? '') : '') },
      ],
      'There are no events.',
    );
    return 0;
  });
}

export function cancel(command: Command, runId: string, flags: { as: string; reason?: string }): Promise<number> {
  const by = actorOf(flags.as);
  return withSession(command, async (session) => {
    await session.drive();
    await session.client.call('runs.cancel', {
      commandId: randomUUID(),
      runId,
      by,
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    });
    const { state, document } = await snapshot(session, runId);
    const result = resultOf(state, Object.keys(document.steps));
    command.output.result(result, resultText(result, state));
    return 0;
  });
}

export function ledger(command: Command, runId: string | undefined): Promise<number> {
  return withSession(command, async (session) => {
    if (runId !== undefined) await snapshot(session, runId);
    const rows = await once(session.client, 'ledger.list', runId === undefined ? {} : { runId });
    command.output.list(
      rows,
      [
        { title: 'STATE', cell: (row) => row.status.replace('_', ' ') },
        { title: 'EFFECT', cell: (row) => row.target },
        { title: 'STEP', cell: (row) => row.step },
        { title: 'ATTEMPTS', cell: (row) => String(row.attempts) },
        { title: 'INTENDED (UTC)', cell: (row) => time(row.intendedAt) },
        { title: 'RUN', cell: (row) => row.runId },
      ],
      'No effects yet.',
    );
    return 0;
  });
}
