/**
 * Where a graph goes round: for every step that loop edges lead back to, the body that runs again, the edges that go
 * back and the edges that leave. Computed once per graph; assumes nothing about soundness, which `checkLoops` judges.
 * Source of the rule: semantics, Control flow.
 */
import type { Edge } from './document.ts';
import { neighbours, reachable } from './walk.ts';

export interface LoopRegion {
  /** The step that the loop edges lead back to, and through which alone the body is entered. */
  head: string;
  /** The edges that go back to the head. */
  back: readonly Edge[];
  /** Every step between the head and a step that goes back, both included. */
  body: ReadonlySet<string>;
  exits: readonly Edge[];
}

export interface Loops {
  /** The regions a step is in, the smallest first. */
  around: ReadonlyMap<string, readonly LoopRegion[]>;
  /** The regions an edge leaves, the smallest first. */
  left: ReadonlyMap<Edge, readonly LoopRegion[]>;
  /** The edges that go back inside what this one repeats: their rounds are counted anew. */
  inner: ReadonlyMap<Edge, readonly Edge[]>;
}

const none: Loops = { around: new Map(), left: new Map(), inner: new Map() };

export function findLoops(edges: readonly Edge[]): Loops {
  if (!edges.some((edge) => edge.loop)) return none;
  const arrows = edges.map((edge) => ({ from: edge.from.step, to: edge.to.step }));
  const forward = neighbours(arrows, 'forward');
  const back = edges.filter((edge) => edge.loop && reachable(forward, [edge.to.step]).has(edge.from.step));
  const backward = neighbours(arrows, 'backward');
  const bodies = new Map(back.map((edge) => [edge, bodyOf(edge, forward, backward)]));
  const heads = [...new Set(back.map((edge) => edge.to.step))];
  const regions = heads
    .map((head): LoopRegion => {
      const own = back.filter((edge) => edge.to.step === head);
      const body = new Set(own.flatMap((edge) => [...(bodies.get(edge) ?? [])]));
      return { head, back: own, body, exits: edges.filter((edge) => leaves(edge, body)) };
    })
    .sort((one, other) => one.body.size - other.body.size);
  const around = new Map<string, LoopRegion[]>();
  for (const region of regions) for (const id of region.body) around.set(id, [...(around.get(id) ?? []), region]);
  const left = new Map<Edge, LoopRegion[]>();
  for (const edge of edges) {
    const found = regions.filter(({ body }) => leaves(edge, body));
    if (found.length > 0) left.set(edge, found);
  }
  const inner = new Map(
    back.map((edge) => [edge, back.filter((other) => isInside(bodies.get(other), bodies.get(edge)))]),
  );
  return { around, left, inner };
}

function leaves(edge: Edge, body: ReadonlySet<string>): boolean {
  return body.has(edge.from.step) && !body.has(edge.to.step);
}

function isInside(inner: ReadonlySet<string> | undefined, outer: ReadonlySet<string> | undefined): boolean {
  return !!inner && !!outer && inner.size < outer.size && [...inner].every((id) => outer.has(id));
}

/** Backwards from the step that goes back, not beyond the head, and only what the head leads to. */
function bodyOf(
  edge: Edge,
  forward: ReadonlyMap<string, readonly string[]>,
  backward: ReadonlyMap<string, readonly string[]>,
): Set<string> {
  const head = edge.to.step;
  const source = edge.from.step;
  const fromHead = reachable(forward, [head]);
  const body = new Set([head, source]);
  const open = source === head ? [] : [source];
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const before of backward.get(at) ?? [])
      if (!body.has(before) && fromHead.has(before)) {
        body.add(before);
        open.push(before);
      }
  return body;
}

/** A way into a loop that does not lead through its head: an edge from outside, or a step inside that begins on its own. */
export interface SideEntry {
  region: LoopRegion;
  step: string;
  edge?: Edge;
}

export function sideEntries(edges: readonly Edge[]): SideEntry[] {
  const regions = new Set([...findLoops(edges).around.values()].flat());
  const forward = edges.filter((edge) => !edge.loop);
  const reached = new Set(forward.map((edge) => edge.to.step));
  return [...regions].flatMap((region) => {
    const inside = [...region.body].filter((id) => id !== region.head);
    const entering = edges.filter(({ to, from }) => inside.includes(to.step) && !region.body.has(from.step));
    const beginning = inside.filter((id) => !reached.has(id));
    return [
      ...entering.map((edge) => ({ region, step: edge.to.step, edge })),
      ...beginning.map((step) => ({ region, step })),
    ];
  });
}

export function innerLoops(loops: Loops, edge: Edge): readonly Edge[] {
  return loops.inner.get(edge) ?? [];
}

/** The regions a step is in, the smallest first. */
export function regionsAround(loops: Loops, id: string): readonly LoopRegion[] {
  return loops.around.get(id) ?? [];
}

/** How often the body may run for each time it is entered. */
export function roundsAllowed(edge: Edge): number {
  return edge.loop?.maxIterations ?? 1;
}
