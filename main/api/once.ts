/**
 * A command happens once: a second call with the same id gets the first one's answer, also while that is still on its
 * way. Remembers the latest commands of this process; what must hold across restarts is deduplicated in the journal.
 */
const REMEMBERED = 2_000;

export interface Once {
  <T>(commandId: string, act: () => Promise<T>): Promise<T>;
}

export function createOnce(): Once {
  const answers = new Map<string, Promise<unknown>>();
  return <T>(commandId: string, act: () => Promise<T>): Promise<T> => {
    const known = answers.get(commandId);
    if (known) return known as Promise<T>;
    const answer = act();
    answers.set(commandId, answer);
    // A refused command changed nothing, so it may be tried again.
    answer.catch(() => answers.delete(commandId));
    if (answers.size > REMEMBERED) {
      const oldest = answers.keys().next();
      if (!oldest.done) answers.delete(oldest.value);
    }
    return answer;
  };
}
