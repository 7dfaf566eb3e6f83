/**
 * Everything an editor can do to a graph, as plain data. `applyEdit` gives the new document, the name for the undo
 * menu and the edit that takes it back exactly. Documents are never changed in place; what an edit does not touch is
 * shared. A refused edit says why and leaves nothing half done. Judging the result is `findProblems`' work.
 */
import type { EffectClass } from '../steps/effect.ts';
import { canonicalText } from './canonical.ts';
import { stepLabel } from './describe.ts';
import {
  documentSchema,
  edgeSchema,
  stepIdPattern,
  stepSchema,
  type Edge,
  type Step,
  type WorkflowDocument,
} from './document.ts';
import { freshEdgeId } from './fresh.ts';
import { issueProblems } from './issues.ts';
import { applyChanges, type FieldChange } from './json-edit.ts';
import { defaultGates, defaultRetry, type Mark } from './marks.ts';
import { documentLimits } from './parse.ts';
import { pathOf } from './pointer.ts';
import { withoutSteps } from './removal.ts';
import { findUnsafe } from './safety.ts';

export type { FieldChange } from './json-edit.ts';

export interface Point {
  x: number;
  y: number;
}

export type Edit =
  | { type: 'addStep'; id: string; step: Step; at: Point; connectFrom?: { step: string; port: string } }
  /** `reconnect` joins what came before to what came after. */
  | { type: 'removeSteps'; steps: string[]; reconnect?: boolean }
  | { type: 'moveSteps'; positions: Record<string, Point> }
  | { type: 'connect'; edge: Edge }
  | { type: 'disconnect'; edges: string[] }
  | { type: 'updateEdge'; edge: string; changes: FieldChange[] }
  /** Pointers count from the step: `/config/url`, `/retry/retriers/0/maxRetries`. */
  | { type: 'updateStep'; step: string; changes: FieldChange[] }
  /** An empty label takes it away. */
  | { type: 'renameStep'; step: string; label: string }
  | { type: 'setMark'; step: string; mark: Mark; on: boolean; effect: EffectClass }
  /** Pointers count from the document: `/name`, `/owner`, `/settings/budget/costMicros`, `/inputs`, `/notes/-`. */
  | { type: 'setWorkflow'; changes: FieldChange[] }
  | { type: 'paste'; steps: Record<string, Step>; edges: Edge[]; layout: Record<string, Point> }
  | { type: 'batch'; name: string; edits: Edit[] }
  /** What undo and redo are made of: whole fields of the document as they were. */
  | { type: 'restore'; name: string; set: Partial<WorkflowDocument>; unset: (keyof WorkflowDocument)[] };

export type Edited =
  | { ok: true; document: WorkflowDocument; inverse: Edit; name: string }
  | { ok: false; message: string };

type Result = { ok: true; document: WorkflowDocument; name: string } | { ok: false; message: string };

const NOT_BY_SET_WORKFLOW = new Set(['$schema', 'formatVersion', 'id', 'steps', 'edges', 'layout']);

function refuse(message: string): { ok: false; message: string } {
  return { ok: false, message };
}

const NO_PLACE = 'A position must be two numbers.';

function areFinite(points: readonly Point[]): boolean {
  return points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
}

function has(document: WorkflowDocument, id: string): boolean {
  return Object.hasOwn(document.steps, id);
}

const noStep = (id: string) => refuse(`There is no step "${id}".`);

function parsedStep(value: unknown): { ok: true; step: Step } | { ok: false; message: string } {
  const unsafe = findUnsafe(value, documentLimits.maxDepth - 2);
  if (unsafe) return refuse(unsafe.message);
  const parsed = stepSchema.safeParse(value);
  if (parsed.success) return { ok: true, step: parsed.data };
  return refuse(issueProblems(parsed.error.issues, value, [])[0]?.message ?? 'The step is not valid.');
}

function putStep(document: WorkflowDocument, id: string, value: unknown, name: string): Result {
  const parsed = parsedStep(value);
  if (!parsed.ok) return parsed;
  if (canonicalText(parsed.step) === canonicalText(document.steps[id])) return { ok: true, document, name };
  return { ok: true, document: { ...document, steps: { ...document.steps, [id]: parsed.step } }, name };
}

function putEdge(document: WorkflowDocument, value: unknown, at: number): Result {
  const parsed = edgeSchema.safeParse(value);
  if (!parsed.success)
    return refuse(issueProblems(parsed.error.issues, value, [])[0]?.message ?? 'The connection is not valid.');
  const edge = parsed.data;
  for (const id of [edge.from.step, edge.to.step]) if (!has(document, id)) return noStep(id);
  const others = document.edges.filter((_other, index) => index !== at);
  if (others.some((other) => other.id === edge.id)) return refuse(`There is already a connection "${edge.id}".`);
  const before = document.edges[at];
  if (before && canonicalText(before) === canonicalText(edge)) return { ok: true, document, name: '' };
  const ends = `${stepLabel(document, edge.from.step)} to ${stepLabel(document, edge.to.step)}`;
  const way = (one: Edge) => canonicalText([one.from, one.to, one.onErrors]);
  if (others.some((other) => way(other) === way(edge))) return refuse(`${ends} is already connected.`);
  const edges = [...document.edges];
  edges[at] = edge;
  return { ok: true, document: { ...document, edges }, name: `Connect ${ends}` };
}

