/** The commands that repair a run, as people see them in --help. Their code is loaded only when it is one of them. */
import type { Command as Commander } from 'commander';
import type { ForkFlags } from './fork.ts';
import { collect, type AddCommand, type CommonFlags } from './flags.ts';

interface Who extends CommonFlags {
  as: string;
  reason?: string;
}

export function addRepair(runs: Commander, add: AddCommand): void {
  const withWho = (command: Commander): Commander =>
    command
      .option('--as <who>', 'who asks for it: person:NAME or role:NAME', 'person:terminal')
      .option('--reason <text>', 'why');

  withWho(
    add<Who>(
      runs,
      'pause <run>',
      'begin nothing new and let no timer fire until the run is resumed; what is under way ends',
      async (command, [run], flags) => (await import('./repair.ts')).pause(command, String(run), flags),
    ),
  );
  withWho(
    add<Who>(
      runs,
      'resume <run>',
      'let a paused run go on (the command "resume" recovers runs after a stop, and leaves paused ones paused)',
      async (command, [run], flags) => (await import('./repair.ts')).resume(command, String(run), flags),
    ),
  );
  withWho(
    add<Who>(
      runs,
      'retry <run> <step>',
      'try again from a step that failed; what succeeded is not done again',
      async (command, [run, step], flags) =>
        (await import('./repair.ts')).retry(command, String(run), String(step), flags),
    ),
  );
  withWho(
    add<Who & { result: string; port?: string[] }>(
      runs,
      'skip <run> <step>',
      'go on with a result you give, without running the step',
      async (command, [run, step], flags) =>
        (await import('./repair.ts')).skip(command, String(run), String(step), flags),
    )
      .requiredOption('--result <json>', "the step's result, JSON or @FILE")
      .option('--port <name>', 'the path to go on along (default: out); may be repeated', collect),
  );
  withWho(
    add<Who & Omit<ForkFlags, 'as' | 'reason'>>(
      runs,
      'fork <run> <step>',
      'a new run that copies the results up to this checkpointed step and goes on from there',
      async (command, [run, step], flags) =>
        (await import('./fork.ts')).fork(command, String(run), String(step), flags),
    )
      .option('--file <graph>', 'go on in this graph instead of the version of the run')
      .option('--draft', 'go on in the draft of the workflow as it is now')
      .option('--input <json>', 'the input as JSON, or @FILE (default: the input of the run)')
      .option('--plan', 'only show what is copied, and what the run did that may be done again')
      .option('--yes', 'fork although that may be done again')
      .option('--trust', 'allow what the graph touches outside the Sandbox'),
  );
}
