/**
 * The beginning of a step that runs another workflow: which run does its work. The id follows from the announced effect,
 * so that a recovery finds the same run and a retry after a failure is another one.
 */
import type { StepKey } from '../../../shared/run/events.ts';
import { isUndoKey } from '../../../shared/run/keys.ts';
import { changeToUndo } from '../../../shared/run/state.ts';
import { refOf } from '../../../shared/workflow/children.ts';
import type { GraphStep } from '../../../shared/workflow/graph.ts';
import { emit, stepState, type Turn } from './turn.ts';

/** Called once the effect is announced. What undoes the step is a task for the run that did it. */
export function startChild(turn: Turn, node: GraphStep, step: StepKey, effectKey: string): void {
  const { attempts } = stepState(turn, step);
  const begun = { type: 'child_started', step, attempt: attempts.length } as const;
  if (isUndoKey(step)) {
    const { run } = (changeToUndo(turn.state, step)?.response ?? {}) as { run?: string };
    emit(turn, { ...begun, childId: run ?? '', version: '', undo: true });
    return;
  }
  const ref = refOf(node.step);
  const failed = attempts.filter(({ outcome }) => outcome === 'failed').length;
  const childId = `run_${turn.ctx.digest(`child\n${effectKey}\n${failed}`).slice(0, 20)}`;
  emit(turn, { ...begun, childId, version: ref.digest ?? turn.state.pins?.[ref.id] ?? '' });
}
