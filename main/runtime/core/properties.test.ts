/**
 * What must hold for every graph and every fate: random graphs, outcomes, crashes, timers, decisions and cancels, with
 * the invariants checked after every turn. fast-check prints the seed and the smallest case of a failure.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { always, deepFreeze, live, type Life } from '../../../test/harness/fates.ts';
import { transientErrors, type ErrorClass } from '../../../shared/run/errors.ts';
import { evolve } from '../../../shared/run/evolve.ts';
import { taskAnswers, type RunEvent } from '../../../shared/run/events.ts';
import { isUndoKey, placeOf, scopeOfKey, stepIdOf } from '../../../shared/run/keys.ts';
import { stepOf, type RunState } from '../../../shared/run/state.ts';
import { changesTheWorld } from '../../../shared/steps/effect.ts';
import type { Edge } from '../../../shared/workflow/document.ts';
import { arrivingAt, nodeOf, type Instance } from '../../../shared/workflow/graph.ts';
import { neededBy } from '../../../shared/workflow/joins.ts';
import type { Command } from './commands.ts';
import { decide } from './decide.ts';
import { due } from './due.ts';
import { rootInstances } from './instances.ts';
import { hasEnded } from './paths.ts';

const patient = { timeout: 3_600_000 };

const eventsOf = (life: Life): RunEvent[] => life.log.flatMap((entry) => ('event' in entry ? [entry.event] : []));

/** Cheap where it holds, readable where it does not. */
function same(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
}

test(
  'every run comes to an end; its journal has no gap and folds to the state in memory',
  patient,
  always((graph, seed) => {
    const { core } = live(graph, seed, (life) => {
      const seqs = life.core.events().map((event) => event.seq);
      same(
        seqs,
        seqs.map((_, index) => index + 1),
      );
    });
    expect(core.buffer()).toEqual([]);
    let state: RunState | undefined;
    for (const event of core.journal()) state = deepFreeze(evolve(state, event));
    same(state, core.state());
    expect(state?.savedSeq).toBe(core.journal().length);
  }),
);

test(
  'the same seed gives the same history',
  patient,
  always((graph, seed) => {
    same(live(graph, seed).core.journal(), live(graph, seed).core.journal());
  }),
);

test(
  'what is due does not depend on how often it is asked, and a turn leaves nothing to begin',
  patient,
  always((graph, seed) => {
    live(graph, seed, ({ core }) => {
      const found = due(core.state(), core.now(), graph);
      same(due(core.state(), core.now(), graph), found);
      const running = Object.values(core.state().steps).filter((step) => step.status === 'running');
      const sorted = (tasks: readonly object[]): string[] => tasks.map((task) => JSON.stringify(task)).toSorted();
      same(
        sorted(found.tasks),
        sorted(running.map((step) => ({ type: 'execute', step: step.key, attempt: step.attempts.length }))),
      );
      expect(core.state().active).toBe(running.length);
    });
  }),
);

test(
  'the ledger tells the truth about the world, and only what is safe to repeat is repeated',
  patient,
  always((graph, seed) => {
    const life = live(graph, seed);
    for (const effect of Object.values(life.core.state().effects)) {
      const times = life.done.get(effect.key) ?? 0;
      expect(times).toBeLessThanOrEqual(1);
      if (effect.status === 'confirmed') expect(times).toBe(1);
      if (effect.status === 'rolled_back') expect(times === 1 || life.partly.has(effect.key)).toBe(true);
      if (effect.status === 'partly_applied') expect(life.partly).toContain(effect.key);
      if (effect.status === 'failed') expect(times).toBe(0);
      // An ended run has an answer for every effect, or says that it has none.
      expect(effect.status).not.toBe('intended');
    }
    for (const key of life.done.keys()) expect(life.core.state().effects).toHaveProperty(key);
  }),
);

