/**
 * Durations as an analyst types and reads them: `5 min`, `1 h 30 min`, `500 ms`. What is written for a value reads back
 * as exactly that value.
 */
const units: { ms: number; write: string; read: readonly string[] }[] = [
  { ms: 86_400_000, write: 'd', read: ['d', 'day', 'days'] },
  { ms: 3_600_000, write: 'h', read: ['h', 'hr', 'hour', 'hours'] },
  { ms: 60_000, write: 'min', read: ['m', 'min', 'mins', 'minute', 'minutes'] },
  { ms: 1000, write: 's', read: ['s', 'sec', 'secs', 'second', 'seconds'] },
  { ms: 1, write: 'ms', read: ['ms', 'millisecond', 'milliseconds'] },
];

export function writeDuration(ms: number): string {
  if (ms === 0) return '0 s';
  const parts: string[] = [];
  let rest = Math.round(ms);
  for (const unit of units) {
    const whole = Math.floor(rest / unit.ms);
    if (whole > 0) parts.push(`${whole} ${unit.write}`);
    rest -= whole * unit.ms;
  }
  return parts.join(' ');
}

/** A number alone counts as seconds. `undefined` when it is no duration. */
export function readDuration(text: string): number | undefined {
  const clean = text.trim().toLowerCase().replace(/,/g, '.');
  if (clean === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(clean)) return Math.round(Number(clean) * 1000);
  let total = 0;
  let rest = clean;
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)\s*/.exec(rest);
    const [whole, amount, name] = match ?? [];
    if (whole === undefined || amount === undefined) return undefined;
    const unit = units.find((candidate) => candidate.read.includes(name ?? ''));
    if (!unit) return undefined;
    total += Number(amount) * unit.ms;
    rest = rest.slice(whole.length);
  }
  return Math.round(total);
}
