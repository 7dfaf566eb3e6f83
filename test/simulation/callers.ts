/**
 * Who calls from outside in a simulation: signals that come too early, in time, late, and more than once, as callbacks do.
 * The same signal told twice is one signal.
 */
import type { Engine } from '../../main/runtime/engine.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import type { SimulatedDisk } from './disk.ts';
import type { VirtualTime } from './time.ts';

export interface CallerOptions {
  time: VirtualTime;
  disk: SimulatedDisk;
  draw: () => number;
  engine: () => Engine | undefined;
  isCalm: () => boolean;
}

export const signalNames = ['signal_0', 'signal_1'];

export function simulatedCallers({ time, disk, draw, engine, isCalm }: CallerOptions): void {
  let calls = 0;
  time.after(draw() * 20_000, call);

  function call(): void {
    void ring().finally(() => time.after(isCalm() ? 20_000 : draw() * 40_000, call));
  }

  async function ring(): Promise<void> {
    const runs = (await disk.inner()?.runs({ unfinished: true })) ?? [];
    for (const { runId } of runs) {
      if (!isCalm() && draw() < 0.7) continue;
      const events = await disk.inner()?.events(runId);
      const awaited = Object.values((events && foldRun(events)?.steps) ?? {}).find((step) => step.status === 'signal');
      const name = isCalm() ? awaited?.awaits : signalNames[Math.floor(draw() * signalNames.length)];
      if (name === undefined) continue;
      const id = isCalm() ? `late_${calls}` : `id_${Math.floor(draw() * 10)}`;
      tell(runId, name, id);
      // The one who calls did not hear the answer, and calls again.
      if (draw() < 0.4) time.after(draw() * 10_000, () => tell(runId, name, id));
    }
  }

  function tell(runId: string, name: string, id: string): void {
    calls += 1;
    const said = { commandId: `call-${calls}`, runId, name, id, data: { n: 0.5, confidence: 1 }, by: 'system:caller' };
    // Refused when the run has ended meanwhile or the host goes down; nobody was promised anything.
    engine()
      ?.signalRun(said)
      .catch(() => undefined);
  }
}

/** A signal is kept once and used once, however often it was told. */
export function signalsOf(events: readonly RunEvent[]): string[] {
  const received = new Set<string>();
  const used = new Set<string>();
  return events.flatMap((event) => {
    const of = event.type === 'signal_received' ? received : event.type === 'signal_used' ? used : undefined;
    if (!of || !('id' in event)) return [];
    const isAgain = of.has(event.id);
    of.add(event.id);
    return isAgain ? [`the signal ${event.id} was ${event.type.slice(7)} twice (event ${event.seq})`] : [];
  });
}
