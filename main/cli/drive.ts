/** Following a run until it has ended or is parked, and the result every driving command prints. */
import type { Client } from '../../shared/api/contract.ts';
import type { RunState } from '../../shared/run/state.ts';
import { invocation, money } from './output.ts';
import type { Output } from './output.ts';
import { once } from './session.ts';
import type { Session } from './session.ts';

export const DEFAULT_PARK_AFTER_MS = 60_000;

export interface RunResult {
  run: string;
  state: string;
  reason: string | null;
  output: unknown;
  costMicros: number;
  steps: Record<string, string>;
}

export function settle(session: Session, runId: string, parkAfterMs: number): Promise<RunState> {
  return Promise.race([once(session.client, 'runs.settled', { runId, parkAfterMs }), session.halted]);
}

export function resultOf(state: RunState, stepIds: readonly string[]): RunResult {
  const steps: Record<string, string> = {};
  for (const id of stepIds) steps[id] = 'pending';
  for (const [key, step] of Object.entries(state.steps)) steps[key] = step.word ?? step.status;
  return {
    run: state.runId,
    state: state.word,
    reason: state.reason ?? null,
    output: state.output ?? null,
    costMicros: state.costMicros,
    steps,
  };
}

export function resultText(result: RunResult, state: RunState): string {
  const open = Object.values(state.tasks).filter((task) => !task.decision && task.closedAt === undefined);
  const lines = [
    `Run ${result.run} is ${result.state.replace('_', ' ')}${result.reason ? ` (${result.reason})` : ''}. Cost ${money(result.costMicros)}.`,
    ...Object.entries(result.steps).map(([step, word]) => `  ${step}: ${word.replace('_', ' ')}`),
    ...open.map((task) => `Waits for ${task.owner}: ${invocation} inbox show ${task.taskId}`),
  ];
  if (result.output !== null) lines.push(`Output: ${JSON.stringify(result.output)}`);
  return lines.join('\n');
}

/** 1 when the run failed or was rolled back; a parked run is no failure. */
export function exitCodeOf(state: Pick<RunState, 'word'>): number {
  return state.word === 'failed' || state.word === 'rolled_back' ? 1 : 0;
}

/** Prints the run's events as JSON lines, those it already has first. `reached` resolves when that event was printed. */
export function follow(
  client: Client,
  runId: string,
  output: Output,
): { reached(seq: number): Promise<void>; stop(): void } {
  let lastSeq = 0;
  let waiting: { seq: number; resolve: () => void } | undefined;
  const stop = client.watch('runs.watch', { runId }, (update) => {
    for (const event of update.events) {
      if (event.seq <= lastSeq) continue;
      lastSeq = event.seq;
      output.line(event);
    }
    if (waiting && lastSeq >= waiting.seq) waiting.resolve();
  });
  return {
    reached: (seq) =>
      new Promise((resolve) => {
        if (lastSeq >= seq) resolve();
        else waiting = { seq, resolve };
      }),
    stop,
  };
}
