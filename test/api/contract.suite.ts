/**
 * What every carrier must show: the same answers, limits, timeouts, aborts and typed errors, whatever is sent.
 * Runs against a small contract of its own, so that each rule is provoked on purpose.
 */
import fc from 'fast-check';
import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cases } from '../harness/size.ts';
import { connect, serve } from '../../shared/api/wire.ts';
import type { Limits, Wire } from '../../shared/api/wire.ts';
import { ApiError, apiErrorCodes } from '../../shared/api/contract.ts';
import type { Client, Endpoint } from '../../shared/api/contract.ts';
import type { Signal } from '../../shared/api/signal.ts';

export const timers = {
  set: (run: () => void, delayMs: number) => setTimeout(run, delayMs),
  clear: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
};

/** Gives a connected pair; `raw` is a second way to speak to the same server with anything at all. */
export interface Carrier {
  name: string;
  open(): Promise<{ server: Wire; client: Wire; stop(): Promise<void> }>;
}

const contract: Record<string, Endpoint> = {
  echo: { mode: 'query', input: z.strictObject({ text: z.string().max(1000), extra: z.unknown().optional() }) },
  record: { mode: 'query', input: z.strictObject({ values: z.record(z.string(), z.unknown()) }) },
  hang: { mode: 'command', input: z.strictObject({}) },
  fail: { mode: 'query', input: z.strictObject({ how: z.enum(['bug', 'refused', 'cycle']) }) },
  count: { mode: 'watch', input: z.strictObject({ upTo: z.int() }) },
  broken: { mode: 'watch', input: z.strictObject({}) },
};

type AnyClient = {
  call(name: string, input: unknown, options?: { signal?: Signal; timeoutMs?: number }): Promise<unknown>;
  watch(
    name: string,
    input: unknown,
    onValue: (value: unknown) => void,
    onError?: (error: ApiError) => void,
  ): () => void;
  close(): void;
};

