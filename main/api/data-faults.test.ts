/** A damaged database is told apart from a bug, whatever endpoint meets it. */
import { expect, test } from 'vitest';
import { ApiError } from '../../shared/api/contract.ts';
import type { Handlers } from '../../shared/api/contract.ts';
import { DATABASE, sayDataFaults } from './data-faults.ts';

async function thrownBy(error: Error): Promise<unknown> {
  const throwing: Partial<Handlers> = {
    'runs.list': () => {
      throw error;
    },
  };
  const handlers = sayDataFaults(throwing as Handlers, '/data');
  const call = handlers['runs.list'] as () => Promise<unknown>;
  return call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

test('a damaged or full database is a sentence with the file', async () => {
  for (const [code, part] of [
    ['SQLITE_CORRUPT', 'is damaged'],
    ['SQLITE_CORRUPT_INDEX', 'is damaged'],
    ['SQLITE_FULL', 'no space left'],
  ] as const) {
    const thrown = await thrownBy(Object.assign(new Error('malformed'), { code }));
    expect(thrown).toBeInstanceOf(ApiError);
    expect(thrown).toMatchObject({ code: 'internal', where: DATABASE, message: expect.stringContaining(part) });
  }
});

test('a bug, a refusal and an error about another file stay what they are', async () => {
  for (const error of [
    new Error('bug'),
    new ApiError('refused', 'No.'),
    Object.assign(new Error('exists'), { code: 'EEXIST' }),
    Object.assign(new Error('constraint'), { code: 'SQLITE_CONSTRAINT' }),
  ])
    expect(await thrownBy(error)).toBe(error);
});
