/** The commands by which a map goes on, with the values they need: an item that has ended, and the map itself. */
import { itemScope } from '../../shared/run/aside.ts';
import type { StepKey } from '../../shared/run/events.ts';
import { stepOf, type RunState } from '../../shared/run/state.ts';
import { nodeOf, type Graph } from '../../shared/workflow/graph.ts';
import type { Command } from './core/commands.ts';
import { mapResult } from './core/maps.ts';
import { resolve } from './expressions.ts';
import { checkOutput, scopeAt } from './prepare.ts';

/** The command that ends an item whose steps have all ended. */
export async function prepareItem(state: RunState, key: StepKey, index: number, graph: Graph): Promise<Command> {
  const result = nodeOf(graph, key)?.step.config['result'];
  const command = { type: 'end_item' as const, step: key, index };
  if (result === undefined) return { ...command, result: { ok: true } };
  const resolved = await resolve({ result }, scopeAt(state, itemScope(key, index)));
  if (!resolved.ok) return { ...command, result: { ok: false, error: resolved.error } };
  return { ...command, result: { ok: true, value: resolved.config['result'] } };
}

/** The command that ends a map whose items have all ended. */
export async function prepareClose(state: RunState, key: StepKey, graph: Graph): Promise<Command> {
  const step = stepOf(state, key);
  const output = step && mapResult(state, step).output;
  return { type: 'close_map', step: key, checked: await checkOutput(state, key, output, graph) };
}
