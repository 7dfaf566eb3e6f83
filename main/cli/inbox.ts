/**
 * `holdfast inbox`: what waits for a person, and the person's answer. One set of flags serves the three kinds of
 * question; what each flag means for the one at hand is said by `show`.
 */
import { randomUUID } from 'node:crypto';
import type { InboxCard } from '../../shared/api/contract.ts';
import type { TaskAnswer } from '../../shared/run/events.ts';
import { limitValueOf } from '../../shared/run/limits.ts';
import { limitExample } from '../../shared/workflow/describe-limits.ts';
import type { TaskKind, TaskState } from '../../shared/run/state.ts';
import { actorOf } from './actor.ts';
import type { Command } from './command.ts';
import { DEFAULT_PARK_AFTER_MS, resultOf, resultText, settle } from './drive.ts';
import { readJsonArgument } from './graph-file.ts';
import { CliFailure, invocation, money, oneLine, time } from './output.ts';
import { readPin } from './pin.ts';
import { once, openSession } from './session.ts';

export interface DecideFlags {
  approve: boolean;
  edit?: string;
  reject: boolean;
  sendBack: boolean;
  raise?: string;
  rollback: boolean;
  skip?: string;
  pin?: string;
  as: string;
  reason?: string;
}

type Flag = '--approve' | '--edit' | '--reject' | '--send-back' | '--rollback' | '--raise' | '--skip';

const meanings: Record<TaskKind, Partial<Record<Flag, { answer: TaskAnswer; text: string }>>> = {
  review: {
    '--approve': { answer: 'approve', text: 'go on with exactly what is shown' },
    '--edit': { answer: 'edit', text: 'go on with this JSON instead of what is shown' },
    '--reject': { answer: 'reject', text: 'refuse it' },
    '--send-back': { answer: 'send_back', text: 'have it done again, with --reason as the comment' },
  },
  escalation: {
    '--approve': { answer: 'retry', text: 'try the step again' },
    '--reject': { answer: 'give_up', text: 'give the step up' },
    '--rollback': { answer: 'rollback', text: 'undo what the run did' },
    '--skip': { answer: 'skip', text: 'go on with this JSON as the result of the step' },
  },
  in_doubt: {
    '--approve': { answer: 'happened', text: 'it happened' },
    '--edit': { answer: 'happened', text: 'it happened, and this JSON is its result' },
    '--reject': { answer: 'not_happened', text: 'it did not happen: try again' },
    '--rollback': { answer: 'rollback', text: 'undo what the run did' },
  },
};

const limitMeanings: typeof meanings.escalation = {
  '--raise': {
    answer: 'raise',
    text: 'raise the limit to this and go on: money as 1.50, time as 10min, else a whole number',
  },
  '--approve': { answer: 'retry', text: 'let the run go on past this limit' },
  '--reject': { answer: 'give_up', text: 'end the run here' },
  '--skip': { answer: 'skip', text: 'leave the step out, with this JSON as its result' },
};

/** Going on with what cannot be changed any more, where trying again is no answer. */
const acceptMeanings: typeof meanings.escalation = {
  ...meanings.escalation,
  '--approve': { answer: 'accept', text: 'leave it as it is and go on' },
};

const loopMeanings: typeof meanings.escalation = {
  ...meanings.escalation,
  '--approve': { answer: 'retry', text: 'go round once more' },
};

/** The step has a result, or only waits: nothing has to be done again. */
const resultMeanings: typeof meanings.escalation = {
  ...meanings.escalation,
  '--approve': { answer: 'approve', text: 'let it go on as it is' },
  '--send-back': { answer: 'retry', text: 'try the step again' },
};

/** What each flag means for this item. */
function meaningsOf(card: Pick<InboxCard, 'kind' | 'rule' | 'loop' | 'allow' | 'backTo'>): typeof meanings.escalation {
  if (card.backTo !== undefined) {
    const text = `go back to the step ${card.backTo}, with --reason as the comment; what ran since is undone first`;
    return { ...meanings.review, '--send-back': { answer: 'send_back', text } };
  }
  if (card.allow.includes('accept')) return acceptMeanings;
  if (card.loop !== undefined) return loopMeanings;
  if (card.kind === 'escalation' && card.allow.includes('approve')) return resultMeanings;
  return card.rule === undefined ? meanings[card.kind] : limitMeanings;
}

