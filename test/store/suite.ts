/**
 * The store suite: what the port promises, whatever stands behind it. Any adapter runs it with a function that opens
 * a store on a folder; opening the same folder again must find what was acknowledged.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunAppend, Store } from '../../main/store/port.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import { temporaryFolder } from './folder.ts';
import { appendOf, documentOf, eventsOf, started, wholeRun, START_MS } from './history.ts';

export function describeStore(name: string, open: (dataDir: string) => Promise<Store>): void {
  describe(`store suite: ${name}`, () => {
    let dataDir: string;
    let store: Store;

    beforeEach(async () => {
      dataDir = temporaryFolder();
      store = await open(dataDir);
    });

    async function reopen(): Promise<Store> {
      await store.close();
      return (store = await open(dataDir));
    }

    it('gives back every event as it was given, after a restart too', async () => {
      const events = wholeRun('r1');
      await store.append([appendOf(events)]);
      expect(await store.events('r1')).toEqual(events);
      await reopen();
      expect(await store.events('r1')).toEqual(events);
      expect(await store.events('r1', 18)).toEqual(events.slice(18));
      expect(await store.events('unknown')).toEqual([]);
    });

    it('keeps payloads over 64 kB apart and gives them back unchanged', async () => {
      const output = { text: 'ä\u0000\ud83d\ude00"'.repeat(30_000), __proto__: { safe: true } };
      const events = eventsOf('r1', [
        started(),
        { type: 'attempt_started', step: 'big', attempt: 1, config: {} },
        {
          type: 'attempt_succeeded',
          step: 'big',
          attempt: 1,
          output: JSON.parse(JSON.stringify(output)),
          ports: ['out'],
        },
        { type: 'attempt_started', step: 'same', attempt: 1, config: {} },
      ]);
      await store.append([appendOf(events)]);
      await reopen();
      expect(await store.events('r1')).toEqual(events);
      expect(await store.doctor({})).toSatisfy(allOk);
    });

    it.each([
      ['a gap', (events: RunEvent[]) => events.filter((event) => event.seq !== 2)],
      ['a repeat', (events: RunEvent[]) => [...events.slice(0, 2), ...events.slice(1)]],
      ['another run', (events: RunEvent[]) => events.map((event) => ({ ...event, runId: 'other' }))],
    ])('refuses %s in a batch and stores nothing of the whole batch', async (_what, damage) => {
      const good = appendOf(wholeRun('good'), 0, ['command-1']);
      const bad = appendOf(wholeRun('bad'));
      await expect(store.append([good, { ...bad, events: damage(bad.events) }])).rejects.toThrow(/Run bad/);
      expect(await store.events('good')).toEqual([]);
      expect(await store.runs({})).toEqual([]);
      expect(await store.tasks({})).toEqual([]);
      expect(await store.ledger({})).toEqual([]);
      expect(await store.commandSeen('command-1')).toBe(false);
      await store.append([good]);
      expect(await store.events('good')).toHaveLength(21);
    });

    it('refuses an event that is stored already and one that leaves a gap to what is stored', async () => {
      const events = wholeRun('r1');
      await store.append([appendOf(events.slice(0, 3))]);
      await expect(store.append([appendOf(events.slice(0, 3))])).rejects.toThrow(/event 1 .* does not follow event 3/);
      await expect(store.append([appendOf(events, 4)])).rejects.toThrow(/event 5 .* does not follow event 3/);
      await store.append([appendOf(events, 3)]);
      expect(await store.events('r1')).toEqual(events);
    });

    it('refuses a state that is not the fold of what is stored', async () => {
      const events = wholeRun('r1');
      const wrong: RunAppend = { ...appendOf(events), events: events.slice(0, 3) };
      await expect(store.append([wrong])).rejects.toThrow(/state to store/);
      expect(await store.events('r1')).toEqual([]);
    });

    it('remembers the commands it answered and refuses one a second time', async () => {
      const events = wholeRun('r1');
      await store.append([appendOf(events.slice(0, 2), 0, ['command-1'])]);
      await store.append([{ ...appendOf(events.slice(0, 2)), events: [], commandIds: ['command-2'] }]);
      await reopen();
      expect(await store.commandSeen('command-1')).toBe(true);
      expect(await store.commandSeen('command-2')).toBe(true);
      expect(await store.commandSeen('command-3')).toBe(false);
      await expect(store.append([appendOf(events.slice(0, 3), 2, ['command-1'])])).rejects.toThrow();
      expect(await store.events('r1')).toHaveLength(2);
    });

    it('takes many runs in one append and lists them, newest first', async () => {
      const later = wholeRun('r2').map((event) => ({ ...event, at: event.at + 5_000 }));
      const other = eventsOf('r3', [started({ workflowId: 'other', key: 'k1' })]);
      await store.append([appendOf(wholeRun('r1')), appendOf(later), appendOf(other)]);
      expect((await store.runs({})).map((run) => run.runId)).toEqual(['r2', 'r3', 'r1']);
      expect((await store.runs({ limit: 1 })).map((run) => run.runId)).toEqual(['r2']);
      expect((await store.runs({ unfinished: true })).map((run) => run.runId)).toEqual(['r3']);
      expect((await store.runs({ workflowId: 'refund' })).map((run) => run.runId)).toEqual(['r2', 'r1']);
      expect(await store.runs({ workflowId: 'refund', unfinished: true })).toEqual([]);
      expect(await store.run('r1')).toEqual({
        runId: 'r1',
        workflowId: 'refund',
        workflowName: 'Refund request',
        version: 'digest-1',
        word: 'complete',
        active: 0,
        startedAt: START_MS,
        updatedAt: START_MS + 20_000,
        endedAt: START_MS + 20_000,
        costMicros: 40,
        openTasks: 0,
        openEffects: 0,
      });
      expect(await store.run('unknown')).toBeUndefined();
      expect(await store.runByKey('k1')).toBe('r3');
      expect(await store.runByKey('k2')).toBeUndefined();
    });

    it('names the runs a start has to look at, and when', async () => {
      const begun = wholeRun('begun').slice(0, 2);
      const asked = wholeRun('asked').slice(0, 4);
      const timed = eventsOf('timed', [
        started(),
        { type: 'attempt_started', step: 'a', attempt: 1, config: {} },
        { type: 'timer_set', step: 'a', attempt: 1, dueAt: START_MS + 9, output: null },
      ]);
      await store.append([appendOf(timed), appendOf(begun), appendOf(asked), appendOf(wholeRun('ended'))]);
      const moved = [
        { runId: 'begun', wakeAt: 0 },
        { runId: 'timed', wakeAt: START_MS + 9 },
      ];
      expect(await store.wakes()).toEqual(moved);
      await store.append([appendOf(wholeRun('asked').slice(0, 5), 4)]);
      expect(await store.wakes()).toContainEqual({ runId: 'asked', wakeAt: 0 });
      await store.append([appendOf(wholeRun('asked'), 5)]);
      await reopen();
      expect(await store.wakes()).toEqual(moved);
    });

    it('refuses a second run with the same start key', async () => {
      await store.append([appendOf(eventsOf('r1', [started({ key: 'k1' })]))]);
      await expect(store.append([appendOf(eventsOf('r2', [started({ key: 'k1' })]))])).rejects.toThrow();
      expect(await store.runByKey('k1')).toBe('r1');
      expect(await store.run('r2')).toBeUndefined();
    });

    it('shows a task while it is open and with its decision afterwards', async () => {
      const events = wholeRun('r1');
      await store.saveVersion({
        digest: 'digest-1',
        workflowId: 'refund',
        document: documentOf(),
        createdAt: START_MS,
      });
      await store.append([appendOf(events.slice(0, 4))]);
      const [open] = await store.tasks({ state: 'open' });
      expect(open).toMatchObject({
        taskId: 'r1-gate',
        runId: 'r1',
        workflowId: 'refund',
        workflowName: 'Refund request',
        label: 'Propose a decision',
        costMicros: 40,
        owner: 'role:support',
        openedAt: START_MS + 3_000,
      });
      expect(open?.decision).toBeUndefined();
      expect(await store.run('r1')).toMatchObject({ word: 'waiting', reason: 'review', openTasks: 1 });
      expect(await store.tasks({ state: 'done' })).toEqual([]);
      await store.append([appendOf(events, 4)]);
      expect(await store.tasks({ state: 'open' })).toEqual([]);
      expect((await store.tasks({ state: 'done' })).map((task) => task.taskId)).toEqual(['r1-gate', 'r1-doubt']);
      expect((await store.tasks({ taskId: 'r1-gate' }))[0]?.decision).toMatchObject({
        answer: 'approve',
        by: 'person:ada',
      });
      expect(await store.tasks({ runId: 'r1', state: 'all' })).toHaveLength(2);
      expect(await store.tasks({ runId: 'r2' })).toEqual([]);
      expect((await store.tasks({ taskId: 'r1-doubt' }))[0]?.label).toBe('Pay (round 2)');
    });

    it('closes the open tasks of a run that ends', async () => {
      const events = eventsOf('r1', [
        ...wholeRun('r1').slice(0, 4),
        { type: 'run_failed', reason: 'cancelled', openEffects: 0, by: 'person:ada' },
      ]);
      await store.append([appendOf(events.slice(0, 4))]);
      await store.append([appendOf(events, 4)]);
      expect(await store.tasks({ state: 'open' })).toEqual([]);
      expect((await store.tasks({ state: 'done' }))[0]?.closedAt).toBe(START_MS + 4_000);
    });

    it('keeps the effect ledger with the words of the version', async () => {
      await store.saveVersion({
        digest: 'digest-1',
        workflowId: 'refund',
        document: documentOf(),
        createdAt: START_MS,
      });
      const events = wholeRun('r1');
      await store.append([appendOf(events.slice(0, 10)), appendOf(wholeRun('r2'))]);
      expect(await store.ledger({ runId: 'r1' })).toMatchObject([
        { key: 'r1-pay', status: 'in_doubt', label: 'Pay (round 2)' },
      ]);
      await store.append([appendOf(events, 10)]);
      expect(await store.ledger({ runId: 'r1' })).toEqual([
        {
          key: 'r1-pay',
          step: 'pay#2',
          ordinal: 0,
          generation: 1,
          class: 'once',
          target: 'POST sandbox://payments/refunds',
          requestDigest: 'abc',
          request: { amount: 12 },
          status: 'confirmed',
          attempts: 1,
          intendedAt: START_MS + 7_000,
          settledAt: START_MS + 12_000,
          settledSeq: expect.any(Number),
          settledBy: 'person:ada',
          runId: 'r1',
          workflowName: 'Refund request',
          label: 'Pay (round 2)',
        },
        expect.objectContaining({ key: 'r1-mail', step: 'each[1]/mail', status: 'confirmed', label: 'mail (item 2)' }),
      ]);
      expect(await store.ledger({})).toHaveLength(4);
    });

    it('keeps the recovery quality of every run, and gives it in pages, newest first', async () => {
      const runs = ['r1', 'r2', 'r3'].map((runId, index) =>
        wholeRun(runId).map((event) => ({ ...event, at: event.at + index * 1_000 })),
      );
      for (const events of runs) {
        await store.append([appendOf(events.slice(0, 9))]);
        await store.append([appendOf(events, 9)]);
      }
      await store.append([appendOf(eventsOf('r4', [started({ workflowId: 'other' })]))]);
      await reopen();
      const refund = await store.metrics({ workflowId: 'refund', limit: 10 });
      expect(refund.map((run) => run.runId)).toEqual(['r3', 'r2', 'r1']);
      for (const run of refund) expect(run).toEqual({ ...(await store.run(run.runId)), metrics: run.metrics });
      expect(refund[0]?.metrics).toEqual(foldRun(wholeRun('r1'))?.metrics);
      expect(refund[0]?.metrics).toMatchObject({
        attempts: 3,
        crashes: 1,
        repairs: 1,
        recovery: { count: 1, totalMs: 5_000 },
        doubt: { count: 1, totalMs: 3_000 },
        inDoubtSince: {},
        reviews: { count: 1, totalMs: 1_000 },
      });
      const [first] = await store.metrics({ limit: 1 });
      if (!first) throw new Error('There is a run');
      const rest = await store.metrics({ limit: 9, before: { startedAt: first.startedAt, runId: first.runId } });
      expect([first, ...rest].map((run) => run.runId)).toEqual(['r3', 'r2', 'r4', 'r1']);
      const from = START_MS + 1_000;
      expect((await store.metrics({ from, limit: 9 })).map((run) => run.runId)).toEqual(['r3', 'r2']);
      expect((await store.metrics({ to: from, limit: 9 })).map((run) => run.runId)).toEqual(['r4', 'r1']);
      expect(await store.doctor({ rebuild: true })).toSatisfy(allOk);
      expect(await store.metrics({ workflowId: 'refund', limit: 10 })).toEqual(refund);
    });

    it('never changes a version', async () => {
      const version = { digest: 'd', workflowId: 'refund', document: documentOf(), createdAt: 1 };
      await store.saveVersion(version);
      await store.saveVersion({ ...version, document: documentOf({ name: 'Other' }) });
      await reopen();
      expect(await store.version('d')).toEqual(documentOf());
      expect(await store.version('unknown')).toBeUndefined();
    });

    it('saves a draft only over the revision its author saw', async () => {
      const document = documentOf();
      const first = await store.saveDraft({ id: 'refund', revision: 0, document, now: 10 });
      expect(first).toEqual({ id: 'refund', revision: 1, updatedAt: 10, document });
      expect(await store.saveDraft({ id: 'refund', revision: 0, document, now: 11 })).toBeUndefined();
      const changed = documentOf({ name: 'Renamed' });
      expect(await store.saveDraft({ id: 'refund', revision: 1, document: changed, now: 12 })).toMatchObject({
        revision: 2,
      });
      expect(await store.saveDraft({ id: 'refund', revision: 1, document, now: 13 })).toBeUndefined();
      expect(await store.saveDraft({ id: 'gone', revision: 3, document, now: 14 })).toBeUndefined();
      await reopen();
      expect(await store.draft('refund')).toEqual({ id: 'refund', revision: 2, updatedAt: 12, document: changed });
      await store.deleteDraft('refund');
      expect(await store.draft('refund')).toBeUndefined();
    });

    it('lists drafts with their runs', async () => {
      await store.saveDraft({ id: 'refund', revision: 0, document: documentOf(), now: 10 });
      await store.saveDraft({ id: 'empty', revision: 0, document: documentOf({ id: 'empty', steps: {} }), now: 20 });
      await store.append([
        appendOf(wholeRun('r1')),
        appendOf(eventsOf('r2', [started()]).map((event) => ({ ...event, at: START_MS + 1 }))),
      ]);
      expect(await store.drafts()).toEqual([
        {
          id: 'empty',
          name: 'Refund request',
          description: 'Pays back',
          revision: 1,
          updatedAt: 20,
          steps: 0,
          runs: 0,
        },
        {
          id: 'refund',
          name: 'Refund request',
          description: 'Pays back',
          revision: 1,
          updatedAt: 10,
          steps: 3,
          runs: 2,
          lastRun: { runId: 'r2', word: 'started', startedAt: START_MS + 1 },
        },
      ]);
    });

    it('keeps settings, and forgets one that is set to nothing', async () => {
      await store.saveSetting('workspace', { actingAs: 'person:ada', list: [1, null] });
      await store.saveSetting('nothing', null);
      await reopen();
      expect(await store.setting('workspace')).toEqual({ actingAs: 'person:ada', list: [1, null] });
      expect(await store.setting('nothing')).toBeNull();
      await store.saveSetting('workspace', undefined);
      expect(await store.setting('workspace')).toBeUndefined();
    });

    it('is found in order by its doctor, whatever the size of the batches was', async () => {
      const events = wholeRun('r1');
      for (let count = 1; count <= events.length; count += 1) {
        await store.append([appendOf(events.slice(0, count), count - 1)]);
      }
      await store.append([appendOf(wholeRun('r2').slice(0, 11))]);
      expect(await store.doctor({})).toSatisfy(allOk);
      expect((await store.doctor({})).map((finding) => finding.check).sort()).toEqual([
        'foreign_keys',
        'integrity',
        'journal',
        'pragmas',
        'projections',
      ]);
    });

    it('answers nothing after it was closed, and may be closed twice', async () => {
      await store.close();
      await store.close();
      await expect(store.runs({})).rejects.toThrow('closed');
      await expect(store.append([appendOf(wholeRun('r1'))])).rejects.toThrow('closed');
    });
  });
}

export function allOk(findings: { ok: boolean }[]): boolean {
  return findings.length > 0 && findings.every((finding) => finding.ok);
}