test(
  'of equal changes that stand, all but one were let pass by a person',
  patient,
  always((graph, seed) => {
    live(graph, seed, ({ core }) => {
      const passed = new Set<string>();
      for (const { duplicate, decision } of Object.values(core.state().tasks))
        if (duplicate && decision?.answer === 'retry') passed.add(duplicate.as);
      const standing = new Map<string, number>();
      for (const { key, target, requestDigest, status, undoes } of Object.values(core.state().effects)) {
        if (undoes !== undefined || status === 'failed' || status === 'rolled_back' || passed.has(key)) continue;
        const what = `${target} ${requestDigest}`;
        standing.set(what, (standing.get(what) ?? 0) + 1);
      }
      for (const times of standing.values()) expect(times).toBe(1);
    });
  }),
);

const saidNo: readonly ErrorClass[] = ['refused', 'rate_limited', 'stale'];

test(
  'no effect is called before its intent is durable, and `once` never again without a clear no',
  patient,
  always((graph, seed) => {
    const { log } = live(graph, seed, ({ core }) => {
      expect(core.buffer().filter((event) => event.type === 'effect_intended')).toEqual([]);
    });
    const intended = new Set<string>();
    const mayCall = new Map<string, boolean>();
    for (const entry of log) {
      if ('event' in entry) {
        const { event } = entry;
        if (event.type === 'effect_intended') intended.add(`${event.key}/${event.attempt}`);
        if (event.type === 'effect_failed' && (!event.sent || saidNo.includes(event.error.class)))
          mayCall.set(event.key, true);
        if (event.type === 'effect_settled') mayCall.set(event.key, !event.happened);
        // A person may have the rest of a compensation done.
        if (event.type === 'effect_partly_applied' && isUndoKey(event.step)) mayCall.set(event.key, true);
        continue;
      }
      const { step, attempt, key } = entry.call;
      const effect = nodeOf(graph, step)?.effect ?? 'once';
      expect(key !== undefined).toBe(changesTheWorld(effect));
      if (key === undefined) continue;
      expect(intended).toContain(`${key}/${attempt}`);
      if (effect === 'once') expect(mayCall.get(key) ?? true).toBe(true);
      mayCall.set(key, false);
    }
  }),
);

test(
  'one generation has one key and one request; only a send back, or the next change to undo, raises it',
  patient,
  always((graph, seed) => {
    const keys = new Map<string, string>();
    const generations = new Map<string, number>();
    for (const event of eventsOf(live(graph, seed))) {
      if (event.type === 'gate_decided' && event.answer === 'send_back')
        generations.set(event.step, (generations.get(event.step) ?? 1) + 1);
      if (event.type === 'step_confirmed' && isUndoKey(event.step))
        generations.set(event.step, (generations.get(event.step) ?? 1) + 1);
      if (event.type !== 'effect_intended') continue;
      expect(event.generation).toBe(generations.get(event.step) ?? 1);
      const place = `${event.step}/${event.generation}`;
      expect('request' in event).toBe(!keys.has(place));
      expect(keys.get(place) ?? event.key).toBe(event.key);
      keys.set(place, event.key);
    }
    expect(new Set(keys.values()).size).toBe(keys.size);
  }),
);