function addSteps(document: WorkflowDocument, steps: Record<string, Step>, layout: Record<string, Point>): Result {
  const added: Record<string, Step> = {};
  for (const [id, step] of Object.entries(steps)) {
    if (has(document, id)) return refuse(`There is already a step "${id}".`);
    if (!stepIdPattern.test(id) || id === 'constructor' || id.length > 64)
      return refuse(`"${id}" cannot be the id of a step.`);
    const parsed = parsedStep(step);
    if (!parsed.ok) return parsed;
    added[id] = parsed.step;
  }
  if (!areFinite(Object.values(layout))) return refuse(NO_PLACE);
  const places = Object.fromEntries(Object.entries(layout).filter(([id]) => Object.hasOwn(steps, id)));
  const next = { ...document, steps: { ...document.steps, ...added }, layout: { ...document.layout, ...places } };
  return { ok: true, document: next, name: '' };
}

function counted(count: number, one: string, many: string): string {
  return count === 1 ? one : `${count} ${many}`;
}

function markName(mark: Mark, on: boolean, label: string): string {
  switch (mark) {
    case 'retry':
      return on ? `Make ${label} retryable` : `Stop retrying ${label}`;
    case 'checkpoint':
      return on ? `Checkpoint ${label}` : `Remove the checkpoint of ${label}`;
    case 'gates':
      return on ? `Review ${label}` : `Remove the review of ${label}`;
  }
}

function setMark(document: WorkflowDocument, edit: Extract<Edit, { type: 'setMark' }>): Result {
  const step = document.steps[edit.step];
  if (!step || !has(document, edit.step)) return noStep(edit.step);
  const name = markName(edit.mark, edit.on, stepLabel(document, edit.step));
  if (edit.on === (step[edit.mark] !== undefined && step[edit.mark] !== false)) return { ok: true, document, name };
  const { [edit.mark]: _was, ...rest } = step;
  if (!edit.on) return putStep(document, edit.step, rest, name);
  switch (edit.mark) {
    case 'retry':
      return putStep(document, edit.step, { ...step, retry: defaultRetry(edit.effect) }, name);
    case 'checkpoint':
      return putStep(document, edit.step, { ...step, checkpoint: true }, name);
    case 'gates':
      return putStep(
        document,
        edit.step,
        { ...step, gates: defaultGates(edit.effect, document.owner ?? 'role:reviewer') },
        name,
      );
  }
}

function setWorkflow(document: WorkflowDocument, changes: readonly FieldChange[]): Result {
  const fields = new Set(changes.map((change) => pathOf(change.pointer)[0] ?? ''));
  const changed = applyChanges(document, changes);
  if (!changed.ok) return changed;
  const unsafe = findUnsafe(changed.value, documentLimits.maxDepth);
  if (unsafe) return refuse(unsafe.message);
  const wanted = changed.value as WorkflowDocument;
  let next = document;
  for (const field of fields) {
    if (NOT_BY_SET_WORKFLOW.has(field) || !Object.hasOwn(documentSchema.shape, field))
      return refuse(`"${field}" cannot be changed this way.`);
    const key = field as keyof WorkflowDocument;
    const parsed = documentSchema.shape[key].safeParse(wanted[key]);
    if (!parsed.success) {
      const issues = parsed.error.issues.map((issue) => ({ ...issue, path: [key, ...issue.path] }));
      return refuse(issueProblems(issues, wanted, [])[0]?.message ?? `"${field}" is not valid.`);
    }
    if (canonicalText(parsed.data) === canonicalText(document[key])) continue;
    const { [key]: _was, ...rest } = next;
    next = (parsed.data === undefined ? rest : { ...next, [key]: parsed.data }) as WorkflowDocument;
  }
  const only = fields.size === 1 ? [...fields][0] : undefined;
  return {
    ok: true,
    document: next,
    name: only === 'name' ? 'Rename the workflow' : `Change the ${only ?? 'workflow'}`,
  };
}

