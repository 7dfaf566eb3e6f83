/** The flags all commands have, and how a command is added with them. Types only, beside the reading of repeated ones. */
import type { Command as Commander } from 'commander';
import type { Command } from './command.ts';

export interface CommonFlags {
  data?: string;
  json?: boolean;
  debug?: boolean;
}

/** Adds a command with the flags all have; `act` gives its exit code. */
export type AddCommand = <F extends CommonFlags>(
  parent: Commander,
  name: string,
  summary: string,
  act: (command: Command, positional: (string | string[] | undefined)[], flags: F) => Promise<number>,
) => Commander;

/** A flag that may be repeated. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
