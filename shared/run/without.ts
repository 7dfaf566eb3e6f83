/**
 * Leaving a field out of a state. A fold does it with nearly every event and nearly always there is nothing to leave
 * out; naming a field in a pattern copies the whole object thirty times slower than spreading it.
 */

/** The object itself when it has none of these fields; else a copy without them. */
export function without<T extends object, K extends keyof T & string>(value: T, ...names: K[]): Omit<T, K> {
  if (!names.some((name) => Object.hasOwn(value, name))) return value;
  const kept = Object.entries(value).filter(([name]) => !(names as string[]).includes(name));
  return Object.fromEntries(kept) as Omit<T, K>;
}
