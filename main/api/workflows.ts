/** Workflows and samples: drafts in and out, always through the document's schema. Must never store what did not parse. */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { ApiError } from '../../shared/api/contract.ts';
import type { Handlers, SampleSummary, WorkflowDraft } from '../../shared/api/contract.ts';
import { exportDocument } from '../../shared/workflow/canonical.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { checkDocument, parseDocument } from '../../shared/workflow/parse.ts';
import type { Problem } from '../../shared/workflow/problem.ts';
import { withDefinitions } from './children.ts';
import { consentOf, saveConsent } from './consents.ts';
import type { Once } from './once.ts';
import type { Parts } from './parts.ts';

const SUFFIX = '.holdfast.json';

type Topic =
  | 'samples.list'
  | 'workflows.list'
  | 'workflows.get'
  | 'workflows.create'
  | 'workflows.save'
  | 'workflows.delete'
  | 'workflows.export'
  | 'workflows.touches'
  | 'workflows.allow'
  | 'workflows.check';

export function workflowHandlers(parts: Parts, once: Once): Pick<Handlers, Topic> {
  const { store, live } = parts;

  async function draft(id: string): Promise<WorkflowDraft> {
    const found = await store.draft(id);
    if (!found) throw new ApiError('not_found', `There is no workflow with the id ${id}.`, '/id');
    return found;
  }

  async function create(document: WorkflowDocument): Promise<WorkflowDraft> {
    const fresh = await withFreeName(parts, document);
    const saved = await store.saveDraft({ id: fresh.id, revision: 0, document: fresh, now: parts.clock() });
    if (!saved)
      throw new ApiError('conflict', `Another workflow took the id ${fresh.id} at the same moment; try again.`);
    live.changed('workflows');
    return saved;
  }

  return {
    'samples.list': () => listSamples(parts.samplesDir),
    'workflows.list': (_input, push, signal) => live.watch(['workflows', 'runs'], () => store.drafts(), push, signal),
    'workflows.get': ({ id }) => draft(id),
    'workflows.create': ({ commandId, name, sampleId, document }) =>
      once(commandId, async () => {
        let source: WorkflowDocument;
        if (document !== undefined) source = documentOf(document);
        else if (sampleId !== undefined) source = await readSample(parts.samplesDir, sampleId);
        else
          source = {
            formatVersion: 1,
            id: `wf_${parts.newId().replaceAll('-', '').slice(0, 12)}`,
            name: 'New workflow',
            steps: {},
            edges: [],
          };
        return create(name === undefined ? source : { ...source, name });
      }),
    'workflows.save': ({ commandId, id, revision, document }) =>
      once(commandId, async () => {
        const parsed = documentOf(document);
        if (parsed.id !== id)
          throw new ApiError(
            'bad_input',
            `The document has the id ${parsed.id}, but ${id} is being saved.`,
            '/document/id',
          );
        await draft(id);
        const saved = await store.saveDraft({ id, revision, document: parsed, now: parts.clock() });
        if (!saved)
          throw new ApiError(
            'conflict',
            'This workflow was changed somewhere else since it was opened; load it again.',
            '/revision',
          );
        live.changed('workflows');
        return { revision: saved.revision, updatedAt: saved.updatedAt };
      }),
    'workflows.delete': ({ commandId, id }) =>
      once(commandId, async () => {
        await draft(id);
        await store.deleteDraft(id);
        live.changed('workflows');
        return null;
      }),
    'workflows.export': async ({ id }) => {
      const document = await withDefinitions(parts, (await draft(id)).document);
      return { fileName: `${slug(document.name) || document.id}${SUFFIX}`, text: exportDocument(document) };
    },
    'workflows.touches': async ({ id }) => consentOf(store, parts.manifests, (await draft(id)).document),
    'workflows.allow': ({ commandId, id, digest, by }) =>
      once(commandId, async () => {
        const consent = await consentOf(store, parts.manifests, (await draft(id)).document);
        if (consent.digest !== digest)
          throw new ApiError('conflict', 'This workflow touches something else by now; look again.', '/digest');
        await saveConsent(store, { digest, workflowId: id, by, at: parts.clock() });
        return null;
      }),
    'workflows.check': ({ document }) => {
      const parsed = checkDocument(document);
      return parsed.ok ? parts.problems(parsed.document) : parsed.problems;
    },
  };
}

/** The document of a message, or the first problem as a refusal. */
export function documentOf(value: unknown): WorkflowDocument {
  const parsed = checkDocument(value);
  if (parsed.ok) return parsed.document;
  throw problemError(parsed.problems[0], 'bad_input');
}

export function problemError(problem: Problem | undefined, code: 'bad_input' | 'refused'): ApiError {
  if (!problem) return new ApiError(code, 'This document cannot be used.');
  return new ApiError(code, problem.fix ? `${problem.message} ${problem.fix}` : problem.message, problem.pointer);
}

/** A taken id gets a fresh one, a taken name a number, so that nothing of the person's is replaced. */
async function withFreeName(parts: Parts, document: WorkflowDocument): Promise<WorkflowDocument> {
  const drafts = await parts.store.drafts();
  const names = new Set(drafts.map((one) => one.name));
  let name = document.name;
  for (let number = 2; names.has(name); number += 1) name = `${document.name} (${number})`;
  let { id } = document;
  while (drafts.some((one) => one.id === id))
    id = `${document.id.slice(0, 54)}_${parts.newId().replaceAll('-', '').slice(0, 8)}`;
  return { ...document, id, name };
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 80);
}

async function sampleIds(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort();
}

async function readSample(folder: string, sampleId: string): Promise<WorkflowDocument> {
  // Only names that are there: an id can never lead out of the folder.
  const ids = await sampleIds(folder);
  if (!ids.includes(sampleId)) throw new ApiError('not_found', `There is no sample called ${sampleId}.`, '/sampleId');
  const parsed = parseDocument(await readFile(path.join(folder, `${sampleId}${SUFFIX}`), 'utf8'));
  if (!parsed.ok) throw problemError(parsed.problems[0], 'refused');
  return parsed.document;
}

async function listSamples(folder: string): Promise<SampleSummary[]> {
  const summaries: SampleSummary[] = [];
  for (const id of await sampleIds(folder)) {
    const { name, description = '', steps } = await readSample(folder, id);
    const kinds = [...new Set(Object.values(steps).map((step) => step.kind))];
    summaries.push({ id, name, description, steps: Object.keys(steps).length, kinds });
  }
  // The refund is the one a first minute begins with.
  return summaries.sort((a, b) => Number(b.id === 'refund') - Number(a.id === 'refund'));
}