function perform(document: WorkflowDocument, edit: Edit): Result {
  switch (edit.type) {
    case 'addStep': {
      const added = addSteps(document, { [edit.id]: edit.step }, { [edit.id]: edit.at });
      if (!added.ok) return added;
      const name = `Add ${stepLabel(added.document, edit.id)}`;
      if (!edit.connectFrom) return { ...added, name };
      const edge: Edge = { id: freshEdgeId(document), from: edit.connectFrom, to: { step: edit.id } };
      const connected = putEdge(added.document, edge, document.edges.length);
      return connected.ok ? { ...connected, name } : connected;
    }
    case 'removeSteps': {
      const missing = edit.steps.find((id) => !has(document, id));
      if (missing !== undefined) return noStep(missing);
      const [only = ''] = edit.steps;
      const what = counted(edit.steps.length, stepLabel(document, only), 'steps');
      return {
        ok: true,
        document: withoutSteps(document, edit.steps, edit.reconnect === true),
        name: `Delete ${what}`,
      };
    }
    case 'moveSteps': {
      const ids = Object.keys(edit.positions);
      const missing = ids.find((id) => !has(document, id));
      if (missing !== undefined) return noStep(missing);
      if (!areFinite(Object.values(edit.positions))) return refuse(NO_PLACE);
      const name = `Move ${counted(ids.length, stepLabel(document, ids[0] ?? ''), 'steps')}`;
      const layout = { ...document.layout };
      for (const [id, { x, y }] of Object.entries(edit.positions)) layout[id] = { x, y };
      if (canonicalText(layout) === canonicalText(document.layout ?? {})) return { ok: true, document, name };
      return { ok: true, document: { ...document, layout }, name };
    }
    case 'connect':
      return putEdge(document, edit.edge, document.edges.length);
    case 'disconnect': {
      const gone = document.edges.filter((edge) => edit.edges.includes(edge.id));
      const [first] = gone;
      if (!first || gone.length < new Set(edit.edges).size) return refuse('There is no such connection.');
      const one = `${stepLabel(document, first.from.step)} from ${stepLabel(document, first.to.step)}`;
      const edges = document.edges.filter((edge) => !gone.includes(edge));
      return {
        ok: true,
        document: { ...document, edges },
        name: `Disconnect ${counted(gone.length, one, 'connections')}`,
      };
    }
    case 'updateEdge': {
      const at = document.edges.findIndex((edge) => edge.id === edit.edge);
      if (at < 0) return refuse('There is no such connection.');
      const changed = applyChanges(document.edges[at], edit.changes);
      if (!changed.ok) return changed;
      const put = putEdge(document, changed.value, at);
      return put.ok ? { ...put, name: 'Change a connection' } : put;
    }
    case 'updateStep': {
      if (!has(document, edit.step)) return noStep(edit.step);
      const changed = applyChanges(document.steps[edit.step], edit.changes);
      if (!changed.ok) return changed;
      return putStep(document, edit.step, changed.value, `Change ${stepLabel(document, edit.step)}`);
    }
    case 'renameStep': {
      if (!has(document, edit.step)) return noStep(edit.step);
      const { label: _was, ...rest } = document.steps[edit.step] as Step;
      const label = edit.label.trim();
      const name = `Rename ${stepLabel(document, edit.step)} to ${label === '' ? edit.step : label}`;
      return putStep(document, edit.step, label === '' ? rest : { ...rest, label }, name);
    }
    case 'setMark':
      return setMark(document, edit);
    case 'setWorkflow':
      return setWorkflow(document, edit.changes);
    case 'paste': {
      let result = addSteps(document, edit.steps, edit.layout);
      for (const edge of edit.edges)
        if (result.ok) result = putEdge(result.document, edge, result.document.edges.length);
      const [only = ''] = Object.keys(edit.steps);
      if (!result.ok) return result;
      const what = counted(Object.keys(edit.steps).length, stepLabel(result.document, only), 'steps');
      return { ...result, name: `Paste ${what}` };
    }
    case 'batch': {
      let result: Result = { ok: true, document, name: edit.name };
      for (const inner of edit.edits) if (result.ok) result = perform(result.document, inner);
      return result.ok ? { ...result, name: edit.name } : result;
    }
    case 'restore': {
      const next: Partial<WorkflowDocument> = { ...document, ...edit.set };
      for (const key of edit.unset) delete next[key];
      return { ok: true, document: next as WorkflowDocument, name: edit.name };
    }
  }
}

/** The fields of `before` that `after` no longer has as they were. */
function restoring(before: WorkflowDocument, after: WorkflowDocument, name: string): Edit {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof WorkflowDocument)[];
  const changed = keys.filter((key) => before[key] !== after[key]);
  const kept = changed.filter((key) => before[key] !== undefined);
  const set: Partial<WorkflowDocument> = Object.fromEntries(kept.map((key) => [key, before[key]]));
  return { type: 'restore', name, set, unset: changed.filter((key) => before[key] === undefined) };
}

/** An edit that changes nothing gives back the same document. */
export function applyEdit(document: WorkflowDocument, edit: Edit): Edited {
  const result = perform(document, edit);
  if (!result.ok) return result;
  return { ...result, inverse: restoring(document, result.document, result.name) };
}
