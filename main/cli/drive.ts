/** Following a run until it has ended or is parked, and the result every driving command prints. */
import type { Client } from '../../shared/api/contract.ts';
import { everyStep } from '../../shared/run/aside.ts';
import { stepIdOf } from '../../shared/run/keys.ts';
import { stepOf, type RunState } from '../../shared/run/state.ts';
import { invocation, money, oneLine } from './output.ts';
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
  const reached = everyStep(state).map(({ key }) => key);
  const keys = reached.sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  // In the order of the drawing, a step's rounds and items behind each other.
  for (const id of stepIds) {
    const own = keys.filter((key) => stepIdOf(key) === id);
    if (own.length === 0) steps[id] = 'pending';
    for (const key of own) steps[key] = wordOf(state, key);
  }
  for (const key of keys) steps[key] ??= wordOf(state, key);
  return {
    run: state.runId,
    state: state.word,
    reason: state.reason ?? null,
    output: state.output ?? null,
    costMicros: state.costMicros,
    steps,
  };
}

function wordOf(state: RunState, key: string): string {
  const step = stepOf(state, key);
  return step?.word ?? step?.status ?? 'pending';
}

/** Items of a map beyond this many are counted by their state. */
const LISTED = 12;

/** `each[3]/send: failed`, or of many items `send, 97 items: confirmed`. */
function stepLines(steps: RunResult['steps']): string[] {
  const items = new Map<string, number>();
  for (const [key, word] of Object.entries(steps)) {
    const name = `${stepIdOf(key)} ${word}`;
    if (key.includes('/')) items.set(name, (items.get(name) ?? 0) + 1);
  }
  const told = new Set<string>();
  return Object.entries(steps).flatMap(([key, word]) => {
    const name = `${stepIdOf(key)} ${word}`;
    const count = key.includes('/') ? (items.get(name) ?? 0) : 0;
    if (count <= LISTED) return [`  ${key}: ${spaced(word)}`];
    if (told.has(name)) return [];
    told.add(name);
    return [`  ${stepIdOf(key)}, ${count} items: ${spaced(word)}`];
  });
}

function spaced(word: string): string {
  return word.replace(/_/g, ' ');
}

/** What the run waits for besides people, and how to say it to the run. */
function signalLines(state: RunState): string[] {
  return Object.values(state.steps).flatMap(({ key, status, awaits }) =>
    status === 'signal' && awaits !== undefined
      ? [
          `Waits for the signal "${oneLine(awaits)}" (${key}): ${invocation} runs signal ${state.runId} ${JSON.stringify(oneLine(awaits))} --as WHO`,
        ]
      : [],
  );
}

export function resultText(result: RunResult, state: RunState): string {
  const open = Object.values(state.tasks).filter((task) => !task.decision && task.closedAt === undefined);
  const lines = [
    `Run ${result.run} is ${spaced(result.state)}${result.reason ? ` (${spaced(result.reason)})` : ''}. Cost ${money(result.costMicros)}.`,
    ...stepLines(result.steps),
    ...signalLines(state),
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
