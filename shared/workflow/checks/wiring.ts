/**
 * Is the drawing sound: do edges begin and end somewhere, leave from ports that exist, and lead every step to its turn?
 * Cycles are refused here unless the edge that goes back carries a limit.
 */
import type { Edge } from '../document.ts';
import { portNames } from '../ports.ts';
import { knots, neighbours, reachable, shortestPath, type Arrow } from '../walk.ts';
import { exists, label, manifestOf, report, type CheckContext } from './context.ts';

function edgeEnds(context: CheckContext, edge: Edge, index: number): void {
  for (const [end, id] of [
    ['from', edge.from.step],
    ['to', edge.to.step],
  ] as const) {
    if (exists(context, id)) continue;
    report(context, {
      code: 'unknown_step',
      message: `Connection ${edge.id} ${end === 'from' ? 'starts' : 'ends'} at the step "${id}", which does not exist.`,
      path: ['edges', index, end, 'step'],
      fix: 'Connect it to an existing step, or remove it.',
    });
  }
}

function edgePort(context: CheckContext, edge: Edge, index: number): void {
  const step = context.document.steps[edge.from.step];
  if (!step || !exists(context, edge.from.step)) return;
  const { port } = edge.from;
  const at = { path: ['edges', index, 'from', 'port'], step: edge.from.step };
  if (port === 'rejected' && !step.gates?.before && !step.gates?.after) {
    report(context, {
      ...at,
      code: 'rejected_without_gate',
      message: `Connection ${edge.id} leaves ${label(context, edge.from.step)} when it is rejected, but nobody reviews that step.`,
      fix: 'Add a review gate to the step, or remove the connection.',
    });
    return;
  }
  if (edge.onErrors && port !== 'failed')
    report(context, {
      code: 'errors_off_failed',
      message: `Connection ${edge.id} names errors, but leaves ${label(context, edge.from.step)} from "${port}", not from "failed".`,
      path: ['edges', index, 'onErrors'],
      step: edge.from.step,
      fix: 'Let it start at the port "failed", or remove the errors.',
    });
  const manifest = manifestOf(context, step.kind);
  if (!manifest) return;
  const ports = portNames(step, manifest);
  if (ports.includes(port)) return;
  report(context, {
    ...at,
    code: 'unknown_port',
    message: `${label(context, edge.from.step)} has no port "${port}".`,
    fix: `Use one of: ${ports.join(', ')}.`,
  });
}

function twins(context: CheckContext): void {
  const ids = new Map<string, number>();
  const ways = new Map<string, string>();
  context.document.edges.forEach((edge, index) => {
    if (ids.has(edge.id))
      report(context, {
        code: 'duplicate_edge_id',
        message: `Two connections have the id "${edge.id}".`,
        path: ['edges', index, 'id'],
        fix: 'Give one of them another id.',
      });
    ids.set(edge.id, index);
    const way = JSON.stringify([edge.from.step, edge.from.port, edge.to.step, edge.onErrors ?? null]);
    const first = ways.get(way);
    if (first !== undefined)
      report(context, {
        code: 'duplicate_edge',
        severity: 'warning',
        message: `Connections ${first} and ${edge.id} are the same: both lead from ${label(context, edge.from.step)} to ${label(context, edge.to.step)}.`,
        path: ['edges', index],
        step: edge.from.step,
        fix: 'Remove one of them.',
      });
    else ways.set(way, edge.id);
  });
}

interface IndexedArrow extends Arrow {
  index: number;
  loop: boolean;
}

function arrowsOf(context: CheckContext): IndexedArrow[] {
  return context.document.edges
    .map((edge, index) => ({ from: edge.from.step, to: edge.to.step, index, loop: edge.loop !== undefined }))
    .filter((arrow) => exists(context, arrow.from) && exists(context, arrow.to));
}

/** Ids that have no incoming forward arrow: where a run begins. */
function entriesOf(ids: readonly string[], forward: readonly Arrow[]): string[] {
  const targets = new Set(forward.map((arrow) => arrow.to));
  return ids.filter((id) => !targets.has(id));
}

/** A long way is shown by its beginning and its end. */
function wayText(context: CheckContext, way: readonly string[]): string {
  const names = way.map((id) => label(context, id));
  return (names.length > 8 ? [...names.slice(0, 5), '…', ...names.slice(-2)] : names).join(' → ');
}

