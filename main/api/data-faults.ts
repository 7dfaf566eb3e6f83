/**
 * What a damaged, full or vanished database does to a request: the sentence of the store instead of "something went
 * wrong". Must never hide a bug: an error that says nothing about the file passes through unchanged.
 */
import path from 'node:path';
import { ApiError } from '../../shared/api/contract.ts';
import type { Handlers } from '../../shared/api/contract.ts';
import { asStoreError } from '../store/failure.ts';
import { StoreError } from '../store/port.ts';

/** The place such a refusal names, by which a command tells it from a fault of the program. */
export const DATABASE = 'holdfast.db';

export function sayDataFaults(handlers: Handlers, dataDir: string): Handlers {
  const file = path.join(dataDir, DATABASE);
  const wrapped = Object.entries(handlers).map(([name, handler]) => {
    const call = handler as (...args: unknown[]) => unknown;
    return [
      name,
      async (...args: unknown[]): Promise<unknown> => {
        try {
          return await call(...args);
        } catch (error) {
          throw asAnswer(error, file);
        }
      },
    ] as const;
  });
  return Object.fromEntries(wrapped) as Handlers;
}

function asAnswer(error: unknown, file: string): unknown {
  if (error instanceof ApiError) return error;
  // The file system's own errors may be about any file, such as one a person named.
  const isOurs =
    error instanceof StoreError ||
    (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_'));
  const typed = isOurs ? asStoreError(error, file) : error;
  return typed instanceof StoreError ? new ApiError('internal', typed.message, DATABASE) : error;
}