test(
  'a step begins or is skipped when all paths to it are settled, and never again once it ended',
  patient,
  always((graph, seed) => {
    const ended = new Map<string, RunEvent>();
    const begun = new Set<string>();
    const visits = new Map<string, number>();
    /** Edges that left a loop in an earlier round, and steps that were skipped because a loop was over. */
    const left = new Set<string>();
    const skippedAfter = new Map<string, string[]>();
    const lost = new Set<string>();
    /** First steps of loops, in the rounds that an edge led back to. */
    const ledBack = new Set<string>();
    let hasFailed = false;
    let hasTurnedBack = false;
    const now = (scope: string, id: string): string => {
      const place = placeOf(scope, id);
      return visits.has(place) ? `${place}#${visits.get(place)}` : place;
    };
    const leads = (scope: string, edge: Edge): boolean =>
      left.has(placeOf(scope, edge.id)) || isTaken(edge, ended.get(now(scope, edge.from.step)));
    const needs = (id: string): number => neededBy(graph.document.steps[id] ?? {});
    const arrived = (scope: string, id: string): number =>
      arrivingAt(graph, id).filter((edge) => leads(scope, edge)).length;
    /** What leads to nothing but a join that goes on without it. */
    const hasLost = (scope: string, id: string): boolean =>
      [...graph.races].some(([join, losers]) => {
        const isOver = arrivingAt(graph, join).every((edge) => ended.has(now(scope, edge.from.step)));
        return losers.has(id) && (arrived(scope, join) >= needs(join) || (isOver && arrived(scope, join) > 0));
      });
    for (const event of eventsOf(live(graph, seed))) {
      if (event.type === 'rollback_started') hasTurnedBack = true;
      if (event.type === 'undo_ordered') for (const key of event.steps) lost.add(key);
      if (!('step' in event) || event.step === undefined || isUndoKey(event.step)) continue;
      if (hasTurnedBack) {
        expect(['attempt_started', 'step_skipped', 'gate_opened', 'loop_taken']).not.toContain(event.type);
        continue;
      }
      if (event.type === 'loop_taken') {
        const body = Object.keys(event.visits);
        const scope = scopeOfKey(event.step);
        const source = nodeOf(graph, event.step);
        const back = source?.outgoing.find((edge) => edge.id === event.edge);
        expect(back && leads(scope, back) && body.includes(placeOf(scope, back.to.step))).toBe(true);
        for (const place of body) {
          const key = now(scope, stepIdOf(place));
          // Everything that is repeated has ended, and what waited for the loop to be over still waits.
          expect(ended.has(key)).toBe(true);
          expect(event.visits[place]).toBe((visits.get(place) ?? 1) + 1);
          for (const after of skippedAfter.get(key) ?? []) expect(body.map(stepIdOf)).toContain(stepIdOf(after));
        }
        for (const edge of graph.document.edges.filter(({ from }) => body.includes(placeOf(scope, from.step)))) {
          if (body.includes(placeOf(scope, edge.to.step))) left.delete(placeOf(scope, edge.id));
          else if (leads(scope, edge)) left.add(placeOf(scope, edge.id));
        }
        for (const place of body) visits.set(place, event.visits[place] ?? 0);
        if (back) ledBack.add(now(scope, back.to.step));
        continue;
      }
      if (event.type === 'attempt_started' || event.type === 'map_opened' || event.type === 'step_skipped') {
        const id = stepIdOf(event.step);
        const scope = scopeOfKey(event.step);
        expect(ended.has(event.step)).toBe(false);
        expect(event.step).toBe(now(scope, id));
        const incoming = arrivingAt(graph, id);
        if (event.type !== 'step_skipped') {
          // All its paths are settled, or as many were taken as it needs.
          const open = incoming.filter((edge) => !leads(scope, edge) && !ended.has(now(scope, edge.from.step)));
          expect(open.length === 0 || arrived(scope, id) >= needs(id)).toBe(true);
          expect(incoming.length === 0 || arrived(scope, id) > 0 || ledBack.has(event.step)).toBe(true);
        } else if (!hasLost(scope, id) && !lost.has(event.step)) {
          expect(incoming.filter((edge) => leads(scope, edge) || !ended.has(now(scope, edge.from.step)))).toEqual([]);
          for (const edge of incoming) {
            const from = now(scope, edge.from.step);
            skippedAfter.set(from, [...(skippedAfter.get(from) ?? []), event.step]);
          }
        }
        // Nothing new begins once a step has failed for good; what a join let go of is left out whenever that is settled.
        const isLetGo = event.type === 'step_skipped' && lost.has(event.step);
        if (!begun.has(event.step) && !isLetGo) expect(hasFailed).toBe(false);
        begun.add(event.step);
      }
      if (event.type === 'run_reopened') {
        for (const [key, end] of ended) if (end.type === 'step_failed' && end.ports.length === 0) ended.delete(key);
        hasFailed = false;
      }
      const isEnd = ['step_confirmed', 'step_skipped', 'step_failed', 'step_supplied'].includes(event.type);
      if (isEnd) {
        expect(ended.get(event.step)).toBeUndefined();
        ended.set(event.step, event);
      }
      if (event.type === 'step_failed' && event.ports.length === 0 && !event.tolerated) hasFailed = true;
    }
  }),
);

