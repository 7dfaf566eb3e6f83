/**
 * What a map goes over, and what an expression inside it sees of its item.
 * A value that is no list is never guessed at: one value is a list of one, nothing is an empty list, null is a mistake.
 */
import { itemOf, mapOf } from '../../shared/run/aside.ts';
import type { StepError } from '../../shared/run/errors.ts';
import type { RunState } from '../../shared/run/state.ts';
import { isWholeTemplate } from '../../shared/workflow/template.ts';
import { evaluate, resolve, type Resolved, type Scope } from './expressions.ts';

/** The settings of a map with their values, except `result`, which is evaluated for each item. */
export async function resolveMap(config: Record<string, unknown>, scope: Scope): Promise<Resolved> {
  const { items, result, ...rest } = config;
  const others = await resolve(rest, scope);
  if (!others.ok) return others;
  const list = await listOf(items, scope);
  if (!list.ok) return list;
  return { ok: true, config: { items: list.items, ...others.config, ...(result === undefined ? {} : { result }) } };
}

async function listOf(
  items: unknown,
  scope: Scope,
): Promise<{ ok: true; items: unknown[] } | { ok: false; error: StepError }> {
  if (typeof items !== 'string' || !isWholeTemplate(items.trim())) {
    const filled = await resolve({ items }, scope);
    if (!filled.ok) return filled;
    const list = filled.config['items'];
    return Array.isArray(list) ? { ok: true, items: list } : noList('is no list');
  }
  const found = await evaluate(items, scope);
  if (!found.ok) return noList(`has no value: ${found.message}`);
  if (found.value === null) return noList('is null, which is no list');
  if (found.value === undefined) return { ok: true, items: [] };
  return { ok: true, items: Array.isArray(found.value) ? found.value : [found.value] };
}

function noList(why: string): { ok: false; error: StepError } {
  const message = `What the map goes over ("items") ${why.replace(/\.$/, '')}.`;
  return { ok: false, error: { class: 'invalid_output', code: 'no_list', message } };
}

/** `$item` and `$index` of the innermost map around a scope. */
export function itemIn(state: RunState, scope: string): { item?: unknown; index?: number } {
  const found = itemOf(scope);
  const map = found && mapOf(state, found.map);
  return found && map ? { item: map.items[found.index], index: found.index } : {};
}
