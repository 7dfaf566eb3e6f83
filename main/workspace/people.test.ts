/** PINs: kept as salted hashes only, checked one at a time, and slowly once somebody guesses. */
import { beforeEach, describe, expect, test } from 'vitest';
import { peopleIn, type People } from './people.ts';

const ada = 'person:ada';
let settings: Map<string, unknown>;
let now: number;
let people: People;

beforeEach(() => {
  settings = new Map();
  now = 1_000_000;
  const store = {
    setting: async (name: string) => structuredClone(settings.get(name)),
    saveSetting: async (name: string, value: unknown) => void settings.set(name, structuredClone(value)),
  };
  people = peopleIn(store, () => now);
});

const said = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'allowed',
    (error: Error) => error.message,
  );

describe('A PIN', () => {
  test('proves who somebody is, with the roles they have; without it nobody is verified', async () => {
    await people.setPin({ who: ada, pin: 'tulip', roles: ['role:lead'] });
    expect(await people.prove(ada, 'tulip')).toEqual({ verified: true, roles: ['role:lead'] });
    expect(await people.prove(ada, undefined)).toEqual({ verified: false, roles: [] });
    expect(await people.list()).toEqual([{ who: ada, roles: ['role:lead'], setAt: now }]);
  });

  test('is nowhere in what is kept, and two people with the same one have different hashes', async () => {
    await people.setPin({ who: ada, pin: 'tulip' });
    await people.setPin({ who: 'person:bob', pin: 'tulip' });
    const kept = JSON.stringify([...settings]);
    expect(kept).not.toContain('tulip');
    const [one, other] = Object.values(settings.get('people') as Record<string, { hash: string }>);
    expect(one?.hash).not.toBe(other?.hash);
  });

  test('that is wrong is refused, and belongs to one person', async () => {
    await people.setPin({ who: ada, pin: 'tulip' });
    expect(await said(people.prove(ada, 'rose'))).toBe('That is not the PIN of person:ada; nothing was decided.');
    expect(await said(people.prove('person:bob', 'tulip'))).toBe(
      'person:bob has no PIN in this data folder; set one with people set-pin.',
    );
  });

  test('is changed by who knows it, keeping the roles, and by nobody else', async () => {
    await people.setPin({ who: ada, pin: 'tulip', roles: ['role:lead'] });
    expect(await said(people.setPin({ who: ada, pin: 'rose' }))).toMatch(/has a PIN already/);
    expect(await said(people.setPin({ who: ada, pin: 'rose', current: 'lily' }))).toMatch(/not the PIN/);
    await people.setPin({ who: ada, pin: 'rose', current: 'tulip' });
    expect(await people.prove(ada, 'rose')).toEqual({ verified: true, roles: ['role:lead'] });
    await people.remove(ada);
    expect(await people.list()).toEqual([]);
    expect(await said(people.remove(ada))).toBe('person:ada has no PIN in this data folder.');
  });

  test('is for persons, because a role may be several', async () => {
    expect(await said(people.setPin({ who: 'role:lead', pin: 'tulip' }))).toBe(
      'Only a person has a PIN: person:NAME, not role:lead.',
    );
  });
});

describe('Guessing', () => {
  test('has to wait after five wrong tries, longer every time, also with the right PIN', async () => {
    await people.setPin({ who: ada, pin: 'tulip' });
    await Promise.all(Array.from({ length: 5 }, () => said(people.prove(ada, 'rose'))));
    expect(await said(people.prove(ada, 'tulip'))).toBe('The PIN of person:ada was wrong 5 times; try again in 1 s.');
    now += 1_000;
    expect(await said(people.prove(ada, 'rose'))).toMatch(/not the PIN/);
    now += 1_000;
    expect(await said(people.prove(ada, 'tulip'))).toBe('The PIN of person:ada was wrong 6 times; try again in 1 s.');
    now += 1_000;
    expect(await people.prove(ada, 'tulip')).toMatchObject({ verified: true });
    expect(await said(people.prove(ada, 'rose'))).toMatch(/not the PIN/);
    expect(await people.prove(ada, 'tulip')).toMatchObject({ verified: true });
  });

  test('waits a quarter of an hour at most', async () => {
    await people.setPin({ who: ada, pin: 'tulip' });
    for (let tries = 0; tries < 20; tries += 1) {
      await said(people.prove(ada, 'rose'));
      now += 900_000;
    }
    now -= 900_000;
    expect(await said(people.prove(ada, 'tulip'))).toBe(
      'The PIN of person:ada was wrong 20 times; try again in 900 s.',
    );
  });

  test('starts without anybody when what is kept cannot be read', async () => {
    settings.set('people', { [ada]: 'broken' });
    expect(await people.list()).toEqual([]);
  });
});