test(
  'a loop goes round at most as often as it may for each time it is entered, and as people allow',
  patient,
  always((graph, seed) => {
    const rounds = new Map<string, number>();
    const allowed = new Map<string, number>();
    const tasks = new Map<string, string>();
    for (const event of eventsOf(live(graph, seed))) {
      if (event.type === 'escalation_opened' && event.loop !== undefined)
        tasks.set(event.taskId, placeOf(scopeOfKey(event.step), event.loop));
      if (event.type === 'escalation_decided' && event.answer === 'retry') {
        const loop = tasks.get(event.taskId);
        if (loop !== undefined) allowed.set(loop, (allowed.get(loop) ?? 0) + 1);
      }
      if (event.type !== 'loop_taken') continue;
      const placed = (id: string): string => placeOf(scopeOfKey(event.step), id);
      for (const id of event.restarts ?? []) {
        rounds.delete(placed(id));
        allowed.delete(placed(id));
      }
      rounds.set(placed(event.edge), (rounds.get(placed(event.edge)) ?? 1) + 1);
      expect(event.iteration).toBe(rounds.get(placed(event.edge)));
      const limit = graph.document.edges.find(({ id }) => id === event.edge)?.loop?.maxIterations ?? 0;
      expect(event.iteration).toBeLessThanOrEqual(limit + (allowed.get(placed(event.edge)) ?? 0));
    }
  }),
);

/** The rule of the document, written a second time. */
function isTaken(edge: Edge, end: RunEvent | undefined): boolean {
  if (end?.type === 'step_confirmed' || end?.type === 'step_supplied') return end.ports.includes(edge.from.port);
  if (end?.type !== 'step_failed' || !end.ports.includes(edge.from.port)) return false;
  if (end.byRule) return true;
  const { class: errorClass, code } = end.error;
  const names: string[] = [errorClass, `${errorClass}:${code}`, ...(transientErrors.includes(errorClass) ? ['*'] : [])];
  return edge.onErrors === undefined || edge.onErrors.some((pattern) => names.includes(pattern));
}

test(
  'retries stay within their counters and the budget of the run',
  patient,
  always((graph, seed) => {
    const used = new Map<string, number>();
    const lastError = new Map<string, ErrorClass>();
    const failed = new Set<string>();
    let total = 0;
    for (const event of eventsOf(live(graph, seed))) {
      // A new rollback, and the next change of the same step, begin their compensations anew.
      if (event.type === 'rollback_started')
        for (const place of used.keys()) if (isUndoKey(place.split('/')[0] ?? '')) used.delete(place);
      if (event.type === 'run_reopened')
        for (const place of used.keys()) if (failed.has(place.split('/')[0] ?? '')) used.delete(place);
      if (event.type === 'step_failed') failed.add(event.step);
      if (event.type === 'attempt_started') failed.delete(event.step);
      const isReset =
        event.type === 'escalation_decided' ||
        (event.type === 'gate_decided' && event.answer === 'send_back') ||
        (event.type === 'step_confirmed' && isUndoKey(event.step));
      if (isReset) for (const place of used.keys()) if (place.startsWith(`${event.step}/`)) used.delete(place);
      if (event.type === 'attempt_failed') lastError.set(event.step, event.error.class);
      if (event.type !== 'retry_scheduled') continue;
      if (nodeOf(graph, event.step)?.effect === 'once') expect(lastError.get(event.step)).toBe('not_sent');
      // Undoing is exempt from the budgets of going forward.
      if (!isUndoKey(event.step)) total += 1;
      const place = `${event.step}/${event.retrier}`;
      used.set(place, (used.get(place) ?? 0) + 1);
      const limit = nodeOf(graph, event.step)?.step.retry?.retriers[event.retrier]?.maxRetries ?? 0;
      expect(used.get(place)).toBeLessThanOrEqual(limit);
      expect(event.dueAt).toBe(event.at + event.delayMs);
      expect(event.delayMs).toBeGreaterThanOrEqual(0);
    }
    const budget = graph.document.settings?.budget?.retries;
    if (budget !== undefined) expect(total).toBeLessThanOrEqual(budget);
  }),
);

