/** Forks: what is copied up to a checkpoint, what may happen a second time, and what a fork is refused for. */
import { describe, expect, test } from 'vitest';
import { coreDriver, failure, ok, type Core, type CoreOptions } from '../../../test/harness/core.ts';
import { documentOf, effectStep, graphOf, step } from '../../../test/harness/graph.ts';
import { compileGraph, type Graph } from '../../../shared/workflow/graph.ts';
import { foldRun } from '../../../shared/run/evolve.ts';
import type { RunState } from '../../../shared/run/state.ts';
import type { Refusal } from './commands.ts';
import { planFork, type Fork } from './fork.ts';

const undoable = effectStep('idempotent', { compensate: { kind: 'test', config: {}, effect: 'idempotent' } });

/** read → decide → pay → tell, and a note beside them. */
const graph = graphOf(
  {
    read: step(),
    decide: step({ checkpoint: true }),
    pay: undoable,
    tell: effectStep('once'),
    note: effectStep('once'),
  },
  [
    ['read', 'decide'],
    ['decide', 'pay'],
    ['pay', 'tell'],
  ],
);

function run(of: Graph, options: CoreOptions = {}): Core {
  const core = coreDriver(of, { runId: 'run_origin', ...options });
  core.start({ order: 7 });
  core.drive();
  return core;
}

function forkOf(core: Core, of: Graph, from: string, target = of): Fork {
  const fork = planFork(core.state(), of, target, from);
  if ('code' in fork) throw new Error(fork.message);
  return fork;
}

function refusalOf(state: RunState, of: Graph, from: string, target = of): Refusal {
  const found = planFork(state, of, target, from);
  if ('code' in found) return found;
  throw new Error('It was not refused');
}

/** The new run, begun and not driven. */
function begin(fork: Fork, target: Graph, options: CoreOptions = {}): Core {
  const core = coreDriver(target, { runId: 'run_fork', ...options });
  const { document } = target;
  const start = { workflowId: document.id, workflowName: document.name, version: 'v2', owner: 'role:lead' };
  const { forkOf: origin, copies } = fork;
  core.turn({ type: 'start_run', ...start, input: 1, env: {}, by: 'person:grace', forkOf: origin, copies });
  return core;
}

