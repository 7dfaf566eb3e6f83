/** How random graphs are drawn so that they are sound: loops with one entry, edges that stay inside their container. */
import { sideEntries } from '../../shared/workflow/regions.ts';
import { neighbours, reachable } from '../../shared/workflow/walk.ts';
import { documentOf, type EdgeInput, type StepInput } from './graph.ts';

/** Steps by name; some become maps, and some lie in a map before them. */
export function contained(
  steps: readonly StepInput[],
  containers: readonly { within?: number | undefined; config?: Record<string, unknown> | undefined }[],
): Record<string, StepInput> {
  const named: Record<string, StepInput> = {};
  for (const [index, { compensate, ...step }] of steps.entries()) {
    const { within = 0, config } = containers[index] ?? {};
    const parent = within > 0 && named[`s${index - within}`]?.kind === 'map' ? { parent: `s${index - within}` } : {};
    named[`s${index}`] = config
      ? { ...step, kind: 'map', effect: 'pure', config, ...parent }
      : { ...step, ...(compensate ? { compensate } : {}), ...parent };
  }
  return named;
}

/** Edges forwards as they are; those that lead back are loops, as long as no loop has a second entry. */
export function wired(
  steps: Readonly<Record<string, StepInput>>,
  edges: readonly { from: number; to: number; port: string; extra: EdgeInput[2] }[],
  loops: boolean,
): EdgeInput[] {
  const edgeOf = ({ from, to, port, extra }: (typeof edges)[number], loop: object): EdgeInput => [
    `s${from}:${port}`,
    `s${to}`,
    { ...(port === 'failed' ? extra : {}), ...loop },
  ];
  const parentOf = (index: number): string | undefined => steps[`s${index}`]?.parent;
  const inside = edges.filter(({ from, to }) => parentOf(from) === parentOf(to));
  let sound = inside.filter(({ from, to }) => from < to).map((edge) => edgeOf(edge, {}));
  for (const edge of loops ? inside.filter(({ from, to }) => from >= to) : []) {
    const more = [...sound, edgeOf(edge, { loop: { maxIterations: 1 + ((edge.from + edge.to) % 3) } })];
    if (sideEntries(documentOf({}, more).edges).length === 0 && closesCircle(more)) sound = more;
  }
  return sound;
}

/** Every loop edge is on a circle whose other edges lead forwards. */
function closesCircle(edges: readonly EdgeInput[]): boolean {
  const { edges: all } = documentOf({}, edges);
  const arrows = all.filter((edge) => !edge.loop).map((edge) => ({ from: edge.from.step, to: edge.to.step }));
  const next = neighbours(arrows, 'forward');
  return all.every(({ loop, from, to }) => !loop || from.step === to.step || reachable(next, [to.step]).has(from.step));
}

/** Some steps have reviews that send back to a step before them: which of them, the numbers say. */
export function sentBack(
  steps: Record<string, StepInput>,
  paths: readonly EdgeInput[],
  numbers: readonly number[],
): Record<string, StepInput> {
  const forward = documentOf({}, paths).edges.filter((edge) => !edge.loop);
  const arrows = forward.map(({ from, to }) => ({ from: from.step, to: to.step }));
  const before = neighbours(arrows, 'backward');
  const later = Object.keys(steps).filter((id) => before.has(id));
  const changed = { ...steps };
  for (const number of numbers) {
    const id = later[number % Math.max(1, later.length)];
    const one = id === undefined ? undefined : changed[id];
    if (id === undefined || one === undefined) continue;
    const earlier = [...reachable(before, [id])];
    const sendBackTo = earlier[number % earlier.length];
    const side = number % 2 === 0 ? 'before' : 'after';
    const known = one.gates?.[side] ?? { owner: 'role:reviewer', maxSendBacks: 2 };
    changed[id] = { ...one, gates: { ...one.gates, [side]: { ...known, sendBackTo } } };
  }
  return changed;
}