test(
  'the word is the last one of its record, and complete means that nothing is open',
  patient,
  always((graph, seed) => {
    const life = live(graph, seed, ({ core }) => {
      const { word, record, steps } = core.state();
      expect(record.at(-1)?.word).toBe(word);
      for (const step of Object.values(steps)) {
        if (step.word === undefined) expect(['skipped', 'pending']).toContain(step.status);
        else expect(step.record.at(-1)?.word).toBe(step.word);
      }
    });
    const { end, word, tasks, effects, steps, record } = life.core.state();
    expect(word).toBe(end);
    expect(record[0]?.word).toBe('started');
    expect(Object.values(tasks).filter((task) => !task.decision && task.closedAt === undefined)).toEqual([]);
    expect(
      Object.values(steps).filter((step) => !['confirmed', 'skipped', 'failed', 'rolled_back'].includes(step.status)),
    ).toEqual([]);
    if (end !== 'complete') return;
    expect(record.map((one) => one.word).slice(-2)).toEqual(['confirmed', 'complete']);
    expect(
      Object.values(effects).filter(
        ({ status, undoes }) => !undoes && (status === 'in_doubt' || status === 'intended'),
      ),
    ).toEqual([]);
    // Nobody was passed over, except where the result was given, the wait ended, or the run had ended once.
    const lost = new Set(life.core.events().flatMap((event) => (event.type === 'undo_ordered' ? event.steps : [])));
    const passedOver = Object.values(tasks).filter(
      (task) =>
        !task.decision && !task.isWait && !lost.has(task.step) && !stepOf(life.core.state(), task.step)?.supplied,
    );
    if (!life.core.types().includes('run_reopened')) expect(passedOver).toEqual([]);
    const isEnded = ({ key }: Instance): boolean => hasEnded(stepOf(life.core.state(), key));
    expect(rootInstances(life.core.state(), graph).filter((one) => !isEnded(one))).toEqual([]);
  }),
);

test(
  'a command at the wrong moment is refused or obeyed, and never throws',
  patient,
  always((graph, seed) => {
    const life = live(graph, seed, ({ core }) => {
      const pick = core.state().lastSeq;
      const step = `s${pick % 13}`;
      const error = { class: 'code' as const, message: 'No' };
      const commands: Command[] = [
        { type: 'begin_attempt', step, prepared: { config: {} } },
        { type: 'refuse_attempt', step, error },
        { type: 'finish_attempt', step, attempt: pick % 3, outcome: { ok: true, output: 1 }, checked: {} },
        { type: 'fire_timer', step, checked: {} },
        { type: 'begin_attempt', step: `${step}!undo`, prepared: { config: {} } },
        { type: 'refuse_attempt', step: `${step}!undo`, error },
        {
          type: 'finish_attempt',
          step: `${step}!undo`,
          attempt: pick % 3,
          outcome: { ok: true, output: 1 },
          checked: {},
        },
        { type: 'pause_run', by: 'x' },
        { type: 'resume_run', by: 'x' },
        { type: 'retry_step', step, by: 'x' },
        { type: 'skip_step', step, by: 'x', output: 1, ports: ['out'] },
        { type: 'cancel_run', by: 'x' },
        { type: 'rollback_run', by: 'x' },
        { type: 'escalate_task', taskId: `task_${pick % 5}` },
        { type: 'recover' },
        {
          type: 'decide_task',
          taskId: pick % 2 ? `task_${pick % 5}` : 'constructor',
          answer: taskAnswers[pick % taskAnswers.length] ?? 'approve',
          by: 'x',
        },
      ];
      for (const command of commands) {
        const before = core.state();
        const decision = decide(before, command, core.context());
        if (!decision.ok) expect(decision.refusal.message).not.toBe('');
        else expect(decision.state.lastSeq).toBe(before.lastSeq + decision.events.length);
        expect(core.state()).toBe(before);
      }
    });
    expect(life.core.state().end).toBeDefined();
  }),
);
