/**
 * People who step in at any moment of a random life: they pause and resume, try again, and give results themselves.
 * What they may not do is refused with a sentence; what they may do must leave every invariant standing.
 */
import type { Command } from '../../main/runtime/core/commands.ts';
import type { Graph } from '../../shared/workflow/graph.ts';
import type { Core } from './core.ts';

const said = { by: 'person:ada', reason: 'Because' };

/** One of them, by chance; a refusal must say why. */
export function meddle(core: Core, graph: Graph, draw: () => number): void {
  const ids = [...graph.steps.keys()];
  const step = ids[Math.floor(draw() * ids.length)] ?? '';
  const commands: Command[] = [
    { type: 'pause_run', ...said },
    { type: 'resume_run', ...said },
    { type: 'retry_step', step, ...said },
    { type: 'skip_step', step, output: { given: true }, ports: ['out'], ...said },
  ];
  const command = commands[Math.floor(draw() * commands.length)];
  const refusal = command && core.turn(command);
  if (refusal?.message === '') throw new Error(`${command?.type} was refused without a word`);
}

/** Tries again from a step that ended the run, when there is one that may. */
export function retryFailed(core: Core): boolean {
  const failed = Object.values(core.state().steps).filter((step) => step.status === 'failed');
  return failed.some(({ key }) => core.turn({ type: 'retry_step', step: key, ...said }) === undefined);
}
