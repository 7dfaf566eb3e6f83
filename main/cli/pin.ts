/** A PIN from a flag, or with `-` from the first line of the standard input, where no list of processes shows it. */
import { CliFailure } from './output.ts';

const MAX_BYTES = 1_000;

export async function readPin(flag: string): Promise<string> {
  const pin = flag === '-' ? await firstLine() : flag;
  if (pin === '' || pin.length > 100) throw new CliFailure(2, 'A PIN has 1 to 100 characters; give one with --pin.');
  return pin;
}

async function firstLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > MAX_BYTES) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}
