/**
 * Keeps runs and the runs inside them together: a child that a parent waits for is there, knows what is wanted of it,
 * and its parent knows how it is. Everything may be asked again after a crash: starting, cancelling and rolling back are
 * deduplicated by command ids that follow from the parent, and the parent ignores what it knows already.
 */
import { ApiError } from '../../shared/api/contract.ts';
import type { RunState, StepState } from '../../shared/run/state.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import type { Checked, Command } from './core/commands.ts';
import { errorOfChild, orderOfChild, stepOfChild } from './core/children.ts';

export interface ChildrenOptions {
  stateOf(runId: string): Promise<RunState | undefined>;
  version(digest: string): Promise<WorkflowDocument | undefined>;
  /** Throws `ApiError` when the run refuses. */
  post(runId: string, command: Command, commandId?: string): Promise<void>;
  /** Starts the run unless it is there. */
  start(runId: string, version: string, document: WorkflowDocument, command: Command): Promise<void>;
  check(parent: RunState, step: string, output: unknown): Promise<Checked>;
  failed(error: unknown): void;
}

export interface Children {
  /** Sees to the child of this step; asked after every turn of the parent. */
  tend(parent: RunState, step: StepState): void;
  /** Something happened in a run: its parent is told when that concerns it. */
  report(child: RunState): void;
}

export function createChildren({ stateOf, version, post, start, check, failed }: ChildrenOptions): Children {
  /** What this life has seen to already. */
  const tended = new Set<string>();
  const told = new Map<string, string>();

  /** A refusal means that the run is already where it was asked to go. */
  async function ask(runId: string, command: Command, commandId?: string): Promise<void> {
    await post(runId, command, commandId).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.code === 'closed') throw error;
    });
  }

  async function see(parent: RunState, step: StepState, order: ReturnType<typeof orderOfChild>): Promise<void> {
    const { child } = step;
    if (!child) return;
    const name = `${parent.runId}/${step.key}/${step.attempts.length}`;
    if (order === 'rollback') {
      await ask(child.runId, { type: 'rollback_run', by: `run:${parent.runId}` }, `rollback ${name}`);
    } else {
      const document = await version(child.version);
      if (!document) {
        const message = 'The version of the workflow that this step runs is not in this data folder';
        const error = { class: 'code' as const, code: 'unknown_workflow', message };
        const outcome = { ok: false as const, error, sent: false };
        await ask(parent.runId, { type: 'finish_child', runId: child.runId, outcome, openEffects: 0, checked: {} });
        return;
      }
      await start(child.runId, child.version, document, startOf(parent, step, child.version, document));
      if (order === 'cancel')
        await ask(child.runId, { type: 'cancel_run', by: `run:${parent.runId}` }, `cancel ${name}`);
    }
    const state = await stateOf(child.runId);
    if (state) await tell(state);
  }

  async function tell(child: RunState): Promise<void> {
    const { runId, parent: link, word, reason } = child;
    const parent = link && (await stateOf(link.runId));
    const step = parent && stepOfChild(parent, runId);
    if (!parent || !step) return;
    if (!child.end) {
      if (word !== 'started' && word !== 'waiting' && word !== 'escalated') return;
      if (step.child?.word === word && step.child.reason === reason) return;
      await ask(parent.runId, { type: 'change_child', runId, word, ...(reason === undefined ? {} : { reason }) });
      return;
    }
    const isUndo = step.child?.undo === true;
    // It is still asked to turn back.
    if (isUndo && !child.rollback) return;
    const isWell = child.end === (isUndo ? 'rolled_back' : 'complete');
    const output = isUndo ? null : (child.output ?? null);
    const spent = isUndo ? {} : { costMicros: child.costMicros, usage: child.usage };
    await ask(parent.runId, {
      type: 'finish_child',
      runId,
      outcome: isWell
        ? { ok: true, output, ...spent }
        : { ok: false, error: errorOfChild(child), sent: true, ...spent },
      openEffects: child.openEffects,
      checked: isWell ? await check(parent, step.key, output) : {},
    });
  }

  return {
    tend(parent, step) {
      const order = orderOfChild(parent, step.key);
      const name = `${parent.runId}/${step.key}/${step.attempts.length}/${order}`;
      if (tended.has(name)) return;
      tended.add(name);
      see(parent, step, order).catch(failed);
    },
    report(child) {
      if (!child.parent) return;
      const now = `${child.end ?? ''} ${child.word} ${child.reason ?? ''}`;
      if (told.get(child.runId) === now) return;
      if (child.end) told.delete(child.runId);
      else told.set(child.runId, now);
      tell(child).catch(failed);
    },
  };
}

function startOf(parent: RunState, step: StepState, version: string, document: WorkflowDocument): Command {
  return {
    type: 'start_run',
    workflowId: document.id,
    workflowName: document.name,
    version,
    owner: document.owner ?? parent.owner,
    input: step.config?.['input'] ?? {},
    env: parent.env,
    by: `run:${parent.runId}`,
    parent: { runId: parent.runId, step: step.key },
    ...(parent.pins ? { pins: parent.pins } : {}),
  };
}
