/**
 * The regular expressions of JSONata, with a time limit: a pattern that backtracks for ever stops with a sentence.
 * `node:vm` is used for its watchdog only, which interrupts a match that runs; it is no sandbox and none is needed here,
 * because no text of the user is run as code. Patterns that cannot blow up skip it and run at full speed.
 */
import vm from 'node:vm';

const MATCH_MS = 250;
const PLAIN_LENGTH = 10_000;

interface Job {
  pattern: RegExp;
  text: string;
  found: RegExpExecArray | null;
}

let watched: { job: Job; script: vm.Script; context: vm.Context } | undefined;

function execWatched(pattern: RegExp, text: string): RegExpExecArray | null {
  if (watched === undefined) {
    const job: Job = { pattern, text, found: null };
    const context = vm.createContext({ job, exec: RegExp.prototype.exec });
    watched = { job, context, script: new vm.Script('job.found = exec.call(job.pattern, job.text)') };
  }
  const { job, script, context } = watched;
  job.pattern = pattern;
  job.text = text;
  try {
    script.runInContext(context, { timeout: MATCH_MS });
    return job.found;
  } catch (error) {
    // The watchdog's error belongs to the context, so it is no instance of anything here.
    if ((error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw new Error(
        `The pattern /${pattern.source}/ took longer than ${MATCH_MS} ms on this text; write it more simply.`,
      );
    }
    throw error;
  } finally {
    job.text = '';
    job.found = null;
  }
}

/** At most one open-ended repetition and no repeated group: at worst quadratic. */
function isTame(source: string): boolean {
  const bare = source.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');
  return !/\)[*+{]/.test(bare) && (bare.match(/[*+]|\{\d*,\}/g)?.length ?? 0) <= 1;
}

class BoundedRegex extends RegExp {
  override exec(text: string): RegExpExecArray | null {
    if (text.length <= PLAIN_LENGTH && isTame(this.source)) return super.exec(text);
    return execWatched(this, text);
  }
}

export const boundedRegex: RegExpConstructor = BoundedRegex as unknown as RegExpConstructor;
