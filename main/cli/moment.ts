/** A moment as people write it on the command line: how long ago, a day, or an exact time with its zone. */

const units: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `7d` ago, a day, or a moment; undefined when it is neither. Epoch milliseconds. */
export function momentOf(text: string, now: number): number | undefined {
  const ago = /^(\d{1,6})([mhdw])$/.exec(text);
  if (ago) return now - Number(ago[1]) * (units[ago[2] ?? ''] ?? 0);
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) return undefined;
  const day = text.slice(0, 10);
  const midnight = Date.parse(day);
  // The 31st of February would be taken for a day of March.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) || at < 0 ? undefined : at;
}
