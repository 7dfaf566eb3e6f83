/**
 * Reviews that need several people, or keep some out (four eyes). Names alone prove nothing, so only a person who gave
 * their PIN counts here: whoever else answers is refused with what is missing. Each person counts once, and what they
 * approved is what was shown: an edit begins the count anew.
 */
import type { Actor } from '../../../shared/run/events.ts';
import { stepIdOf } from '../../../shared/run/keys.ts';
import type { RunState, TaskState } from '../../../shared/run/state.ts';
import type { Step } from '../../../shared/workflow/document.ts';
import type { Command, Refusal } from './commands.ts';

type Decide = Extract<Command, { type: 'decide_task' }>;

/** A review that one unverified answer cannot end. */
export function needsProof({
  quorum = 1,
  notBy = [],
}: {
  quorum?: number | undefined;
  notBy?: string[] | undefined;
}): boolean {
  return quorum > 1 || notBy.length > 0;
}

/** A result that is given for the step would pass over the people who have to review it. */
export function isSkippable({ gates }: Pick<Step, 'gates'>): boolean {
  return ![gates?.before, gates?.after].some((gate) => gate && needsProof(gate));
}

export function refuseReviewer(state: RunState, task: TaskState, command: Decide): Refusal | undefined {
  if (!needsProof(task)) return undefined;
  const { by } = command;
  if (!command.verified) {
    const why = (task.quorum ?? 1) > 1 ? `needs ${task.quorum} people` : 'keeps some people out';
    return { code: 'refused', message: `This review ${why}, so ${by} must answer with their PIN; nothing was decided` };
  }
  for (const entry of task.notBy ?? []) {
    const who = keptOut(state, entry, command);
    if (who !== undefined) return { code: 'refused', message: `${by} ${who}, so somebody else must answer this` };
  }
  const isSecondTime = task.approvals?.some((approval) => approval.by === by);
  if (command.answer === 'approve' && isSecondTime) {
    return { code: 'conflict', message: `${by} has approved this already; ${missing(task)} from somebody else` };
  }
  return undefined;
}

/** Approvals still to come, this one counted in: 1 means that it ends the review. */
export function approvalsLeft({ quorum = 1, approvals = [] }: TaskState): number {
  return quorum - approvals.length;
}

function missing(task: TaskState): string {
  const left = approvalsLeft(task);
  return left === 1 ? 'one more approval is needed' : `${left} more approvals are needed`;
}

/** Why this entry keeps the person out, or undefined when it does not. */
function keptOut(state: RunState, entry: string, { by, roles = [] }: Decide): string | undefined {
  if (entry === 'starter') {
    if (state.startedBy === by) return 'started the run';
    return state.forkOf?.startedBy.includes(by) ? 'started the run that this one was forked from' : undefined;
  }
  if (entry.startsWith('step:')) {
    const id = entry.slice('step:'.length);
    return deciders(state, id).has(by) ? `decided on the step ${id}` : undefined;
  }
  return entry === by || roles.includes(entry) ? `must not review this (${entry})` : undefined;
}

/** Whoever said what happens with this step, here or where it was copied from: reviews, escalations, effects in doubt. */
export function deciders(state: RunState, id: string): Set<Actor> {
  const copied = Object.values(state.steps).filter(({ key }) => stepIdOf(key) === id);
  const who = new Set<Actor>(copied.flatMap((step) => step.copied?.decidedBy ?? []));
  for (const task of Object.values(state.tasks)) {
    if (stepIdOf(task.step) !== id) continue;
    if (task.decision) who.add(task.decision.by);
    for (const { by } of task.approvals ?? []) who.add(by);
  }
  return who;
}
