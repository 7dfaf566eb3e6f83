/** Are maps drawn soundly: something inside, connections that stay inside, and a list to go over? */
import { mapKind } from '../graph.ts';
import { isWholeTemplate } from '../template.ts';
import { exists, label, report, type CheckContext } from './context.ts';

/** A connection ends where its container does. */
function crossings(context: CheckContext): void {
  const { steps, edges } = context.document;
  edges.forEach((edge, index) => {
    const { step: from } = edge.from;
    const { step: to } = edge.to;
    if (!exists(context, from) || !exists(context, to) || steps[from]?.parent === steps[to]?.parent) return;
    report(context, {
      code: 'edge_crosses_container',
      message: `The connection from ${label(context, from)} to ${label(context, to)} crosses the border of a container.`,
      path: ['edges', index],
      step: from,
      fix: 'Connect steps of the same container, or the container itself.',
    });
  });
}

function container(context: CheckContext, id: string): void {
  const { steps } = context.document;
  const parent = steps[id]?.parent;
  if (parent === undefined || !exists(context, parent)) return;
  const around = new Set([id]);
  let at: string | undefined = parent;
  while (at !== undefined && !around.has(at)) {
    around.add(at);
    at = steps[at]?.parent;
  }
  if (steps[parent]?.kind === mapKind && at === undefined) return;
  report(context, {
    code: 'no_container',
    message:
      at === undefined
        ? `${label(context, id)} is inside ${label(context, parent)}, which contains no steps.`
        : `${label(context, id)} is inside itself.`,
    path: ['steps', id, 'parent'],
    fix: 'Put it into a container that repeats its steps, or take it out.',
  });
}

function map(context: CheckContext, id: string): void {
  const { steps } = context.document;
  if (!Object.values(steps).some((step) => step.parent === id))
    report(context, {
      code: 'empty_container',
      message: `${label(context, id)} repeats its steps for each item, but there are none inside.`,
      path: ['steps', id],
      fix: 'Put a step into it, or remove it.',
    });
  const items = steps[id]?.config['items'];
  const isOpen = typeof items === 'string' && isWholeTemplate(items.trim());
  if (items !== undefined && !isOpen && !Array.isArray(items))
    report(context, {
      code: 'items_no_list',
      message: `${label(context, id)} goes over something that is no list.`,
      path: ['steps', id, 'config', 'items'],
      fix: 'Give a list, or an expression between {{ and }} that finds one.',
    });
}

export function checkContainers(context: CheckContext): void {
  crossings(context);
  for (const [id, step] of Object.entries(context.document.steps)) {
    container(context, id);
    if (step.kind === mapKind) map(context, id);
  }
}
