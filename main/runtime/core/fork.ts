/**
 * A fork: a new run that begins with the results that another one has up to a checkpoint. Decides what is copied, and
 * which changes of that run may happen a second time. Never copies what was undone or has no result; the run that is
 * forked is only read.
 */
import type { Rounds, StepKey } from '../../../shared/run/events.ts';
import type { ForkPlan } from '../../../shared/run/fork-plan.ts';
import { isUndoKey, scopeOfKey, stepIdOf } from '../../../shared/run/keys.ts';
import { loopAt } from '../../../shared/run/rounds.ts';
import { heldSteps, stepOf, type RunState, type StepState } from '../../../shared/run/state.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { Graph } from '../../../shared/workflow/graph.ts';
import { regionsAround } from '../../../shared/workflow/regions.ts';
import { neighbours, reachable } from '../../../shared/workflow/walk.ts';
import { outermost } from './checkpoint.ts';
import type { CopiedStep, Refusal } from './commands.ts';
import { openChanges } from './effects.ts';
import { currentKey } from './instances.ts';
import { deciders } from './reviewers.ts';

export interface Fork {
  plan: Omit<ForkPlan, 'version'>;
  copies: CopiedStep[];
  forkOf: { runId: string; step: StepKey; startedBy: string[]; rounds?: Rounds };
}

/** `step`: the id of a drawn step, in its latest visit; `target`: the graph that the fork goes on in. */
export function planFork(state: RunState, graph: Graph, target: Graph, step: string): Fork | Refusal {
  const refusal = refuseFork(state, graph, step);
  if (refusal) return refusal;
  const before = stepsUpTo(graph, step);
  const own = currentKey(state, '', step);
  const keys = Object.keys(state.steps);
  const reached = keys.indexOf(own);
  // Rounds that were over when the checkpoint was reached are over for the fork as well, whatever was done in them.
  const isPast = (key: StepKey, index: number): boolean => {
    const id = stepIdOf(key);
    const goesRound = regionsAround(graph.loops, step).some(({ body }) => body.has(id));
    return goesRound && index < reached && currentKey(state, '', id) !== key;
  };
  const copied = Object.values(state.steps).filter(
    (one, index) =>
      scopeOfKey(one.key) === '' &&
      !isUndoKey(one.key) &&
      (before.has(stepIdOf(one.key)) || isPast(one.key, index)) &&
      hasResult(one),
  );
  const misfit = refuseMisfits(graph, target, copied) ?? refuseUndone(state, graph, before, copied, step);
  if (misfit) return misfit;
  const done = new Set(copied.map(({ key }) => key));
  const rounds = roundsOf(state, graph, before);
  return {
    plan: { copied: [...done], again: effectsAgain(state, graph, target, done) },
    copies: copied.map((one) => copyOf(state, one)),
    forkOf: {
      runId: state.runId,
      step: own,
      startedBy: [...new Set([...(state.forkOf?.startedBy ?? []), ...(state.startedBy ? [state.startedBy] : [])])],
      ...(rounds ? { rounds } : {}),
    },
  };
}

function refuseFork(state: RunState, graph: Graph, step: string): Refusal | undefined {
  const node = graph.steps.get(step);
  if (!node || node.step.parent !== undefined) {
    const why = node ? 'is inside a container' : 'does not exist';
    return { code: 'not_found', message: `The step "${step}" ${why}; name a checkpointed step of the drawing` };
  }
  const label = labelOf(graph, step);
  if (!node.checkpointed)
    return { code: 'refused', message: `${label} is no checkpoint, so no run can be forked from it` };
  if (state.rollback && !state.end)
    return { code: 'conflict', message: 'The run is being rolled back; fork it when that is done' };
  if (stepOf(state, currentKey(state, '', step))?.status !== 'confirmed')
    return { code: 'conflict', message: `${label} has no saved result in this run that a fork could go on from` };
  return undefined;
}

/** Another graph must have what was done, or nothing would go on from it. */
function refuseMisfits(graph: Graph, target: Graph, copied: readonly StepState[]): Refusal | undefined {
  const ids = [...new Set(copied.map(({ key }) => stepIdOf(key)))];
  const misfits = ids.filter((id) => {
    const found = target.steps.get(id)?.step;
    return found?.kind !== graph.steps.get(id)?.step.kind || found?.parent !== undefined;
  });
  if (misfits.length === 0) return undefined;
  const names = misfits.map((id) => `${labelOf(graph, id)} (${id})`).join(', ');
  return {
    code: 'refused',
    message: `The graph to go on in does not have these steps as they were done, with the same id and kind: ${names}`,
  };
}

