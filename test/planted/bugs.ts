/**
 * Mistakes that somebody could make tomorrow, each as a small change of the source, with the cheapest test that must
 * notice it. A list of what the other tests are for: when one of these goes unnoticed, a promise is not tested.
 */

export type Catcher =
  /** At most so many seeds of the simulation, from the first until one breaks a rule. */
  | { simulation: number }
  /** A suite of vitest, its files, and optionally the names of its tests. */
  | { suite: string; files: string[]; named?: string };

export interface PlantedBug {
  /** What it breaks. */
  name: string;
  file: string;
  find: string;
  replace: string;
  caughtBy: Catcher;
  /** Planted in `npm test` too; the others on every push. */
  quick?: true;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'the call does not wait until its intent is on the disk',
    file: 'main/runtime/committer.ts',
    find: 'waiting.push({ append, resolve, reject });',
    replace: 'resolve(), waiting.push({ append, resolve, reject });',
    caughtBy: { simulation: 20 },
    quick: true,
  },
  {
    name: 'an intent may wait in the buffer like a calculation',
    file: 'main/runtime/core/turn.ts',
    find: '...(lazy ? { lazy: true } : {}),',
    replace: "...(lazy || body.type === 'effect_intended' || body.type === 'attempt_started' ? { lazy: true } : {}),",
    caughtBy: { simulation: 200 },
  },
  {
    name: 'a commit that is acknowledged may be lost with the power',
    file: 'main/store/pragmas.ts',
    find: "{ name: 'synchronous', word: 'FULL', value: 2 }",
    replace: "{ name: 'synchronous', word: 'NORMAL', value: 1 }",
    caughtBy: { suite: 'store', files: ['better-sqlite3'], named: 'hold after writes' },
  },
  {
    name: 'two processes may own the data folder',
    file: 'main/workspace/lease.ts',
    find: "database.exec('BEGIN EXCLUSIVE')",
    replace: "database.exec('BEGIN')",
    caughtBy: { suite: 'unit', files: ['main/workspace/lease.test.ts'] },
    quick: true,
  },
  {
    name: 'a retry is sent without its key',
    file: 'main/runtime/run-actor.ts',
    find: '...(announced ? { key: effectKey } : {}),',
    replace: '...(announced && attempt === 1 ? { key: effectKey } : {}),',
    caughtBy: { simulation: 120 },
  },
  {
    name: 'a retry is a new change with a new key',
    file: 'shared/run/evolve.ts',
    find: "return { ...step, status: 'retry', dueAt: event.dueAt,",
    replace: "return { ...step, status: 'retry', generation: step.generation + 1, dueAt: event.dueAt,",
    caughtBy: { simulation: 120 },
  },
  {
    name: 'an outcome that arrives during a write calls its step again',
    file: 'main/runtime/run-actor.ts',
    find: "    shared.faults.hit('before_outcome', { runId, step: key });\n",
    replace: "    shared.faults.hit('before_outcome', { runId, step: key });\n    running.delete(key);\n",
    caughtBy: { suite: 'unit', files: ['main/runtime/run-actor.test.ts'] },
    quick: true,
  },
  {
    name: 'timers fire before their time',
    file: 'main/runtime/core/due.ts',
    find: 'if (step.dueAt > now) return',
    replace: 'if (step.dueAt > now + 1_000) return',
    caughtBy: { simulation: 120 },
  },
  {
    name: 'an item goes up the whole ladder at once after a sleep',
    file: 'main/runtime/core/ladder.ts',
    find: 'dueAt: turn.ctx.now + next.dueMs',
    replace: 'dueAt: task.openedAt + next.dueMs',
    caughtBy: { suite: 'unit', files: ['main/runtime/core/ladder.test.ts'] },
  },
  {
    name: 'nothing is recovered when a host starts',
    file: 'main/runtime/core/decide.ts',
    find: "    if (step.status !== 'running') continue;\n    emit(turn, { type: 'attempt_abandoned'",
    replace: "    if (step.status === 'running') continue;\n    emit(turn, { type: 'attempt_abandoned'",
    caughtBy: { suite: 'unit', files: ['main/runtime/core/effects.test.ts', 'main/runtime/core/decide.test.ts'] },
  },
  {
    name: 'what happens once is repeated after a crash',
    file: 'main/runtime/core/decide.ts',
    find: '!effect || findsOut(turn, effect)) continue;',
    replace: '!effect || !turn.state.cancelling) continue;',
    caughtBy: { simulation: 120 },
  },
  {
    name: 'what happens once is retried after a timeout',
    file: 'main/runtime/core/effects.ts',
    find: "if (findsOut(turn, effect)) return 'repeatable';",
    replace: "if (!turn.state.cancelling) return 'repeatable';",
    caughtBy: { simulation: 120 },
  },
  {
    name: 'a target is not asked before a change is made again',
    file: 'main/runtime/run-actor.ts',
    find: '...(probe ? { probe } : {}),',
    replace: '',
    caughtBy: { simulation: 120 },
  },
  {
    name: 'the first no of a target counts while the lost request is still on its way',
    file: 'main/runtime/probe.ts',
    find: 'await wait(probe.settleMs);',
    replace: 'void wait;',
    caughtBy: { suite: 'unit', files: ['main/runtime/probe.engine.test.ts'] },
  },
  {
    name: 'a no to a second attempt counts for the first one too',
    file: 'main/runtime/core/effects.ts',
    find: ' && !effect.mayHaveHappened',
    replace: '',
    caughtBy: { suite: 'unit', files: ['main/runtime/core/effects.test.ts', 'main/runtime/core/properties.test.ts'] },
  },
  {
    name: 'what was done first is undone first',
    file: 'main/runtime/core/undo.ts',
    find: 'settledSeq ?? 0;',
    replace: '-(settledSeq ?? 0);',
    caughtBy: { suite: 'unit', files: ['main/runtime/core/rollback.properties.test.ts'] },
  },
  {
    name: 'budgets are not looked at',
    file: 'main/runtime/core/attempt.ts',
    find: 'const crossed = isAnnounced || isUndoKey(key) ?',
    replace: 'const crossed = key ?',
    caughtBy: { suite: 'unit', files: ['main/runtime/core/limits.test.ts'] },
  },
  {
    name: 'a second decision replaces the first',
    file: 'main/runtime/core/task.ts',
    find: '  if (task.decision) {',
    replace: '  if (task.decision && task.closedAt) {',
    caughtBy: { suite: 'unit', files: ['main/runtime/core/gate.test.ts'] },
  },
  {
    name: 'a row of the ledger is not written when its undoing is',
    file: 'main/store/projections.ts',
    find: '.add(undoneBy(event.step))',
    replace: '',
    caughtBy: { simulation: 120 },
  },
  {
    name: 'the journal takes an event twice',
    file: 'main/store/journal.ts',
    find: 'if (seq !== end.lastSeq + 1)',
    replace: 'if (seq > end.lastSeq + 1)',
    caughtBy: { suite: 'store', files: ['better-sqlite3'], named: 'refuses an event that is stored already' },
  },
];