describe('a fork', () => {
  test('has the results up to its checkpoint, and does the rest', () => {
    const origin = run(graph, { script: { read: [ok({ sum: 5 })] } });
    const before = origin.state();
    const fork = forkOf(origin, graph, 'decide');
    expect(fork.plan.copied).toEqual(['read', 'decide']);
    expect(fork.plan.again.map((effect) => [effect.step, effect.target, effect.status])).toEqual([
      ['note', 'POST test://note', 'confirmed'],
      ['pay', 'POST test://pay', 'confirmed'],
      ['tell', 'POST test://tell', 'confirmed'],
    ]);
    expect(fork.plan.again[0]?.at).toBe(before.effects[fork.plan.again[0]?.effectKey ?? '']?.settledAt);
    const core = begin(fork, graph);
    expect(core.step('read')).toMatchObject({
      word: 'confirmed',
      output: { sum: 5 },
      attempts: [],
      copied: { runId: 'run_origin', step: 'read' },
      record: [{ word: 'confirmed', reason: 'copied' }],
    });
    expect(core.state()).toMatchObject({
      costMicros: 0,
      forkOf: { runId: 'run_origin', step: 'decide', startedBy: ['person:ada'] },
    });
    core.crash();
    core.drive();
    // What it was doing when the host died is asked about here like in any run.
    expect(core.decide('note', 'happened')).toBeUndefined();
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.calls.map((call) => call.step).sort()).toEqual(['note', 'pay', 'pay', 'tell']);
    expect(Object.keys(core.state().effects).sort()).not.toEqual(Object.keys(before.effects).sort());
    expect(foldRun(core.events())).toEqual(core.state());
    expect(origin.state()).toEqual(before);
  });

  test('undoes only what it did itself', () => {
    const core = begin(forkOf(run(graph), graph, 'pay'), graph);
    core.drive();
    core.turn({ type: 'rollback_run', by: 'person:ada' });
    core.drive();
    expect(core.calls.map((call) => call.step)).not.toContain('pay!undo');
    expect(core.step('pay').status).toBe('confirmed');
  });

  test('of a run that was rolled back does again what was undone, and says nothing of it', () => {
    const origin = run(graph);
    origin.turn({ type: 'rollback_run', by: 'person:ada' });
    expect(refusalOf(origin.state(), graph, 'decide').message).toContain('being rolled back');
    origin.drive();
    expect(forkOf(origin, graph, 'decide').plan.again.map((effect) => effect.step)).toEqual(['note', 'tell']);
    expect(refusalOf(origin.state(), graph, 'pay').message).toContain('no saved result');
  });

  test('names a change that nobody has an answer for', () => {
    const origin = run(graph, { script: { tell: [failure('timeout')] } });
    expect(origin.state().word).toBe('escalated');
    const again = forkOf(origin, graph, 'pay').plan.again.find((effect) => effect.step === 'tell');
    const effect = origin.state().effects[again?.effectKey ?? ''];
    expect(again).toMatchObject({ status: 'in_doubt', at: effect?.intendedAt });
  });

  test('ends at once when nothing follows', () => {
    const alone = graphOf({ only: step({ checkpoint: true }) });
    const core = begin(forkOf(run(alone, { script: { only: [ok('done')] } }), alone, 'only'), alone);
    expect(core.state()).toMatchObject({ end: 'complete', output: 'done' });
    expect(core.calls).toEqual([]);
  });

  test('keeps an error that a path handled, and the path that was chosen', () => {
    const ways = graphOf({ try: step(), plan: step({ checkpoint: true }), other: step(), end: step() }, [
      ['try:failed', 'plan', { onErrors: ['code'] }],
      ['try:failed', 'other', { onErrors: ['timeout'] }],
      ['plan', 'end'],
    ]);
    const origin = run(ways, { script: { try: [failure('code')] } });
    const core = begin(forkOf(origin, ways, 'plan'), ways);
    expect(core.step('try')).toMatchObject({ status: 'failed', error: { class: 'code' }, copied: { step: 'try' } });
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['end']);
    expect(core.step('other').status).toBe('skipped');
    expect(core.state().end).toBe('complete');
  });

  test('keeps a path that a rule chose', () => {
    const ruled = graphOf(
      {
        try: step({ escalation: [{ on: 'retries_exhausted', owner: 'role:ops', then: 'fallback' }] }),
        plan: step({ checkpoint: true }),
      },
      [['try:failed', 'plan', { onErrors: ['timeout'] }]],
    );
    const origin = run(ruled, { script: { try: [failure('code')] } });
    expect(origin.step('try').byRule).toBe(true);
    const core = begin(forkOf(origin, ruled, 'plan'), ruled);
    expect(core.step('try').byRule).toBe(true);
    expect(core.state().end).toBe('complete');
  });

  test('of a fork knows everybody who started one of them, and who decided', () => {
    const gated = graphOf(
      {
        ask: step({ checkpoint: true, gates: { after: { owner: 'role:lead' } } }),
        pay: effectStep('once', { gates: { before: { owner: 'role:lead', notBy: ['starter', 'step:ask'] } } }),
      },
      [['ask', 'pay']],
    );
    const origin = run(gated);
    origin.decide('ask', 'approve', { by: 'person:lin' });
    const first = begin(forkOf(origin, gated, 'ask'), gated);
    const core = begin(forkOf(first, gated, 'ask'), gated);
    expect(core.state().forkOf?.startedBy).toEqual(['person:ada', 'person:grace']);
    const answer = (by: string) => core.decide('pay', 'approve', { by, verified: true })?.message;
    expect(answer('person:ada')).toContain('started the run that this one was forked from');
    expect(answer('person:grace')).toContain('started the run');
    expect(answer('person:lin')).toContain('decided on the step ask');
    expect(answer('person:max')).toBeUndefined();
  });

  test('of a run from before starters were kept names none', () => {
    const { startedBy: _by, ...old } = run(graph).state();
    const fork = planFork(old, graph, graph, 'decide');
    expect('code' in fork || fork.forkOf.startedBy).toEqual([]);
  });
});

