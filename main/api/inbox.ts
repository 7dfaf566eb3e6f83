/** The inbox: open questions, the card a person decides on, and the decision itself. */
import { ApiError } from '../../shared/api/contract.ts';
import type { Handlers, InboxCard, InboxItem } from '../../shared/api/contract.ts';
import { stepIdOf } from '../../shared/run/keys.ts';
import { changesTheWorld, effectWords } from '../../shared/steps/effect.ts';
import { expressionText, templateParts } from '../../shared/workflow/template.ts';
import { compileGraph } from '../../shared/workflow/graph.ts';
import type { Graph, GraphStep } from '../../shared/workflow/graph.ts';
import { evaluate, type Scope } from '../runtime/expressions.ts';
import { scopeOf } from '../runtime/prepare.ts';
import { historyOf } from './history.ts';
import type { Once } from './once.ts';
import type { Parts } from './parts.ts';
import { noSuchRun } from './runs.ts';

export function inboxHandlers(parts: Parts, once: Once): Pick<Handlers, 'inbox.list' | 'inbox.get' | 'inbox.decide'> {
  const { store, engine, live } = parts;

  async function item(taskId: string): Promise<InboxItem> {
    const found = (await store.tasks({ taskId, state: 'all' }))[0];
    if (!found) throw new ApiError('not_found', `There is no inbox item with the id ${taskId}.`, '/taskId');
    return found;
  }

  return {
    'inbox.list': ({ state }, push, signal) =>
      live.watch(['inbox'], () => store.tasks({ state: state ?? 'open' }), push, signal),
    'inbox.get': async ({ taskId }) => card(parts, await item(taskId)),
    'inbox.decide': ({ commandId, taskId, answer, by, reason, value, digest, ports, pin }) =>
      once(commandId, async () => {
        const { runId } = await item(taskId);
        const proof = await parts.people.prove(by, pin);
        await engine.decideTask({
          commandId,
          runId,
          taskId,
          answer,
          by,
          ...proof,
          ...(reason === undefined ? {} : { reason }),
          ...(value === undefined ? {} : { value }),
          ...(digest === undefined ? {} : { digest }),
          ...(ports === undefined ? {} : { ports }),
        });
        return null;
      }),
  };
}

async function card(parts: Parts, item: InboxItem): Promise<InboxCard> {
  const found = await parts.engine.read(item.runId);
  if (!found) throw noSuchRun(item.runId);
  const { state, events, document } = found;
  const step = Object.hasOwn(state.steps, item.step) ? state.steps[item.step] : undefined;
  const attempt = step?.attempts[step.attempts.length - 1];
  const graph = compileGraph(document, parts.manifests);
  const scope = scopeOf(state, item.step);
  const withKnownTarget = async (effect: InboxCard['next'][number]) => ({
    ...effect,
    target: await fillKnown(effect.target, scope),
  });
  return {
    ...item,
    input: state.input,
    stepInput: step?.config ?? null,
    stepOutput: step?.output ?? null,
    ...(attempt?.details ? { details: attempt.details } : {}),
    next: item.kind === 'review' ? await Promise.all(nextEffects(parts, graph, item).map(withKnownTarget)) : [],
    history: historyOf(events, document),
  };
}

/** Effects that fire before anybody is asked again, in the order they are reached. */
export function nextEffects(
  parts: Pick<Parts, 'manifests'>,
  graph: Graph,
  task: Pick<InboxItem, 'step' | 'gate'>,
): InboxCard['next'] {
  const start = graph.steps.get(stepIdOf(task.step));
  if (!start) return [];
  const next: InboxCard['next'] = [];
  const seen = new Set<string>([start.id]);
  const open: { node: GraphStep; maybe: boolean }[] = [];
  const follow = (node: GraphStep, maybe: boolean): void => {
    // Ports beside `out` are chosen by a condition when the run is there.
    for (const edge of node.outgoing) {
      if (edge.from.port === 'failed' || edge.from.port === 'rejected' || edge.loop || seen.has(edge.to.step)) continue;
      seen.add(edge.to.step);
      const target = graph.steps.get(edge.to.step);
      if (target) open.push({ node: target, maybe: maybe || edge.from.port !== 'out' });
    }
  };
  if (task.gate === 'before') open.push({ node: start, maybe: false });
  else follow(start, false);
  for (let entry = open.shift(); entry; entry = open.shift()) {
    const { node, maybe } = entry;
    const { gates, compensate, label, kind } = node.step;
    if (gates?.before && node !== start) continue;
    if (changesTheWorld(node.effect)) {
      next.push({
        step: node.id,
        label: label ?? node.id,
        effect: effectWords[node.effect],
        target: targetOf(node.step.config) ?? parts.manifests.get(kind)?.title ?? kind,
        ...(compensate ? { undo: compensate.label ?? compensate.kind } : {}),
        ...(maybe ? { maybe } : {}),
      });
    }
    if (!gates?.after) follow(node, maybe);
  }
  return next;
}

/** Values that are known by now take the place of their templates; what the run still has to find out is named. */
async function fillKnown(text: string, scope: Scope): Promise<string> {
  const parts = await Promise.all(
    templateParts(text).parts.map(async (part) => {
      if (part.type === 'text') return part.text;
      const found = await evaluate(part.expression, scope);
      if (found.ok && (typeof found.value === 'string' || typeof found.value === 'number')) return String(found.value);
      return `‹${expressionText(part.expression).trim().split('.').at(-1) ?? '…'}›`;
    }),
  );
  return parts.join('');
}

/** What a config aims at, as it is written: `POST sandbox://payments/refunds`. */
export function targetOf(config: Record<string, unknown>): string | undefined {
  const { url, method, connection } = config;
  if (typeof url === 'string') return typeof method === 'string' ? `${method} ${url}` : url;
  return typeof connection === 'string' ? connection : undefined;
}
