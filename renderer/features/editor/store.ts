/**
 * The state of one open editor: the document with its history, the selection, the problems and where saving stands.
 * Every change of the document goes through `edit`; nothing else writes it.
 */
import { createContext, useContext } from 'react';
import { createStore, useStore, type StoreApi } from 'zustand';
import type { ApiError, WorkflowDraft } from '../../../shared/api/contract.ts';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';
import type { Edit } from '../../../shared/workflow/edits.ts';
import { record, redo, seal, startHistory, undo, type History } from '../../../shared/workflow/history.ts';
import type { Problem } from '../../../shared/workflow/problem.ts';
import type { SaveState } from './autosave.ts';

export interface Selection {
  steps: readonly string[];
  edges: readonly string[];
}

export interface QuickAddPlace {
  /** In pixels of the window. */
  screen: { x: number; y: number };
  /** In canvas units, when the step goes to that point. */
  at?: { x: number; y: number } | undefined;
  behind?: { step: string; port?: string } | undefined;
  edge?: string | undefined;
}

export interface EditorState {
  workflowId: string;
  manifests: StepManifest[];
  byKind: ReadonlyMap<string, StepManifest>;
  history: History;
  selection: Selection;
  problems: Problem[];
  problemsOpen: boolean;
  /** Why the problems were opened, e.g. a run that did not start. */
  problemsReason: string | undefined;
  save: SaveState;
  saveError: ApiError | undefined;
  quickAdd: QuickAddPlace | undefined;
  runId: string | undefined;
  /** The field to put the cursor into, by JSON Pointer; a new object asks again. */
  focus: { pointer: string } | undefined;
  edit: (edit: Edit, select?: readonly string[]) => { ok: true } | { ok: false; message: string };
  undo: () => void;
  redo: () => void;
  seal: () => void;
  select: (selection: Partial<Selection>) => void;
}

const nothing: Selection = { steps: [], edges: [] };

/** What a document no longer has cannot stay selected. */
function stillThere(selection: Selection, document: WorkflowDocument): Selection {
  const edges = new Set(document.edges.map((edge) => edge.id));
  const next = {
    steps: selection.steps.filter((id) => document.steps[id]),
    edges: selection.edges.filter((id) => edges.has(id)),
  };
  return next.steps.length === selection.steps.length && next.edges.length === selection.edges.length
    ? selection
    : next;
}

export type EditorStore = StoreApi<EditorState>;

/** The run each workflow was left with: who goes to the inbox and comes back finds the canvas as it was. */
const shownRuns = new Map<string, string>();

export function createEditorStore(draft: WorkflowDraft, manifests: StepManifest[]): EditorStore {
  const store = createStore<EditorState>()((set, get) => ({
    workflowId: draft.id,
    manifests,
    byKind: new Map(manifests.map((manifest) => [manifest.kind, manifest])),
    history: startHistory(draft.document),
    selection: nothing,
    problems: [],
    problemsOpen: false,
    problemsReason: undefined,
    save: 'saved',
    saveError: undefined,
    quickAdd: undefined,
    runId: shownRuns.get(draft.id),
    focus: undefined,
    edit: (edit, select) => {
      const result = record(get().history, edit);
      if (!result.ok) return result;
      const selection = select ? { steps: select, edges: [] } : stillThere(get().selection, result.history.document);
      set({ history: result.history, selection });
      return { ok: true };
    },
    undo: () => {
      const history = undo(get().history);
      if (history) set({ history, selection: stillThere(get().selection, history.document) });
    },
    redo: () => {
      const history = redo(get().history);
      if (history) set({ history, selection: stillThere(get().selection, history.document) });
    },
    seal: () => set({ history: seal(get().history) }),
    select: (selection) => set({ selection: { ...nothing, ...selection }, history: seal(get().history) }),
  }));
  store.subscribe(({ runId }) => {
    if (runId === undefined) shownRuns.delete(draft.id);
    else shownRuns.set(draft.id, runId);
  });
  return store;
}

export const EditorContext = createContext<EditorStore | undefined>(undefined);

export function useEditorStore(): EditorStore {
  const store = useContext(EditorContext);
  if (!store) throw new Error('useEditorStore needs an EditorContext around it.');
  return store;
}

export function useEditor<T>(pick: (state: EditorState) => T): T {
  return useStore(useEditorStore(), pick);
}

export function useDocument(): WorkflowDocument {
  return useEditor((state) => state.history.document);
}
