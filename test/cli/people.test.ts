/** Reviews that need several people, from the terminal: who may answer, with which proof, and what is shown of it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linesOf, resultOf, setUpDesk, type Desk } from './terminal.ts';

let desk: Desk;
beforeEach(() => {
  desk = setUpDesk();
});
afterEach(() => desk.clear());

const reviewed = {
  formatVersion: 1,
  id: 'wf_pay',
  name: 'Pay',
  owner: 'role:lead',
  steps: {
    offer: {
      kind: 'transform',
      config: { value: { amount: 5 } },
      gates: { after: { owner: 'role:lead', quorum: 2, notBy: ['starter', 'role:clerk'] } },
    },
  },
  edges: [],
};

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((name) => statSync(name).isFile());

test('two people with PINs decide together; nobody else does, and no PIN is kept', async () => {
  for (const [name, pin] of [
    ['ada', 'tulip-1'],
    ['bob', 'violet-2'],
  ] as const) {
    expect((await desk.run('people', 'set-pin', name, '--pin', pin)).out).toBe(`person:${name} has a PIN now.\n`);
  }
  expect((await desk.run('people', 'set-pin', 'cyd', '--pin', 'lilac-3', '--role', 'clerk')).code).toBe(0);
  expect(linesOf((await desk.run('people', 'list', '--json')).out)).toMatchObject([
    { who: 'person:ada', roles: [] },
    { who: 'person:bob' },
    { who: 'person:cyd', roles: ['role:clerk'] },
  ]);
  const file = desk.write('pay.holdfast.json', reviewed);
  const { run } = resultOf(await desk.run('run', file, '--as', 'dan', '--json'));
  const [item] = linesOf((await desk.run('inbox', 'list', '--json')).out);
  const task = String(item?.['taskId']);
  const decide = (...args: string[]) => desk.run('inbox', 'decide', task, '--approve', ...args);

  const unproven = await decide('--as', 'ada');
  expect([unproven.code, unproven.err]).toEqual([
    2,
    'This review needs 2 people, so person:ada must answer with their PIN; nothing was decided.\n',
  ]);
  expect((await decide('--as', 'ada', '--pin', 'wrong')).err).toBe(
    'That is not the PIN of person:ada; nothing was decided.\n',
  );
  expect((await decide('--as', 'cyd', '--pin', 'lilac-3')).err).toContain('must not review this (role:clerk)');

  const first = await decide('--as', 'ada', '--pin', 'tulip-1', '--json');
  expect(resultOf(first)).toMatchObject({ verified: true, approvalsLeft: 1, state: 'waiting' });
  const shown = (await desk.run('inbox', 'show', task)).out;
  expect(shown).toContain('Needs 2 people; one more approval is needed.');
  expect(shown).toContain('Approved by person:ada');
  expect(shown).toContain('Must not be answered by: who started the run, role:clerk.');
  expect(shown).toContain('--pin PIN');
  expect((await decide('--as', 'ada', '--pin', 'tulip-1')).code).toBe(2);
  const last = await decide('--as', 'bob', '--pin', 'violet-2', '--json');
  expect(resultOf(last)).toMatchObject({ run, verified: true, approvalsLeft: 0, state: 'complete' });
  const events = linesOf((await desk.run('runs', 'events', String(run), '--json')).out);
  expect(events.find((event) => event['type'] === 'gate_approved')).toMatchObject({ by: 'person:ada', verified: true });
  expect(events.find((event) => event['type'] === 'gate_decided')).toMatchObject({ by: 'person:bob', verified: true });

  for (const name of filesIn(desk.dataDir)) {
    const text = readFileSync(name, 'latin1');
    for (const pin of ['tulip-1', 'violet-2', 'lilac-3']) expect(text.includes(pin), name).toBe(false);
  }
  expect((await desk.run('people', 'set-pin', 'ada', '--pin', 'other')).err).toContain('has a PIN already');
  expect((await desk.run('people', 'set-pin', 'ada', '--pin', 'other', '--current', 'tulip-1')).code).toBe(0);
  expect((await desk.run('people', 'set-pin', 'eve', '--pin', 'abc')).err).toBe('A PIN needs at least 4 characters.\n');
  expect((await desk.run('people', 'remove', 'bob')).out).toBe('person:bob has no PIN any more.\n');
});

test('at a plain review an answer without a PIN counts, and is shown as unverified', async () => {
  const { offer } = reviewed.steps;
  const plain = { ...reviewed, steps: { offer: { ...offer, gates: { after: { owner: 'role:lead' } } } } };
  await desk.run('run', desk.write('plain.holdfast.json', plain));
  const [item] = linesOf((await desk.run('inbox', 'list', '--json')).out);
  const task = String(item?.['taskId']);
  const decided = await desk.run('inbox', 'decide', task, '--approve', '--as', 'ada');
  expect(decided.out).toContain('go on with exactly what is shown (unverified)');
  expect((await desk.run('inbox', 'show', task)).out).toContain('Decided by person:ada (unverified): approve');
});