export async function list(command: Command, flags: { all: boolean }): Promise<number> {
  const session = await openSession(command.dataDir, command.openApp);
  try {
    const items = await once(session.client, 'inbox.list', { state: flags.all ? 'all' : 'open' });
    command.output.list(
      items,
      [
        { title: 'TASK', cell: (item) => item.taskId },
        { title: 'WHAT', cell: (item) => `${item.kind.replace('_', ' ')}: ${item.label}` },
        { title: 'OWNER', cell: (item) => item.owner },
        { title: 'WORKFLOW', cell: (item) => item.workflowName },
        { title: 'SINCE (UTC)', cell: (item) => time(item.openedAt) },
        { title: 'DUE (UTC)', cell: (item) => (item.dueAt === undefined ? '' : time(item.dueAt)) },
      ],
      'Nothing waits for a person.',
    );
    return 0;
  } finally {
    await session.close();
  }
}

export async function show(command: Command, taskId: string): Promise<number> {
  const session = await openSession(command.dataDir, command.openApp);
  try {
    const card = await session.client.call('inbox.get', { taskId });
    command.output.result(card, cardText(card));
    return 0;
  } finally {
    await session.close();
  }
}

export async function decide(command: Command, taskId: string, flags: DecideFlags): Promise<number> {
  const by = actorOf(flags.as);
  const flag = chosenFlag(flags);
  const pin = flags.pin === undefined ? undefined : await readPin(flags.pin);
  const given = flags.edit ?? flags.skip;
  const edited = given === undefined ? undefined : await readJsonArgument(flag, given, command.resolve);
  const session = await openSession(command.dataDir, command.openApp);
  try {
    const card = await session.client.call('inbox.get', { taskId });
    const meaning = meaningsOf(card)[flag];
    if (!meaning || !card.allow.includes(meaning.answer)) {
      throw new CliFailure(
        2,
        `${flag} is no answer to this item; possible are ${flagsFor(card)
          .map(([name]) => name)
          .join(', ')}.`,
      );
    }
    const value = flags.raise === undefined ? edited : newLimit(card, flags.raise);
    await session.drive();
    await session.client.call('inbox.decide', {
      commandId: randomUUID(),
      taskId,
      answer: meaning.answer,
      by,
      ...(value === undefined ? {} : { value }),
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
      ...(card.digest === undefined ? {} : { digest: card.digest }),
      ...(pin === undefined ? {} : { pin }),
    });
    // A running host drives the run by itself; alone, nobody else would.
    const parkAfterMs = session.own ? DEFAULT_PARK_AFTER_MS : undefined;
    const state =
      parkAfterMs === undefined
        ? await current(session.client, card.runId)
        : await settle(session, card.runId, parkAfterMs);
    const verified = pin !== undefined;
    const left = approvalsMissing(state.tasks[taskId]);
    const result = { task: taskId, answer: meaning.answer, verified, approvalsLeft: left, ...resultOf(state, []) };
    const said = left > 0 ? `Noted: ${meaning.text}; ${approvals(left)} needed` : `Decided: ${meaning.text}`;
    command.output.result(result, `${said}${verified ? '' : ' (unverified)'}.\n${resultText(result, state)}`);
    return 0;
  } finally {
    await session.close();
  }
}

function newLimit({ limit }: InboxCard, text: string): number {
  const value = limit && limitValueOf(limit, text);
  if (value !== undefined) return value;
  const form = limit ? limitExample(limit.measure) : 'a number';
  throw new CliFailure(2, `--raise needs the new limit: ${form}, not "${oneLine(text)}".`);
}

/** How many people must still approve before the review is decided. */
function approvalsMissing(task: Pick<TaskState, 'quorum' | 'approvals' | 'decision' | 'closedAt'> | undefined): number {
  if (!task || task.decision || task.closedAt !== undefined) return 0;
  return (task.quorum ?? 1) - (task.approvals?.length ?? 0);
}

