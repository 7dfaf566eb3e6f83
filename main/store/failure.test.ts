/** Every failure of a driver or the file system becomes one typed sentence; everything else passes through. */
import { describe, expect, it } from 'vitest';
import { asStoreError } from './failure.ts';
import { isOlder } from './open.ts';
import { StoreError } from './port.ts';

describe('asStoreError', () => {
  it.each([
    ['SQLITE_FULL', 'full'],
    ['ENOSPC', 'full'],
    ['EDQUOT', 'full'],
    ['SQLITE_BUSY', 'in_use'],
    ['SQLITE_BUSY_SNAPSHOT', 'in_use'],
    ['SQLITE_LOCKED', 'in_use'],
    ['SQLITE_CORRUPT_INDEX', 'corrupt'],
    ['SQLITE_NOTADB', 'corrupt'],
    ['SQLITE_READONLY_DIRECTORY', 'read_only'],
    ['EROFS', 'read_only'],
    ['SQLITE_IOERR_FSYNC', 'unreadable'],
    ['SQLITE_CANTOPEN', 'unreadable'],
    ['EIO', 'unreadable'],
    ['MODULE_NOT_FOUND', 'unreadable'],
  ])('%s is %s', (code, reason) => {
    const typed = asStoreError(Object.assign(new Error('as the driver said it'), { code }), '/data/holdfast.db');
    expect(typed).toBeInstanceOf(StoreError);
    expect(typed).toMatchObject({ reason, message: expect.stringMatching(/^[^\n]+: [^\n]+\.$/) });
  });

  it('knows the driver that says it in words', () => {
    const said = new Error('ConnectionFailed("Unable to open connection to local database /data/holdfast.db: 14")');
    expect(asStoreError(said, '/data/holdfast.db')).toMatchObject({ reason: 'unreadable' });
  });

  it.each([
    [Object.assign(new Error('UNIQUE'), { code: 'SQLITE_CONSTRAINT_UNIQUE' })],
    [new TypeError('a bug')],
    ['not even an error'],
    [new StoreError('full', 'Said already.')],
  ])('passes on what is not about the file: %s', (error) => {
    expect(asStoreError(error, '/data/holdfast.db')).toBe(error);
  });
});

describe('isOlder', () => {
  it.each([
    ['3.51.2', '3.51.3', true],
    ['3.51.3', '3.51.3', false],
    ['3.9.0', '3.45.0', true],
    ['4.0.0', '3.51.3', false],
    ['3.52', '3.51.3', false],
  ])('%s against %s: %s', (version, than, older) => {
    expect(isOlder(version, than)).toBe(older);
  });
});
