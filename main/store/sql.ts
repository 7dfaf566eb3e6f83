/**
 * The few words of SQL plumbing every other store file uses: typed rows and one transaction.
 * Rows are read with `all` only: a driver may add fields of its own to what `get` returns.
 * A single `null` is never bound alone: a driver may take it for a parameter object.
 */
import type { SqlDatabase, SqlStatement } from './port.ts';

export function allRows<T>(statement: SqlStatement, ...parameters: unknown[]): T[] {
  return statement.all(...parameters) as T[];
}

export function firstRow<T>(statement: SqlStatement, ...parameters: unknown[]): T | undefined {
  return allRows<T>(statement, ...parameters)[0];
}

/** The first column of the first row: what a pragma or a function call answers. */
export function scalar(db: SqlDatabase, sql: string): string | number | undefined {
  const row = firstRow<Record<string, string | number>>(db.prepare(sql));
  return row === undefined ? undefined : Object.values(row)[0];
}

export type Transaction = <T>(work: () => T) => T;

/** `BEGIN IMMEDIATE`, the work, `COMMIT`; on any error everything of it is undone and the error goes on. */
export function transactionOn(db: SqlDatabase): Transaction {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  return (work) => {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      try {
        db.exec('ROLLBACK');
      } catch {
        // A full disk or an I/O error has already ended the transaction; the first error is the one that matters.
      }
      throw error;
    }
  };
}