/** Its result is not true any more, and doing it again would come after what relied on it. */
function refuseUndone(
  state: RunState,
  graph: Graph,
  before: ReadonlySet<string>,
  copied: readonly StepState[],
  step: string,
): Refusal | undefined {
  const held = heldSteps(state);
  const going = copied.find(({ key }) => held.has(key));
  if (going)
    return { code: 'conflict', message: `What ${going.key} changed is being undone; fork the run when that is done` };
  for (const id of before) {
    if (stepOf(state, currentKey(state, '', id))?.status !== 'rolled_back') continue;
    const message = `${labelOf(graph, id)} comes before ${labelOf(graph, step)} and was undone; fork from a step before it`;
    return { code: 'conflict', message };
  }
  return undefined;
}

/** The step and everything that leads to it without going round. */
function stepsUpTo(graph: Graph, step: string): Set<string> {
  const forward = graph.document.edges
    .filter((edge) => !edge.loop)
    .map((edge) => ({ from: edge.from.step, to: edge.to.step }));
  return reachable(neighbours(forward, 'backward'), [step]).add(step);
}

function hasResult({ status, ports }: StepState): boolean {
  return status === 'confirmed' || (status === 'failed' && ports.length > 0);
}

function copyOf(
  state: RunState,
  { key, output, ports, error, status, byRule, version, config }: StepState,
): CopiedStep {
  const decidedBy = [...deciders(state, stepIdOf(key))];
  const handled = status === 'failed' ? error : undefined;
  return {
    step: key,
    output: output ?? null,
    ports,
    from: { runId: state.runId, step: key },
    ...(version ? { version } : {}),
    ...(config ? { config } : {}),
    ...(handled ? { error: handled } : {}),
    ...(byRule ? { byRule } : {}),
    ...(decidedBy.length > 0 ? { decidedBy } : {}),
  };
}

/** What happened, or may have, and was not undone, of steps that are not copied: the fork may do it once more. */
function effectsAgain(state: RunState, graph: Graph, target: Graph, done: ReadonlySet<StepKey>): ForkPlan['again'] {
  const again: ForkPlan['again'] = [];
  const runsAgain = (key: StepKey): boolean => {
    const id = stepIdOf(key);
    return !done.has(key) && !done.has(currentKey(state, '', outermost(graph, id))) && target.steps.has(id);
  };
  for (const { key: effectKey, step, target: what, status, settledAt, intendedAt } of openChanges(state))
    if (runsAgain(step)) again.push({ effectKey, step, target: what, status, at: settledAt ?? intendedAt });
  // What the run of a workflow inside changed is in that run; it begins anew as a whole.
  for (const { key, child, status, record } of Object.values(state.steps)) {
    if (!child || child.undo || status === 'rolled_back' || !runsAgain(key)) continue;
    const at = Math.max(...record.map((transition) => transition.at));
    const known = status === 'confirmed' ? 'confirmed' : 'intended';
    again.push({ effectKey: child.runId, step: key, target: `all that run ${child.runId} did`, status: known, at });
  }
  return again;
}

/** How far the loops are that the checkpoint, or something before it, is in; a loop inside that comes later begins anew. */
function roundsOf(state: RunState, graph: Graph, before: ReadonlySet<string>): Rounds | undefined {
  const regions = new Set([...before].flatMap((id) => regionsAround(graph.loops, id)));
  if (!state.visits || regions.size === 0) return undefined;
  const bodies = new Set([...regions].flatMap(({ body }) => [...body]));
  const left = [...graph.loops.left].filter(([, of]) => of.some((region) => regions.has(region)));
  const back = [...regions].flatMap((region) => region.back);
  return {
    visits: Object.fromEntries(Object.entries(state.visits).filter(([place]) => bodies.has(place))),
    loops: Object.fromEntries(
      back.flatMap(({ id }) => {
        const loop = loopAt(state, id);
        return loop ? [[id, loop]] : [];
      }),
    ),
    exits: Object.fromEntries(
      left.filter(([{ id }]) => Object.hasOwn({ ...state.exits }, id)).map(([{ id }]) => [id, true as const]),
    ),
  };
}

function labelOf(graph: Graph, id: string): string {
  return `“${stepLabel(graph.document, id)}”`;
}
