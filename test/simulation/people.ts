/**
 * The people of a simulation: they look into the inbox now and then, answer late, twice, at the same time, or never, and
 * say the truth about what they see in the world. What they were told is done must be on the disk.
 */
import { ApiError } from '../../shared/api/contract.ts';
import type { InboxItem } from '../../shared/api/contract.ts';
import type { Engine } from '../../main/runtime/engine.ts';
import type { DecideTask } from '../../main/runtime/requests.ts';
import type { SimulatedDisk } from './disk.ts';
import type { VirtualTime } from './time.ts';
import { longestWayMs, type SimulatedWorld } from './world.ts';

export interface PeopleOptions {
  time: VirtualTime;
  disk: SimulatedDisk;
  world: SimulatedWorld;
  draw: () => number;
  /** Absent while no host runs. */
  engine: () => Engine | undefined;
  isCalm: () => boolean;
  /** Nobody ever answers; what waits for a person waits for good. */
  areAbsent: boolean;
}

/** Nobody who started a run is among them: some reviews are not for those. */
const names = ['person:grace', 'person:hedy', 'person:joan', 'person:mary'];

export function simulatedPeople(options: PeopleOptions): void {
  const { time, disk, world, draw, isCalm } = options;
  const seenAt = new Map<string, number>();
  /** Sent to a host that died before it answered: sent again with the same id, as a page does that reconnects. */
  const unanswered = new Map<string, DecideTask>();
  let letters = 0;

  if (!options.areAbsent) time.after(draw() * 5_000, look);

  function look(): void {
    void glance().finally(() => time.after(isCalm() ? 5_000 : 1_000 + draw() * 20_000, look));
  }

  async function glance(): Promise<void> {
    for (const [id, letter] of [...unanswered]) {
      unanswered.delete(id);
      if (draw() < 0.7) send(letter);
    }
    const items = (await disk.inner()?.tasks({ state: 'open' })) ?? [];
    for (const item of items) {
      const since = seenAt.get(item.taskId) ?? time.elapsed();
      seenAt.set(item.taskId, since);
      // Whoever says what happened has waited until nothing can be on its way any more.
      const isSure = time.elapsed() - since > longestWayMs;
      if (isSure && (isCalm() || draw() < 0.4)) decide(item);
    }
  }

  function decide(item: InboxItem): void {
    const truth = item.effectKey !== undefined && world.done.has(item.effectKey) ? 'happened' : 'not_happened';
    const lie = truth === 'happened' ? 'not_happened' : 'happened';
    const possible = item.allow.filter((answer) => answer !== lie);
    const calm = possible.find((one) => one === 'approve' || one === truth || (isCalm() && one === 'give_up'));
    const answer = (isCalm() || draw() < 0.5 ? calm : undefined) ?? possible[Math.floor(draw() * possible.length)];
    if (answer === undefined) {
      world.complaints.push(`nothing can be answered to ${item.taskId} (${item.on ?? item.gate ?? ''})`);
      return;
    }
    const fresh = names.filter((name) => !item.approvals?.some((approval) => approval.by === name));
    const by = fresh[Math.floor(draw() * fresh.length)] ?? 'person:grace';
    const value = valueFor(item, answer);
    const said = { runId: item.runId, taskId: item.taskId, answer, by, verified: true, reason: 'Because', value };
    const letter = { ...said, commandId: `letter-${(letters += 1)}` };
    send(letter);
    // A double click, and somebody else at the same moment.
    if (draw() < 0.2) send(letter);
    if (draw() < 0.1) send({ ...letter, commandId: `letter-${(letters += 1)}` });
  }

  function send(letter: DecideTask): void {
    unanswered.set(letter.commandId, letter);
    options
      .engine()
      ?.decideTask(letter)
      .then(
        async () => {
          unanswered.delete(letter.commandId);
          const events = await disk.inner()?.events(letter.runId);
          if (events && !events.some((event) => 'taskId' in event && 'by' in event && event.taskId === letter.taskId))
            world.complaints.push(`${letter.taskId} was acknowledged as decided and the disk does not know it`);
        },
        (error: unknown) => {
          unanswered.delete(letter.commandId);
          // Others were faster, or the host is going down; a plain no to what the inbox offered is a mistake.
          const isNo = error instanceof ApiError && error.code === 'refused';
          // The limit of a day may have been raised from another run meanwhile.
          const isBehind = isNo && letter.answer === 'raise' && error.message.startsWith('The new limit must be');
          if (!isNo || isBehind || error.message.startsWith('The runtime stopped')) return;
          world.complaints.push(`${letter.answer} to ${letter.taskId} failed: ${String(error)}`);
        },
      );
  }
}

/** What goes with an answer: the content a reviewer changed, or the limit that is raised. */
function valueFor(item: InboxItem, answer: string): unknown {
  if (answer === 'raise') return (item.limit?.limit ?? 0) * 2 + 100;
  return item.gate === 'before' ? item.shown : { n: 0.5, confidence: 1 };
}
