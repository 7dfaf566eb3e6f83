/**
 * The commands and their flags, as people see them in --help. Each command's code is loaded only when it is the one.
 * Names, flags and exit codes are a public interface: scripts rely on them.
 */
import path from 'node:path';
import { Command as Commander, CommanderError, InvalidArgumentError } from 'commander';
import { defaultDataDir } from '../workspace/folder.ts';
import type { Command } from './command.ts';
import { metricsHelp } from './metrics-help.ts';
import { momentOf } from './moment.ts';
import { collect, type CommonFlags } from './flags.ts';
import { addPeople } from './people-flags.ts';
import { CliFailure, createOutput, reportFailure } from './output.ts';
import { addRepair } from './repair-flags.ts';
import type { OpenApp } from './session.ts';

export interface ProgramOptions {
  version: string;
  openApp: OpenApp;
  serve(options: { dataDir: string; port: number; open: boolean }): Promise<number>;
}

/** Runs the command line and gives the exit code. */
export async function runProgram(args: string[], options: ProgramOptions): Promise<number> {
  let exitCode = 0;
  let debug = args.includes('--debug');

  function commandOf(flags: CommonFlags): Command {
    // npm runs its scripts in the project's folder; file names are meant from where the person is.
    const from =
      process.env['npm_lifecycle_event'] === 'holdfast' ? (process.env['INIT_CWD'] ?? process.cwd()) : process.cwd();
    const resolve = (file: string): string => path.resolve(from, file);
    debug = flags.debug === true;
    // What an unset variable of a script leaves; the folder the person is in would be taken instead.
    if (flags.data === '') throw new CliFailure(2, '--data needs the name of a folder.');
    return {
      dataDir: flags.data === undefined ? defaultDataDir() : resolve(flags.data),
      json: flags.json === true,
      output: createOutput(flags.json === true),
      openApp: options.openApp,
      resolve,
    };
  }

  function add<F extends CommonFlags>(
    parent: Commander,
    name: string,
    summary: string,
    act: (command: Command, positional: (string | string[] | undefined)[], flags: F) => Promise<number>,
    options: { isDefault?: boolean } = {},
  ): Commander {
    return parent
      .command(name, options)
      .description(summary)
      .option('--data <dir>', "the data folder (default: the app's)")
      .option('--json', 'results as JSON')
      .option('--debug', 'stack traces with errors')
      .action(async (...all: unknown[]) => {
        const flags = all[all.length - 2] as F;
        exitCode = await act(commandOf(flags), all.slice(0, -2) as (string | string[] | undefined)[], flags);
      });
  }

  const program = new Commander('holdfast')
    .description('Workflows of AI and business steps that survive crashes.')
    .version(options.version)
    .showHelpAfterError('(add --help for what is possible)')
    .exitOverride();

  add<
    CommonFlags & {
      input?: string;
      env?: string[];
      key?: string;
      trust?: boolean;
      allowHost?: string[];
      parkAfter: number;
      follow?: boolean;
      as?: string;
    }
  >(
    program,
    'run <file>',
    'start a workflow from a file and drive it until it ends or parks',
    async (command, [file], flags) =>
      (await import('./run.ts')).run(command, String(file), {
        ...flags,
        env: flags.env ?? [],
        allowHost: flags.allowHost ?? [],
        trust: flags.trust === true,
        follow: flags.follow === true,
      }),
  )
    .option('--input <json>', 'the input as JSON, or @FILE (default: the defaults of the input schema)')
    .option('--env <name=value>', 'a value of $env for this run; may be repeated', collect)
    .option('--key <key>', 'starts at most one run with this key')
    .option('--trust', 'allow what the workflow touches outside the Sandbox')
    .option('--allow-host <host:port>', 'allow a private address for this data folder; may be repeated', collect)
    .option('--park-after <ms>', 'a timer further away than this parks the run', wholeNumber, 60_000)
    .option('--follow', 'print events as JSON lines while it runs')
    .option('--as <who>', 'who starts it: person:NAME or role:NAME; reviews may keep that person out');

  add<CommonFlags & { parkAfter: number }>(
    program,
    'resume [run...]',
    'recover everything unfinished and drive it until all has ended or parked',
    async (command, [runIds], flags) =>
      (await import('./run.ts')).resume(command, Array.isArray(runIds) ? runIds : [], flags),
  ).option('--park-after <ms>', 'a timer further away than this parks the run', wholeNumber, 60_000);

  const runs = program.command('runs').description('inspect, repair and end runs');
  add<CommonFlags & { workflow?: string; limit: number }>(
    runs,
    'list',
    'the latest runs',
    async (command, _args, flags) => (await import('./runs.ts')).list(command, flags),
  )
    .option('--workflow <id>', 'only runs of this workflow')
    .option('--limit <n>', 'at most this many', limitNumber, 100);
  add(runs, 'show <run>', 'state, steps and open questions of a run', async (command, [run]) =>
    (await import('./runs.ts')).show(command, String(run)),
  );
  add<CommonFlags & { follow?: boolean }>(runs, 'events <run>', 'the events of a run', async (command, [run], flags) =>
    (await import('./runs.ts')).events(command, String(run), { follow: flags.follow === true }),
  ).option('--follow', 'drive the run and print events as JSON lines until it ends or parks');
  add<CommonFlags & { as: string; reason?: string }>(
    runs,
    'cancel <run>',
    'end a run; what it did stays and is listed',
    async (command, [run], flags) => (await import('./runs.ts')).cancel(command, String(run), flags),
  )
    .option('--as <who>', 'who cancels: person:NAME or role:NAME', 'person:terminal')
    .option('--reason <text>', 'why');
  add<CommonFlags & { as: string; value?: string; id?: string }>(
    runs,
    'signal <run> <name>',
    'tell a run something a step waits for; alone, the run is then driven until it ends or parks',
    async (command, [run, name], flags) =>
      (await import('./signal.ts')).signal(command, String(run), String(name), flags),
  )
    .option('--value <json>', 'what to tell it, as JSON or @FILE; the output of the step that waits')
    .option('--id <id>', 'the same id again is the same signal')
    .requiredOption('--as <who>', 'who sends it: person:NAME or role:NAME');
  add<CommonFlags & { plan?: boolean; as: string; reason?: string; to?: string; resume?: boolean }>(
    runs,
    'rollback <run>',
    'undo what a run changed, the last change first',
    async (command, [run], flags) => (await import('./rollback.ts')).rollback(command, String(run), flags),
  )
    .option('--plan', 'only show what would be undone, in which order, and what stays')
    .option('--to <step>', 'only what ran after this checkpointed step, which then runs again')
    .option('--resume', 'with --to: go back, and on from there at once')
    .option('--as <who>', 'who asks for it: person:NAME or role:NAME', 'person:terminal')
    .option('--reason <text>', 'why');

  addRepair(runs, add);

  const inbox = program.command('inbox').description('what waits for a person');
  add<CommonFlags & { all?: boolean }>(inbox, 'list', 'open items', async (command, _args, flags) =>
    (await import('./inbox.ts')).list(command, { all: flags.all === true }),
  ).option('--all', 'decided ones too');
  add(inbox, 'show <task>', 'everything to decide on, and what each answer means', async (command, [task]) =>
    (await import('./inbox.ts')).show(command, String(task)),
  );
  add<
    CommonFlags & {
      approve?: boolean;
      edit?: string;
      reject?: boolean;
      sendBack?: boolean;
      raise?: string;
      rollback?: boolean;
      skip?: string;
      pin?: string;
      as: string;
      reason?: string;
    }
  >(
    inbox,
    'decide <task>',
    'answer an item; alone, the run is then driven until it ends or parks',
    async (command, [task], flags) =>
      (await import('./inbox.ts')).decide(command, String(task), {
        ...flags,
        approve: flags.approve === true,
        reject: flags.reject === true,
        sendBack: flags.sendBack === true,
        rollback: flags.rollback === true,
      }),
  )
    .option('--approve', 'review: go on; escalation: try again; in doubt: it happened')
    .option('--edit <json>', 'review: go on with this instead, JSON or @FILE; in doubt: it happened with this result')
    .option('--reject', 'review: refuse; escalation: give up; in doubt: it did not happen, try again')
    .option('--send-back', 'review: have it done again, --reason is the comment')
    .option(
      '--raise <limit>',
      'at a limit: go on with this new one; money as 1.50, time as 10min, counts as whole numbers',
    )
    .option('--rollback', 'escalation and in doubt: undo what the run did')
    .option('--skip <json>', 'escalation: go on with this as the result of the step, JSON or @FILE')
    .requiredOption('--as <who>', 'who decides: person:NAME or role:NAME')
    .option('--pin <pin>', 'proves it, or - to read it from the input; without it the answer is unverified')
    .option('--reason <text>', 'why');

  const dependencies = program.command('dependencies').description('systems that steps depend on');
  add(
    dependencies,
    'list',
    'whether they answer, and who waits for them',
    async (command) => (await import('./dependencies.ts')).list(command),
    { isDefault: true },
  );
  add<CommonFlags & { as: string }>(
    dependencies,
    'reset <name>',
    'say that a system answers again; what waits for it goes on',
    async (command, [name], flags) => (await import('./dependencies.ts')).reset(command, String(name), flags),
  ).requiredOption('--as <who>', 'who says so: person:NAME or role:NAME');

  addPeople(program, add);
  add(program, 'ledger [run]', 'effects on other systems and their state', async (command, [run]) =>
    (await import('./runs.ts')).ledger(command, typeof run === 'string' ? run : undefined),
  );
  const metrics = add<CommonFlags & { run?: string; since?: number; until?: number }>(
    program,
    'metrics [workflow]',
    'recovery quality: how runs fail, come back, repeat, undo and need people',
    async (command, [workflow], flags) =>
      (await import('./metrics.ts')).metrics(command, typeof workflow === 'string' ? workflow : undefined, flags),
  )
    .option('--run <run>', 'of this run only')
    .option('--since <time>', 'runs that started then or later', moment)
    .option('--until <time>', 'runs that started before', moment);
  metrics.addHelpText('after', metricsHelp);
  add(program, 'check <file>', 'problems of a workflow file, each with its place', async (command, [file]) =>
    (await import('./graphs.ts')).check(command, String(file)),
  );
  add(
    program,
    'export <workflow> [file]',
    'write a workflow to a file, or to stdout',
    async (command, [workflow, file]) =>
      (await import('./graphs.ts')).exportWorkflow(
        command,
        String(workflow),
        typeof file === 'string' ? file : undefined,
      ),
  );
  add(program, 'import <file...>', 'take workflow files in; all or none', async (command, [files]) =>
    (await import('./graphs.ts')).importFiles(command, Array.isArray(files) ? files : []),
  );
  add<CommonFlags & { port: number; open?: boolean }>(
    program,
    'serve',
    'the app in a browser on 127.0.0.1',
    (command, _args, flags) => options.serve({ dataDir: command.dataDir, port: flags.port, open: flags.open === true }),
  )
    .option('--port <n>', 'port to listen on (default: a free one)', portNumber, 0)
    .option('--open', 'open the browser')
    .option('--no-open', 'do not open the browser');
  add<CommonFlags & { rebuild?: boolean; backup?: string }>(
    program,
    'doctor',
    'check the data folder',
    async (command, _args, flags) =>
      (await import('./doctor.ts')).doctor(command, { ...flags, rebuild: flags.rebuild === true }),
  )
    .option('--rebuild', 'fold the projections again from the journal')
    .option('--backup <file>', 'write a verified copy of the database');

  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has said what is wrong; help and version end this way too, with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportFailure(error, debug);
  }
}

function numberWithin(text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  }
  return value;
}

const wholeNumber = (text: string): number => numberWithin(text, 0, 86_400_000);
const limitNumber = (text: string): number => numberWithin(text, 1, 1000);
const portNumber = (text: string): number => numberWithin(text, 0, 65_535);

function moment(text: string): number {
  const at = momentOf(text, Date.now());
  if (at === undefined)
    throw new InvalidArgumentError('It must be a time such as 2026-11-23, 2026-11-23T08:00Z, 24h or 7d.');
  return at;
}