const small: Partial<Limits> = { maxMessageSize: 5_000, maxInFlight: 3, maxWatches: 2, callTimeoutMs: 250 };

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Waited 5 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const failure = (promise: Promise<unknown>): Promise<ApiError> =>
  promise.then(
    (value) => {
      throw new Error(`Expected a refusal, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => {
      if (error instanceof ApiError) return error;
      throw error;
    },
  );

export function contractSuite(carrier: Carrier): void {
  describe(`the wire over ${carrier.name}`, () => {
    let pair: Awaited<ReturnType<Carrier['open']>>;
    let client: AnyClient;
    let bugs: unknown[];
    let signals: Signal[];
    let release: (() => void)[];

    beforeEach(async () => {
      pair = await carrier.open();
      bugs = [];
      signals = [];
      release = [];
      const handlers = {
        echo: (input: { text: string }) => ({ text: input.text }),
        record: (input: { values: Record<string, unknown> }) => ({
          keys: Object.keys(input.values),
          polluted: ({} as { polluted?: unknown }).polluted ?? null,
        }),
        hang: (_input: unknown, signal: Signal) => {
          signals.push(signal);
          return new Promise<null>((resolve) => release.push(() => resolve(null)));
        },
        fail: (input: { how: string }) => {
          if (input.how === 'refused') throw new ApiError('refused', 'The document has a problem.', '/steps/pay');
          if (input.how === 'cycle') {
            const value: Record<string, unknown> = {};
            value['self'] = value;
            return value;
          }
          throw new Error('secret detail at /home/ada/holdfast.db');
        },
        count: (input: { upTo: number }, push: (value: unknown) => void, signal: Signal) => {
          signals.push(signal);
          for (let index = 1; index <= input.upTo; index += 1) push(index);
          release.push(() => push('late'));
        },
        broken: () => Promise.reject(new ApiError('not_found', 'There is no such run.')),
      };
      serve({ contract, handlers, wire: pair.server, timers, limits: small, onBug: (error) => bugs.push(error) });
      client = connect({ wire: pair.client, timers }) as Client as unknown as AnyClient;
    });

    afterEach(async () => {
      client.close();
      await pair.stop();
    });

    test('a call is answered', async () => {
      expect(await client.call('echo', { text: 'Grüße, 世界 \u2028' })).toEqual({ text: 'Grüße, 世界 \u2028' });
    });

    test('answers find their callers when they overlap', async () => {
      const texts = ['a', 'b', 'c'];
      expect(await Promise.all(texts.map((text) => client.call('echo', { text })))).toEqual(
        texts.map((text) => ({ text })),
      );
    });

    test('bad input names the field, in a sentence', async () => {
      const wrong = await failure(client.call('echo', { text: 5 }));
      expect([wrong.code, wrong.where]).toEqual(['bad_input', '/text']);
      expect(wrong.message).toMatch(/^\/text is not right: .*\.$/);
      const unknown = await failure(client.call('echo', { text: 'x', 'a/b~c': 1 }));
      expect([unknown.code, unknown.where]).toEqual(['bad_input', '/a~1b~0c']);
    });

    test('an unknown endpoint and the wrong mode are refused', async () => {
      expect((await failure(client.call('nothing', {}))).code).toBe('not_found');
      expect((await failure(client.call('constructor', {}))).code).toBe('not_found');
      expect((await failure(client.call('__proto__', {}))).code).toBe('not_found');
      expect((await failure(client.call('count', { upTo: 1 }))).code).toBe('bad_input');
      const error = await new Promise<ApiError>((resolve) => client.watch('echo', { text: 'x' }, () => {}, resolve));
      expect(error.code).toBe('bad_input');
    });

    test('a refusal of the application arrives as it is, a bug arrives as internal', async () => {
      const refused = await failure(client.call('fail', { how: 'refused' }));
      expect([refused.code, refused.message, refused.where]).toEqual([
        'refused',
        'The document has a problem.',
        '/steps/pay',
      ]);
      expect(bugs).toHaveLength(0);
      const internal = await failure(client.call('fail', { how: 'bug' }));
      expect(internal.code).toBe('internal');
      expect(internal.message).not.toContain('ada');
      expect(bugs).toHaveLength(1);
      expect((await failure(client.call('fail', { how: 'cycle' }))).code).toBe('internal');
      expect(await client.call('echo', { text: 'still there' })).toEqual({ text: 'still there' });
    });

    test('a call that takes too long ends and its handler is told', async () => {
      const error = await failure(client.call('hang', {}));
      expect(error.code).toBe('timeout');
      expect(error.message).toContain('250 ms');
      expect(signals[0]?.aborted).toBe(true);
    });

    test('a caller may ask for less time, never for more', async () => {
      expect((await failure(client.call('hang', {}, { timeoutMs: 30 }))).message).toContain('30 ms');
      expect((await failure(client.call('hang', {}, { timeoutMs: 60_000 }))).message).toContain('250 ms');
    });

    test('an aborted call tells its handler', async () => {
      const controller = new AbortController();
      const call = failure(client.call('hang', {}, { signal: controller.signal }));
      await until(() => signals.length === 1, 'the handler');
      controller.abort();
      expect((await call).code).toBe('aborted');
      await until(() => signals[0]?.aborted === true, 'the abort of the handler');
      expect((await failure(client.call('echo', { text: 'x' }, { signal: controller.signal }))).code).toBe('aborted');
    });

    test('more calls at once than allowed are refused, and a free place is given again', async () => {
      const hanging = [1, 2, 3].map(() => client.call('hang', {}));
      const fourth = await failure(client.call('echo', { text: 'x' }));
      expect(fourth.code).toBe('too_many');
      for (const go of release) go();
      await Promise.all(hanging);
      expect(await client.call('echo', { text: 'x' })).toEqual({ text: 'x' });
    });

    test('a watch gets every value until it is cancelled', async () => {
      const values: unknown[] = [];
      const stop = client.watch('count', { upTo: 3 }, (value) => values.push(value));
      await until(() => values.length === 3, 'three values');
      stop();
      await until(() => signals[0]?.aborted === true, 'the abort of the watch');
      release[0]?.();
      await client.call('echo', { text: 'after' });
      expect(values).toEqual([1, 2, 3]);
    });

    test('a watch that fails ends with its error and frees its place', async () => {
      for (let round = 0; round < 5; round += 1) {
        const error = await new Promise<ApiError>((resolve) => client.watch('broken', {}, () => {}, resolve));
        expect(error.code).toBe('not_found');
      }
    });

    test('more watches than allowed are refused', async () => {
      const stops = [1, 2].map(() => client.watch('count', { upTo: 0 }, () => {}));
      const error = await new Promise<ApiError>((resolve) => client.watch('count', { upTo: 0 }, () => {}, resolve));
      expect(error.code).toBe('too_many');
      for (const stop of stops) stop();
    });

    test('a message over the limit is refused and the connection stays', async () => {
      expect((await failure(client.call('echo', { text: 'x'.repeat(6_000) }))).code).toBe('too_large');
      expect(await client.call('echo', { text: 'x' })).toEqual({ text: 'x' });
    });

    test('a lost connection aborts the handlers and settles every caller', async () => {
      const call = failure(client.call('hang', {}));
      const watchError = new Promise<ApiError>((resolve) => client.watch('count', { upTo: 1 }, () => {}, resolve));
      await until(() => signals.length === 2, 'both handlers');
      pair.client.close();
      expect((await call).code).toBe('closed');
      expect((await watchError).code).toBe('closed');
      await until(() => signals.every((signal) => signal.aborted), 'the aborts');
      expect((await failure(client.call('echo', { text: 'x' }))).code).toBe('closed');
    });

    test('a number in use is not taken over', async () => {
      const answers: { id?: unknown; kind?: unknown; error?: { code?: string } }[] = [];
      pair.client.onMessage((message) => answers.push(message as (typeof answers)[number]));
      pair.client.send({ kind: 'call', id: 900, name: 'hang', input: {} });
      pair.client.send({ kind: 'call', id: 900, name: 'echo', input: { text: 'thief' } });
      await until(() => answers.some((answer) => answer.id === 0), 'the complaint');
      release[0]?.();
      await until(() => answers.some((answer) => answer.id === 900), 'the answer');
      expect(answers.find((answer) => answer.id === 0)?.error?.code).toBe('conflict');
      expect(answers.filter((answer) => answer.id === 900)).toEqual([{ kind: 'result', id: 900, value: null }]);
    });

    test('nothing that is sent can pollute a prototype', async () => {
      const hostile = JSON.parse(
        '{"values":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"ok":1}}',
      ) as unknown;
      const answer = (await client.call('record', hostile)) as { polluted: unknown };
      expect(answer.polluted).toBeNull();
      pair.client.send(
        JSON.parse('{"__proto__":{"kind":"call"},"kind":"call","id":901,"name":"echo","input":{"text":"x"}}'),
      );
      expect(await client.call('echo', { text: 'x' })).toEqual({ text: 'x' });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    test('hostile messages get a typed error or nothing, and the connection stays', async () => {
      const answers: { kind?: unknown; id?: unknown; error?: { code?: string; message?: string } }[] = [];
      pair.client.onMessage((message) => answers.push(message as (typeof answers)[number]));
      const field = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
        fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: fc.jsonValue() });
      const message = fc.oneof(
        fc.jsonValue(),
        fc.record(
          {
            kind: field(fc.constantFrom('call', 'watch', 'cancel', 'result', 'error', '__proto__')),
            id: field(fc.integer({ min: 1_000, max: 1_000_000 })),
            name: field(fc.constantFrom('echo', 'count', 'fail', 'toString', '__proto__', 'hasOwnProperty')),
            input: field(fc.record({ text: fc.string() })),
            timeoutMs: field(fc.integer()),
          },
          { requiredKeys: [] },
        ),
      );
      await fc.assert(
        fc.asyncProperty(message, async (hostile) => {
          pair.client.send(hostile);
          expect(await client.call('echo', { text: 'alive' })).toEqual({ text: 'alive' });
        }),
        { numRuns: cases(500) },
      );
      for (const answer of answers) {
        expect(['result', 'value', 'error']).toContain(answer.kind);
        if (answer.kind !== 'error') continue;
        expect(apiErrorCodes as readonly unknown[]).toContain(answer.error?.code);
        expect(answer.error?.message).not.toMatch(/\n\s+at /);
      }
    });

    test('a hostile server cannot break the client', async () => {
      const call = client.call('hang', {});
      for (const message of [
        null,
        5,
        'x',
        [],
        {},
        { kind: 'error' },
        { kind: 'result', id: 99_999 },
        { kind: 'error', id: 0, error: 7 },
        { kind: 'odd', id: 1 },
      ]) {
        pair.server.send(message);
      }
      pair.server.send({ kind: 'error', id: 1, error: { code: 'made_up', message: { not: 'text' } } });
      const error = await failure(call);
      expect([error.code, error.message]).toEqual(['internal', 'The answer could not be understood.']);
    });
  });
}