function approvals(count: number): string {
  return count === 1 ? 'one more approval is' : `${count} more approvals are`;
}

async function current(client: Parameters<typeof once>[0], runId: string) {
  const update = await once(client, 'runs.watch', { runId });
  if (update.type !== 'snapshot') throw new Error('A watch of a run begins with a snapshot.');
  return update.state;
}

function chosenFlag(flags: DecideFlags): Flag {
  const chosen: Flag[] = [];
  if (flags.approve) chosen.push('--approve');
  if (flags.edit !== undefined) chosen.push('--edit');
  if (flags.reject) chosen.push('--reject');
  if (flags.sendBack) chosen.push('--send-back');
  if (flags.rollback) chosen.push('--rollback');
  if (flags.raise !== undefined) chosen.push('--raise');
  if (flags.skip !== undefined) chosen.push('--skip');
  const [flag, ...others] = chosen;
  if (flag && others.length === 0) return flag;
  const known = '--approve, --edit JSON, --reject, --send-back, --rollback, --raise LIMIT and --skip JSON';
  throw new CliFailure(2, `Give exactly one of ${known}.`);
}

function flagsFor(card: InboxCard): [Flag, string][] {
  return (Object.entries(meaningsOf(card)) as [Flag, { answer: TaskAnswer; text: string }][])
    .filter(([, meaning]) => card.allow.includes(meaning.answer))
    .map(([flag, meaning]) => [flag, meaning.text]);
}

function keptOutText(entry: string): string {
  if (entry === 'starter') return 'who started the run';
  return entry.startsWith('step:') ? `who decided on ${entry.slice('step:'.length)}` : entry;
}

function needsPin(card: Pick<InboxCard, 'quorum' | 'notBy'>): boolean {
  return card.quorum !== undefined || card.notBy !== undefined;
}

function cardText(card: InboxCard): string {
  const lines = [
    `${card.label} – ${card.workflowName} (run ${card.runId})`,
    `For ${card.owner}, since ${time(card.openedAt)} UTC${card.dueAt === undefined ? '' : `, due ${time(card.dueAt)} UTC`}. Cost so far ${money(card.costMicros)}.`,
  ];
  if (card.message) lines.push(oneLine(card.message));
  for (const cause of card.causes ?? []) {
    const measured = cause.measured === undefined ? '' : ` ${JSON.stringify(cause.measured)}`;
    const limit = cause.limit === undefined ? '' : `, the limit is ${JSON.stringify(cause.limit)}`;
    lines.push(`Asked because of ${cause.condition}${measured}${limit}.`);
  }
  if (card.quorum !== undefined)
    lines.push(`Needs ${card.quorum} people; ${approvals(approvalsMissing(card))} needed.`);
  for (const { by, reason, verified } of card.approvals ?? [])
    lines.push(`Approved by ${by}${verified ? '' : ' (unverified)'}${reason ? `: ${oneLine(reason)}` : ''}`);
  if (card.notBy) lines.push(`Must not be answered by: ${card.notBy.map(keptOutText).join(', ')}.`);
  if (card.shown !== undefined) lines.push('What is decided on:', JSON.stringify(card.shown, null, 2));
  for (const effect of card.next) {
    lines.push(
      `${effect.maybe ? 'Then, depending on the result' : 'Then'}: ${effect.label} – ${effect.target} (${effect.effect.toLowerCase()})${effect.undo ? `, can be undone by: ${effect.undo}` : ''}`,
    );
  }
  if (card.decision)
    lines.push(
      `Decided by ${card.decision.by}${card.decision.verified === false ? ' (unverified)' : ''}: ${card.decision.answer}${card.decision.reason ? ` – ${oneLine(card.decision.reason)}` : ''}`,
    );
  else
    lines.push(
      `Answer with ${invocation} inbox decide ${card.taskId} --as WHO${needsPin(card) ? ' --pin PIN' : ''} and`,
      ...flagsFor(card).map(([flag, text]) => `  ${flag.padEnd(11)} ${text}`),
    );
  return lines.join('\n');
}
