/**
 * What people allowed workflows to touch, with who and when. Bound to the digest of exactly that list, so that a graph
 * that touches something else later is asked about again. Kept in the data folder, never in a graph.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import type { Manifests } from '../../shared/workflow/graph.ts';
import { touches, touchText, type Touch } from '../../shared/workflow/touches.ts';
import type { Store } from '../store/port.ts';

const entrySchema = z.object({ digest: z.string(), workflowId: z.string(), by: z.string(), at: z.int() });

export interface Consent {
  touches: Touch[];
  digest: string;
  allowed: boolean;
}

const SETTING = 'consents';

/** What this document would touch, and whether somebody allowed exactly that for this workflow. */
export async function consentOf(store: Store, manifests: Manifests, document: WorkflowDocument): Promise<Consent> {
  const found = touches(document, manifests);
  const digest = createHash('sha256')
    .update(canonicalText(found.map(({ label: _label, ...touch }) => touch)))
    .digest('hex');
  const given = await stored(store);
  const isGiven = given.some((entry) => entry.digest === digest && entry.workflowId === document.id);
  return { touches: found, digest, allowed: found.length === 0 || isGiven };
}

export async function saveConsent(store: Store, entry: z.output<typeof entrySchema>): Promise<void> {
  const given = await stored(store);
  if (given.some(({ digest, workflowId }) => digest === entry.digest && workflowId === entry.workflowId)) return;
  await store.saveSetting(SETTING, [...given, entry]);
}

/** The sentence of a run that was not started. */
export function consentSentence(document: WorkflowDocument, consent: Consent): string {
  const [first] = consent.touches;
  const more = consent.touches.length - 1;
  const what = `${first ? touchText(first) : ''}${more > 0 ? `, and ${more} more` : ''}`;
  return `"${document.name}" touches more than the Sandbox: ${what}. Allow it before it runs.`;
}

async function stored(store: Store): Promise<z.output<typeof entrySchema>[]> {
  const found = z.array(entrySchema).safeParse(await store.setting(SETTING));
  return found.success ? found.data : [];
}
