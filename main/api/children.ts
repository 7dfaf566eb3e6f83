/**
 * The workflows inside a workflow, for a start and for an export: found in the document itself or among the drafts,
 * each without errors and none inside itself.
 */
import { createHash } from 'node:crypto';
import { ApiError } from '../../shared/api/contract.ts';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import { definitionsOf, resolveChildren, type Lookup, type ResolvedChild } from '../../shared/workflow/children.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import type { Parts } from './parts.ts';

/** Identity of a workflow version: everything in the document counts, layout too, so that a run shows what was drawn. */
export function versionOf(document: WorkflowDocument): string {
  return createHash('sha256').update(canonicalText(document)).digest('hex');
}

function lookIn(store: Parts['store']): Lookup {
  return {
    digest: versionOf,
    byId: async (id) => (await store.draft(id))?.document,
    byVersion: (version) => store.version(version),
  };
}

/** Throws `ApiError` (`refused`) with the place when one is missing, has errors or is inside itself. */
export async function workflowsInside(
  { store, problems }: Pick<Parts, 'store' | 'problems'>,
  document: WorkflowDocument,
): Promise<{ pins: Record<string, string>; children: ResolvedChild[] }> {
  const found = await resolveChildren(document, lookIn(store));
  if (!found.ok) throw new ApiError('refused', found.message, `/steps/${found.step}/config/ref`);
  for (const child of found.children) {
    const error = problems(child.document).find(({ severity }) => severity === 'error');
    if (!error) continue;
    const place = error.pointer === '' ? '' : ` ${error.pointer}`;
    throw new ApiError(
      'refused',
      `In the workflow ${child.document.id}${place}: ${error.message} ${error.fix ?? ''}`.trim(),
    );
  }
  return found;
}

/** The document with everything it refers to under `definitions`, so that it runs the same elsewhere. */
export async function withDefinitions(
  parts: Pick<Parts, 'store'>,
  document: WorkflowDocument,
): Promise<WorkflowDocument> {
  const known = new Set(definitionsOf(document).map(versionOf));
  const found = await resolveChildren(document, lookIn(parts.store));
  // What is not here cannot be taken along; the file says what it needs.
  if (!found.ok) return document;
  const missing = found.children.filter(({ version }) => !known.has(version));
  if (missing.length === 0) return document;
  const definitions: Record<string, Record<string, unknown>> = { ...document.definitions };
  for (const child of missing) {
    const isTaken = Object.hasOwn(definitions, child.document.id);
    definitions[isTaken ? `${child.document.id}_${child.version.slice(0, 8)}` : child.document.id] = child.document;
  }
  return { ...document, definitions };
}