describe('a fork of a run that went round', () => {
  const loop = { loop: { maxIterations: 3 } };
  const around = graphOf(
    {
      pre: step({ checkpoint: true }),
      draft: step({ checkpoint: true }),
      check: effectStep('once'),
      side: step(),
      end: undoable,
    },
    [
      ['pre', 'draft'],
      ['draft', 'check'],
      ['check:again', 'draft', loop],
      ['check:side', 'side'],
      ['check', 'end'],
    ],
  );
  /** How each round ends, from the first or a later one on. */
  const rounds = (ports: string[][], from = 1): CoreOptions => ({
    script: Object.fromEntries(
      ports.map((taken, index) => [
        index + from === 1 ? 'check' : `check#${index + from}`,
        [ok(null, { ports: taken })],
      ]),
    ),
  });

  test('goes on in the same round, with what earlier rounds found', () => {
    const origin = run(around, rounds([['again', 'side'], ['out']]));
    expect(origin.state().end).toBe('complete');
    const fork = forkOf(origin, around, 'draft');
    expect(fork.plan.copied).toEqual(['pre', 'draft', 'check', 'draft#2']);
    expect(fork.plan.again.map((effect) => effect.step)).toEqual(['check#2', 'end']);
    const core = begin(fork, around, rounds([['again'], ['out']], 2));
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['check#2', 'side', 'draft#3', 'check#3', 'end']);
    expect(core.state().end).toBe('complete');
  });

  test('after the loop has done with it', () => {
    const origin = run(around, rounds([['again'], ['out']]));
    const core = begin(forkOf(origin, around, 'end'), around);
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.calls).toEqual([]);
    expect(core.step('check#2').copied).toEqual({ runId: 'run_origin', step: 'check#2' });
  });

  test('before the loop begins it anew', () => {
    const origin = run(around, rounds([['again'], ['out']]));
    const fork = forkOf(origin, around, 'pre');
    expect(fork.plan.copied).toEqual(['pre']);
    expect(fork.plan.again.map((effect) => effect.step)).toEqual(['check', 'check#2', 'end']);
    expect(fork.forkOf.rounds).toBeUndefined();
    const core = begin(fork, around);
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['draft', 'check', 'end']);
  });

  test('in its first round has no rounds to bring', () => {
    const origin = run(around);
    expect(forkOf(origin, around, 'draft').forkOf.rounds).toBeUndefined();
  });

  test('a loop inside that comes after the checkpoint begins anew', () => {
    const nested = graphOf({ outer: step({ checkpoint: true }), inner: effectStep('once'), last: step() }, [
      ['outer', 'inner'],
      ['inner:again', 'inner', { loop: { maxIterations: 2 } }],
      ['inner', 'last'],
      ['last:again', 'outer', { loop: { maxIterations: 2 } }],
    ]);
    const origin = run(nested, {
      reply: (call) => (['inner', 'inner#3', 'last'].includes(call.step) ? ok(null, { ports: ['again'] }) : ok()),
    });
    expect(origin.state().end).toBe('complete');
    const fork = forkOf(origin, nested, 'outer');
    expect(fork.plan.copied).toEqual(['outer', 'inner', 'inner#2', 'last', 'outer#2']);
    expect(fork.plan.again.map((effect) => effect.step)).toEqual(['inner#3', 'inner#4']);
    const core = begin(fork, nested, {
      reply: (call) => (call.step === 'inner#4' ? ok(null, { ports: ['again'] }) : ok()),
    });
    core.drive();
    expect(core.state().end).toBe('complete');
    expect(core.calls.map((call) => call.step)).toEqual(['inner#4', 'inner#5', 'last#2']);
  });

  test('brings the rounds of an inner loop while the outer one is in its first', () => {
    const nested = graphOf({ outer: step(), inner: step({ checkpoint: true }), last: step() }, [
      ['outer', 'inner'],
      ['inner:again', 'inner', { loop: { maxIterations: 2 } }],
      ['inner', 'last'],
      ['last:again', 'outer', { loop: { maxIterations: 2 } }],
    ]);
    const origin = run(nested, {
      reply: (call) => (call.step === 'inner' ? ok(null, { ports: ['again'] }) : ok()),
    });
    const { forkOf: forked, plan } = forkOf(origin, nested, 'inner');
    expect(plan.copied).toEqual(['outer', 'inner', 'inner#2']);
    expect(forked.rounds).toEqual({ visits: { inner: 2 }, loops: { e2: { iteration: 2 } }, exits: {} });
  });
});

