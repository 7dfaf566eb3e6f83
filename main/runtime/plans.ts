/**
 * What a rollback or a fork would do, planned over what is on disk: the run is read and never touched. Nothing that
 * happened may happen a second time in a fork unless whoever asks has seen it.
 */
import { ApiError } from '../../shared/api/contract.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import type { ForkPlan } from '../../shared/run/fork-plan.ts';
import type { RollbackPlan } from '../../shared/run/rollback-plan.ts';
import type { Graph } from '../../shared/workflow/graph.ts';
import type { Store } from '../store/port.ts';
import { refuseCheckpoint } from './core/checkpoint.ts';
import type { Command } from './core/commands.ts';
import { planFork, type Fork } from './core/fork.ts';
import { planRollback } from './core/rollback.ts';
import type { StartRun } from './requests.ts';

interface Source {
  store: Pick<Store, 'events'>;
  graphOf(version: string): Promise<Graph>;
}

/** Undefined when there is no such run. Throws `ApiError` when it cannot go back to the step `to`. */
export async function rollbackOf(
  { store, graphOf }: Source,
  runId: string,
  to: string | undefined,
): Promise<RollbackPlan | undefined> {
  const state = foldRun(await store.events(runId));
  if (!state) return undefined;
  const graph = await graphOf(state.version);
  const refusal = to === undefined ? undefined : refuseCheckpoint(state, graph, to);
  if (refusal) throw new ApiError(refusal.code, `${refusal.message}.`);
  return planRollback(state, graph, to);
}

/** Throws `ApiError` (`not_found`, `refused`, `conflict`) when the run cannot be forked there. */
export async function forkFrom({ store, graphOf }: Source, runId: string, step: string, target: Graph): Promise<Fork> {
  const state = foldRun(await store.events(runId));
  if (!state) throw new ApiError('not_found', `There is no run ${runId} in this data folder`);
  const fork = planFork(state, await graphOf(state.version), target, step);
  if ('code' in fork) throw new ApiError(fork.code, `${fork.message}.`);
  return fork;
}

/** What the start of a fork carries. Throws `ApiError` (`refused`) when it would repeat what nobody accepted. */
export async function forkedStart(
  source: Source,
  { runId, step, reason, accepts = [] }: NonNullable<StartRun['fork']>,
  target: Graph,
): Promise<Pick<Extract<Command, { type: 'start_run' }>, 'forkOf' | 'copies'>> {
  const { plan, forkOf, copies } = await forkFrom(source, runId, step, target);
  const unseen = plan.again.filter(({ effectKey }) => !accepts.includes(effectKey));
  if (unseen.length > 0) throw new ApiError('refused', againSentence(unseen), '/accepts');
  return { forkOf: { ...forkOf, ...(reason === undefined ? {} : { reason }) }, copies };
}

function againSentence(again: ForkPlan['again']): string {
  const what = again.map(({ target, step }) => `${target} (${step})`).join(', ');
  return `The fork may do again what that run did: ${what}. Look at the plan and accept it.`;
}