function cycles(context: CheckContext, ids: readonly string[], arrows: readonly IndexedArrow[]): void {
  const forward = arrows.filter((arrow) => !arrow.loop);
  const next = neighbours(forward, 'forward');
  for (const knot of knots(ids, next)) {
    const inside = new Set(knot);
    const within = neighbours(
      forward.filter((arrow) => inside.has(arrow.from) && inside.has(arrow.to)),
      'forward',
    );
    // The step through which the circle is entered is where an edge that goes back would lead.
    const enteredAt = forward.find((arrow) => inside.has(arrow.to) && !inside.has(arrow.from))?.to;
    const first = enteredAt ?? ids.find((id) => inside.has(id)) ?? '';
    const way = shortestPath(within, first, first) ?? [first, first];
    const closing = forward.find((arrow) => arrow.to === first && arrow.from === way[way.length - 2]);
    report(context, {
      code: 'cycle_without_limit',
      message: `These steps go round in a circle without a limit: ${wayText(context, way)}.`,
      path: closing ? ['edges', closing.index] : ['edges'],
      step: closing?.from ?? first,
      fix: 'Remove the connection that goes back, or give it a limit of rounds.',
    });
  }
  const all = neighbours(arrows, 'forward');
  for (const arrow of arrows) {
    if (!arrow.loop || arrow.from === arrow.to || reachable(all, [arrow.to]).has(arrow.from)) continue;
    report(context, {
      code: 'loop_without_cycle',
      message: `The connection from ${label(context, arrow.from)} to ${label(context, arrow.to)} has a limit of rounds, but does not go back.`,
      path: ['edges', arrow.index, 'loop'],
      step: arrow.from,
      fix: 'Remove the limit, or let the connection lead to an earlier step.',
    });
  }
}

function loose(context: CheckContext, ids: readonly string[], arrows: readonly IndexedArrow[]): void {
  const forward = arrows.filter((arrow) => !arrow.loop);
  const entries = new Set(entriesOf(ids, forward));
  const reached = reachable(neighbours(forward, 'forward'), [...entries]);
  for (const id of ids) {
    if (entries.has(id) || reached.has(id)) continue;
    report(context, {
      code: 'unreachable_step',
      message: `${label(context, id)} can never begin: no way leads to it from a step that starts the run.`,
      path: ['steps', id],
      fix: 'Connect it to a step that runs before it.',
    });
  }
  const touched = new Set(arrows.flatMap((arrow) => [arrow.from, arrow.to]));
  if (ids.length < 2) return;
  for (const id of ids) {
    if (touched.has(id) || context.document.steps[id]?.parent !== undefined) continue;
    report(context, {
      code: 'unconnected_step',
      severity: 'warning',
      message: `${label(context, id)} is not connected to any step, so it begins at once.`,
      path: ['steps', id],
      fix: 'Connect it, or remove it.',
    });
  }
}

function named(context: CheckContext): void {
  const { steps, groups, pins } = context.document;
  const miss = (id: string, path: (string | number)[], severity: 'error' | 'warning', what: string) => {
    if (exists(context, id)) return;
    report(context, {
      code: 'unknown_step',
      severity,
      message: `${what} names the step "${id}", which does not exist.`,
      path,
      fix: 'Name an existing step, or remove it.',
    });
  };
  for (const [id, step] of Object.entries(steps))
    if (step.parent !== undefined) miss(step.parent, ['steps', id, 'parent'], 'error', label(context, id));
  groups?.forEach((group, index) =>
    group.steps.forEach((id, at) => miss(id, ['groups', index, 'steps', at], 'warning', `The group “${group.label}”`)),
  );
  for (const id of Object.keys(pins ?? {})) miss(id, ['pins', id], 'warning', 'Sample data');
}

export function checkWiring(context: CheckContext): void {
  const ids = Object.keys(context.document.steps);
  if (ids.length === 0) {
    report(context, {
      code: 'empty_graph',
      message: 'The workflow has no steps.',
      path: ['steps'],
      fix: 'Add a step.',
    });
    return;
  }
  context.document.edges.forEach((edge, index) => {
    edgeEnds(context, edge, index);
    edgePort(context, edge, index);
  });
  twins(context);
  const arrows = arrowsOf(context);
  cycles(context, ids, arrows);
  loose(context, ids, arrows);
  named(context);
}