describe('a fork names what it cannot see', () => {
  test('of the runs of workflows inside, and keeps the versions of what was read', () => {
    const outer = graphOf({ read: step({ checkpoint: true }), sub: step(), gone: step(), back: step() }, [
      ['read', 'sub'],
      ['read', 'gone'],
      ['read', 'back'],
    ]);
    const state = run(outer).state();
    const withChild = (key: string, status: 'confirmed' | 'child' | 'rolled_back', undo?: true) => {
      const own = state.steps[key];
      if (!own) throw new Error(`No step ${key}`);
      const child = { runId: `run_of_${key}`, version: 'v', word: 'started' as const, ...(undo ? { undo } : {}) };
      return { ...own, status, child };
    };
    const read = state.steps['read'];
    if (!read) throw new Error('No step read');
    const version = { url: 'sandbox://crm/orders/1', digest: 'd' };
    const known: RunState = {
      ...state,
      steps: {
        read: { ...read, version },
        sub: withChild('sub', 'confirmed'),
        gone: withChild('gone', 'rolled_back'),
        back: withChild('back', 'child', true),
      },
    };
    const fork = planFork(known, outer, outer, 'read');
    if ('code' in fork) throw new Error(fork.message);
    expect(fork.plan.again).toMatchObject([
      { effectKey: 'run_of_sub', step: 'sub', target: 'all that run run_of_sub did', status: 'confirmed' },
    ]);
    expect(begin(fork, outer).step('read')).toMatchObject({ version, config: { step: 'read' } });
    const open = planFork(
      { ...known, steps: { ...known.steps, sub: withChild('sub', 'child') } },
      outer,
      outer,
      'read',
    );
    expect('code' in open || open.plan.again[0]?.status).toBe('intended');
  });
});

describe('a fork into another graph', () => {
  test('goes on there', () => {
    const target = graphOf({ read: step(), decide: step({ checkpoint: true }), call: effectStep('once') }, [
      ['read', 'decide'],
      ['decide', 'call'],
    ]);
    const fork = forkOf(run(graph), graph, 'decide', target);
    expect(fork.plan.again).toEqual([]);
    const core = begin(fork, target);
    core.drive();
    expect(core.calls.map((call) => call.step)).toEqual(['call']);
  });

  test('that does not have what was done is refused, with the steps', () => {
    const target = graphOf({ read: step({ kind: 'other' }), each: step(), call: step() });
    expect(refusalOf(run(graph).state(), graph, 'decide', target).message).toBe(
      'The graph to go on in does not have these steps as they were done, with the same id and kind: “read” (read), “decide” (decide)',
    );
    const inside = compileGraph(
      documentOf({ each: step(), read: step({ parent: 'each' }), decide: step() }),
      new Map(),
    );
    expect(refusalOf(run(graph).state(), graph, 'decide', inside).message).toMatch(/kind: “read” \(read\)$/);
  });
});

describe('a fork is refused', () => {
  test.each([
    ['nowhere', 'does not exist'],
    ['read', '“read” is no checkpoint'],
  ])('from %s', (from, message) => {
    expect(refusalOf(run(graph).state(), graph, from).message).toContain(message);
  });

  test('from inside a container', () => {
    const inside = graphOf({ each: step(), item: step({ parent: 'each', checkpoint: true }) });
    expect(refusalOf(run(graph).state(), inside, 'item').message).toContain('is inside a container');
  });

  test('from what was not done', () => {
    const origin = coreDriver(graph);
    origin.start();
    expect(refusalOf(origin.state(), graph, 'decide').message).toContain('no saved result');
  });

  test('while what it would copy is being undone', () => {
    const origin = run(graph);
    origin.turn({ type: 'rollback_run', by: 'person:ada', to: 'decide' });
    expect(origin.step('pay').status).toBe('confirmed');
    expect(refusalOf(origin.state(), graph, 'pay').message).toBe(
      'What pay changed is being undone; fork the run when that is done',
    );
  });

  test('when something before the checkpoint was undone', () => {
    const chain = graphOf({ pay: undoable, sum: step({ checkpoint: true }) }, [['pay', 'sum']]);
    const origin = run(chain);
    origin.turn({ type: 'rollback_run', by: 'person:ada' });
    origin.drive();
    expect(refusalOf(origin.state(), chain, 'sum').message).toBe(
      '“pay” comes before “sum” and was undone; fork from a step before it',
    );
  });
});
