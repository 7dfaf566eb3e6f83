/**
 * Results that people give instead of a step's own: an edit in a review, or the result of a step that is skipped. What
 * comes after the step relies on the shape it promises and on the paths it has, whoever wrote the result.
 */
import { ApiError } from '../../shared/api/contract.ts';
import type { StepKey } from '../../shared/run/events.ts';
import { stepOf, taskOf, type RunState } from '../../shared/run/state.ts';
import { nodeOf, type Graph } from '../../shared/workflow/graph.ts';
import { portNames } from '../../shared/workflow/ports.ts';
import type { StepKind } from '../steps/kind.ts';
import type { DecideTask } from './requests.ts';

export interface Supplied {
  step: StepKey;
  output: unknown;
  /** The paths that are taken; by default the step's `out`. */
  ports?: string[] | undefined;
}

type Kinds = ReadonlyMap<string, StepKind>;

/** Throws `ApiError` (`refused`) when the value does not have the shape that the step promises. */
export function requireShape(state: RunState, graph: Graph, kinds: Kinds, { step: key, output }: Supplied): void {
  const node = nodeOf(graph, key);
  const config = stepOf(state, key)?.config ?? node?.step.config ?? {};
  const misfit = node && kinds.get(node.step.kind)?.checkOutput?.(config, output);
  if (misfit !== undefined) throw new ApiError('refused', misfit);
}

/** The paths a supplied result goes on along; throws `ApiError` (`refused`) when the step has none of that name. */
export function portsOf(graph: Graph, kinds: Kinds, { step: key, ports }: Supplied): string[] {
  const node = nodeOf(graph, key);
  if (!node) return ports ?? ['out'];
  const possible = portNames(node.step, kinds.get(node.step.kind)?.manifest).filter(
    (port) => port !== 'failed' && port !== 'rejected',
  );
  const chosen = ports ?? ['out'];
  const wrong = chosen.find((port) => !possible.includes(port));
  if (wrong === undefined) return chosen;
  const what = ports ? `Step ${key} has no path "${wrong}"` : `Say along which path of ${key} the run goes on`;
  throw new ApiError('refused', `${what}; possible: ${possible.join(', ')}`, '/ports');
}

/** The step that an answer with a result is about; undefined when the answer is about a request, or has no result. */
export function suppliedBy(state: RunState, { taskId, answer, value, ports }: DecideTask): Supplied | undefined {
  const task = taskOf(state, taskId);
  if (!task || value === undefined || (answer === 'edit' && task.gate !== 'after')) return undefined;
  return { step: task.step, output: value, ports: answer === 'skip' ? ports : [] };
}
