/**
 * Whether a text is an expression the runtime can read. Parses only: the page never evaluates what an analyst wrote.
 */
import jsonata from 'jsonata';
import type { ExpressionFault } from '../../../shared/workflow/problems.ts';

/** `undefined` when it parses. */
export function parseExpression(source: string): ExpressionFault | undefined {
  try {
    jsonata(source);
    return undefined;
  } catch (error) {
    const thrown = error as { message?: unknown; position?: unknown };
    const message = typeof thrown.message === 'string' ? thrown.message : 'This expression cannot be read.';
    return { message, ...(typeof thrown.position === 'number' ? { offset: thrown.position } : {}) };
  }
}
