/** The good end of a step: confirmed, unless what it leads to is a round more than its loop may have. */
import type { StepKey } from '../../../shared/run/events.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import { failOrFallBack } from './fallback.ts';
import { loopAtLimit, loopLimitError } from './loops.ts';
import { emit, type Turn } from './turn.ts';

export function confirmStep(turn: Turn, node: GraphStep, key: StepKey, ports: string[], lazy = false): void {
  const edge = loopAtLimit(turn.state, node, key, ({ from }) => ports.includes(from.port));
  if (!edge) {
    emit(turn, { type: 'step_confirmed', step: key, ports }, lazy);
    return;
  }
  const error = loopLimitError(turn.ctx, turn.state, key, edge);
  failOrFallBack(turn, node, key, error, { on: 'loop_limit', message: error.message, happened: false, loop: edge.id });
}
