/**
 * Workflow versions (immutable, by digest), drafts (the latest one, guarded by its revision) and settings.
 * Must never overwrite a draft somebody else has saved meanwhile, nor change a version.
 */
import type { WorkflowDraft, WorkflowSummary } from '../../shared/api/contract.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import type { SqlDatabase, WriteStore } from './port.ts';
import { allRows, firstRow } from './sql.ts';

const CACHED_VERSIONS = 100;

type Version = Parameters<WriteStore['saveVersion']>[0];
type Draft = Parameters<WriteStore['saveDraft']>[0];
/** What a list of drafts shows, kept beside the document so that a list parses no documents. */
type Summary = Pick<WorkflowSummary, 'name' | 'description' | 'steps'>;
export type ListedDraft = Omit<WorkflowSummary, 'runs' | 'lastRun'>;

export interface Documents {
  saveVersion(version: Version): void;
  version(digest: string): WorkflowDocument | undefined;
  saveDraft(draft: Draft): WorkflowDraft | undefined;
  deleteDraft(id: string): void;
  draft(id: string): WorkflowDraft | undefined;
  drafts(): ListedDraft[];
  saveSetting(name: string, value: unknown): void;
  setting(name: string): unknown;
}

export function documentsOn(db: SqlDatabase): Documents {
  const insertVersion = db.prepare(
    `INSERT INTO workflow_version (digest, workflow_id, document, created_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (digest) DO NOTHING`,
  );
  const selectVersion = db.prepare('SELECT document FROM workflow_version WHERE digest = ?');
  const insertDraft = db.prepare(
    `INSERT INTO workflow_draft (summary, document, updated_at, revision, id) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  );
  const updateDraft = db.prepare(
    'UPDATE workflow_draft SET summary = ?, document = ?, updated_at = ?, revision = ? WHERE id = ? AND revision = ?',
  );
  const removeDraft = db.prepare('DELETE FROM workflow_draft WHERE id = ?');
  const selectDraft = db.prepare(
    'SELECT id, revision, updated_at AS updatedAt, document FROM workflow_draft WHERE id = ?',
  );
  const selectDrafts = db.prepare(
    'SELECT id, revision, updated_at AS updatedAt, summary FROM workflow_draft ORDER BY updated_at DESC, id',
  );
  const upsertSetting = db.prepare(
    'INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  );
  const removeSetting = db.prepare('DELETE FROM setting WHERE name = ?');
  const selectSetting = db.prepare('SELECT value FROM setting WHERE name = ?');

  /** Versions never change, so a parsed one stays good. */
  const versions = new Map<string, WorkflowDocument>();

  return {
    saveVersion({ digest, workflowId, document, createdAt }) {
      insertVersion.run(digest, workflowId, JSON.stringify(document), createdAt);
    },
    version(digest) {
      const cached = versions.get(digest);
      if (cached) return cached;
      const row = firstRow<{ document: string }>(selectVersion, digest);
      if (!row) return undefined;
      const document = JSON.parse(row.document) as WorkflowDocument;
      const oldest = versions.size >= CACHED_VERSIONS ? versions.keys().next().value : undefined;
      if (oldest !== undefined) versions.delete(oldest);
      versions.set(digest, document);
      return document;
    },
    saveDraft({ id, revision, document, now }) {
      const summary: Summary = {
        name: document.name,
        ...(document.description === undefined ? {} : { description: document.description }),
        steps: Object.keys(document.steps).length,
      };
      const next = revision + 1;
      const values = [JSON.stringify(summary), JSON.stringify(document), now, next, id];
      const { changes } = revision === 0 ? insertDraft.run(...values) : updateDraft.run(...values, revision);
      return changes === 0 ? undefined : { id, revision: next, updatedAt: now, document };
    },
    deleteDraft(id) {
      removeDraft.run(id);
    },
    draft(id) {
      const row = firstRow<{ id: string; revision: number; updatedAt: number; document: string }>(selectDraft, id);
      return row && { ...row, document: JSON.parse(row.document) as WorkflowDocument };
    },
    drafts() {
      return allRows<{ id: string; revision: number; updatedAt: number; summary: string }>(selectDrafts).map(
        ({ summary, ...row }) => ({ ...row, ...(JSON.parse(summary) as Summary) }),
      );
    },
    saveSetting(name, value) {
      if (value === undefined) removeSetting.run(name);
      else upsertSetting.run(name, JSON.stringify(value));
    },
    setting(name) {
      const row = firstRow<{ value: string }>(selectSetting, name);
      return row === undefined ? undefined : (JSON.parse(row.value) as unknown);
    },
  };
}
