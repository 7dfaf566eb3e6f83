/**
 * Walking a graph of ids: reachability and cycles. Knows nothing of documents; every function is linear in edges and
 * works without recursion, because a chain may be as long as the graph.
 */
export interface Arrow {
  from: string;
  to: string;
}

export type Neighbours = ReadonlyMap<string, readonly string[]>;

export function neighbours(arrows: readonly Arrow[], direction: 'forward' | 'backward'): Neighbours {
  const map = new Map<string, string[]>();
  for (const arrow of arrows) {
    const [key, value] = direction === 'forward' ? [arrow.from, arrow.to] : [arrow.to, arrow.from];
    const known = map.get(key);
    if (known) known.push(value);
    else map.set(key, [value]);
  }
  return map;
}

/** Everything that can be reached from `starts`, which belong to it only if they can be reached again. */
export function reachable(next: Neighbours, starts: readonly string[]): Set<string> {
  const found = new Set<string>();
  const open = [...starts];
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const to of next.get(at) ?? [])
      if (!found.has(to)) {
        found.add(to);
        open.push(to);
      }
  return found;
}

/** The shortest way from `from` to `to` of at least one arrow, both ends included; undefined when there is none. */
export function shortestPath(next: Neighbours, from: string, to: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [from];
  for (let index = 0; index < queue.length; index += 1) {
    const at = queue[index] as string;
    for (const step of next.get(at) ?? []) {
      if (step === to) {
        const path = [to, at];
        for (let back = at; back !== from;) {
          back = cameFrom.get(back) as string;
          path.push(back);
        }
        return path.reverse();
      }
      if (step === from || cameFrom.has(step)) continue;
      cameFrom.set(step, at);
      queue.push(step);
    }
  }
  return undefined;
}

/** Groups of ids that can all reach each other, single ids with an arrow to themselves included (Tarjan). */
export function knots(ids: readonly string[], next: Neighbours): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const found: string[][] = [];
  const enter = (id: string) => {
    order.set(id, order.size);
    low.set(id, order.get(id) as number);
    stack.push(id);
    onStack.add(id);
    return { id, next: 0 };
  };
  const lower = (id: string, value: number) => low.set(id, Math.min(low.get(id) as number, value));
  for (const start of ids) {
    if (order.has(start)) continue;
    const calls = [enter(start)];
    for (let call = calls[calls.length - 1]; call; call = calls[calls.length - 1]) {
      const to = next.get(call.id)?.[call.next];
      call.next += 1;
      if (to !== undefined) {
        if (!order.has(to)) calls.push(enter(to));
        else if (onStack.has(to)) lower(call.id, order.get(to) as number);
        continue;
      }
      calls.pop();
      const caller = calls[calls.length - 1];
      if (caller) lower(caller.id, low.get(call.id) as number);
      if (low.get(call.id) !== order.get(call.id)) continue;
      const group: string[] = [];
      for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
        onStack.delete(id);
        group.push(id);
        if (id === call.id) break;
      }
      if (group.length > 1 || (next.get(call.id) ?? []).includes(call.id)) found.push(group.reverse());
    }
  }
  return found;
}
