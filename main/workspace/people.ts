/**
 * People who can be told apart: each has a PIN, of which only a salted scrypt hash is kept, in the data folder and
 * nowhere else. A PIN never reaches a graph, a journal, a log or an answer. After five wrong ones each further try has
 * to wait, longer every time; the count survives a restart.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { ApiError } from '../../shared/api/contract.ts';
import type { PersonSummary } from '../../shared/api/contract.ts';
import type { Store } from '../store/port.ts';

const personSchema = z.object({
  salt: z.string(),
  hash: z.string(),
  roles: z.array(z.string()),
  setAt: z.int(),
  wrong: z.int().default(0),
  /** Epoch milliseconds of the last wrong try. */
  wrongAt: z.int().default(0),
});
type Person = z.output<typeof personSchema>;

/** What is known about who gives an answer. */
export interface Proof {
  /** True only when the person gave their own PIN with it. */
  verified: boolean;
  /** Roles the workspace says this person has; empty while it is not verified. */
  roles: string[];
}

export interface People {
  list(): Promise<PersonSummary[]>;
  /** Throws `ApiError` (`refused`) when the person has a PIN already and `current` is not it. */
  setPin(options: {
    who: string;
    pin: string;
    current?: string | undefined;
    roles?: string[] | undefined;
  }): Promise<void>;
  remove(who: string): Promise<void>;
  /** Without a PIN nobody is verified. Throws `ApiError` (`refused`) on a wrong PIN, and while a wrong one has to wait. */
  prove(who: string, pin: string | undefined): Promise<Proof>;
}

const SETTING = 'people';
const HASH_BYTES = 32;
const FREE_TRIES = 5;
const LONGEST_DELAY_MS = 15 * 60_000;

export function peopleIn(store: Pick<Store, 'setting' | 'saveSetting'>, clock: () => number): People {
  /** One after the other: two wrong tries at once count twice. */
  let queue: Promise<unknown> = Promise.resolve();
  function inTurn<T>(act: (people: Map<string, Person>) => Promise<T>): Promise<T> {
    const mine = queue.then(async () => act(await load()));
    queue = mine.catch(() => undefined);
    return mine;
  }

  async function load(): Promise<Map<string, Person>> {
    const stored = z.record(z.string(), personSchema).safeParse(await store.setting(SETTING));
    return new Map(stored.success ? Object.entries(stored.data) : []);
  }

  async function save(people: Map<string, Person>): Promise<void> {
    await store.saveSetting(SETTING, Object.fromEntries(people));
  }

  /** Throws when the PIN is not this person's, after writing down that it was tried. */
  async function require(people: Map<string, Person>, who: string, pin: string): Promise<Person> {
    const person = people.get(who);
    if (!person) throw new ApiError('refused', `${who} has no PIN in this data folder; set one with people set-pin.`);
    const now = clock();
    const waitMs = person.wrongAt <= now ? person.wrongAt + delayAfter(person.wrong) - now : 0;
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      throw new ApiError('refused', `The PIN of ${who} was wrong ${person.wrong} times; try again in ${seconds} s.`);
    }
    if (await matches(person, pin)) {
      if (person.wrong > 0) await save(people.set(who, { ...person, wrong: 0 }));
      return person;
    }
    await save(people.set(who, { ...person, wrong: person.wrong + 1, wrongAt: now }));
    throw new ApiError('refused', `That is not the PIN of ${who}; nothing was decided.`);
  }

  return {
    list: () => inTurn(async (people) => [...people].map(([who, { roles, setAt }]) => ({ who, roles, setAt }))),
    setPin: ({ who, pin, current, roles }) =>
      inTurn(async (people) => {
        if (!/^person:\S/.test(who))
          throw new ApiError('bad_input', `Only a person has a PIN: person:NAME, not ${who}.`, '/who');
        const known = people.get(who);
        if (known && current === undefined)
          throw new ApiError('refused', `${who} has a PIN already; give it too, to change it.`);
        if (known && current !== undefined) await require(people, who, current);
        const salt = randomBytes(16);
        const hash = await derive(pin, salt);
        people.set(who, {
          salt: salt.toString('hex'),
          hash: hash.toString('hex'),
          roles: roles ?? known?.roles ?? [],
          setAt: clock(),
          wrong: 0,
          wrongAt: 0,
        });
        await save(people);
      }),
    remove: (who) =>
      inTurn(async (people) => {
        if (!people.delete(who)) throw new ApiError('not_found', `${who} has no PIN in this data folder.`, '/who');
        await save(people);
      }),
    prove: async (who, pin) => {
      if (pin === undefined) return { verified: false, roles: [] };
      const { roles } = await inTurn((people) => require(people, who, pin));
      return { verified: true, roles };
    },
  };
}

/** Milliseconds: none for the first tries, then 1 s, 2 s, 4 s … up to a quarter of an hour. */
function delayAfter(wrong: number): number {
  return wrong < FREE_TRIES ? 0 : Math.min(1_000 * 2 ** (wrong - FREE_TRIES), LONGEST_DELAY_MS);
}

async function matches(person: Person, pin: string): Promise<boolean> {
  const expected = Buffer.from(person.hash, 'hex');
  const found = await derive(pin, Buffer.from(person.salt, 'hex'));
  return expected.length === found.length && timingSafeEqual(expected, found);
}

function derive(pin: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(pin.normalize('NFC'), salt, HASH_BYTES, { N: 16_384, r: 8, p: 1 }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
