/**
 * The editor's frame: bar, palette, canvas, properties, problems – and the same canvas with a run on it. Wires the parts
 * together; each part does its own work.
 */
import { useReactFlow } from '@xyflow/react';
import { useCallback, useMemo } from 'react';
import type { WorkflowDraft } from '../../../shared/api/contract.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { Problem } from '../../../shared/workflow/problem.ts';
import { useClient } from '../../client.ts';
import { notifyError } from '../../lib/notify.ts';
import { saveText } from '../../lib/save-text.ts';
import { useRun } from '../../lib/use-run.ts';
import { useTitle } from '../../lib/use-title.ts';
import { EditorCanvas, quickAddNote } from './canvas/editor-canvas.tsx';
import { useCanvasKeys } from './canvas/use-canvas-keys.ts';
import { ConflictNotice } from './conflict-notice.tsx';
import { planAdd, planInsert, type AddWhere } from './edit-actions.ts';
import { Palette } from './palette/palette.tsx';
import { QuickAdd } from './palette/quick-add.tsx';
import { PropertyPanel } from './panel/property-panel.tsx';
import { ProblemsPanel } from './problems-panel.tsx';
import { ConsentDialog } from './run/consent-dialog.tsx';
import { InputDialog } from './run/input-dialog.tsx';
import { LiveStrip } from './run/live-strip.tsx';
import { StepResult } from './run/step-result.tsx';
import { useDocument, useEditor, useEditorStore } from './store.ts';
import { TopBar } from './top-bar.tsx';
import { useAutosave } from './use-autosave.ts';
import { useProblems } from './use-problems.ts';
import { useStartRun } from './use-start-run.ts';
import classes from './workbench.module.css';

export function Workbench({ draft, onReload }: { draft: WorkflowDraft; onReload: () => void }) {
  const store = useEditorStore();
  const client = useClient();
  const flow = useReactFlow();
  const document = useDocument();
  const manifests = useEditor((state) => state.manifests);
  const byKind = useEditor((state) => state.byKind);
  const problems = useEditor((state) => state.problems);
  const problemsOpen = useEditor((state) => state.problemsOpen);
  const problemsReason = useEditor((state) => state.problemsReason);
  const quickAdd = useEditor((state) => state.quickAdd);
  const selected = useEditor((state) => state.selection.steps);
  const runId = useEditor((state) => state.runId);
  const { run, error } = useRun(runId);
  const saver = useAutosave(draft);
  const start = useStartRun(saver);
  const isEditing = runId === undefined;
  useProblems();
  useCanvasKeys(isEditing);
  useTitle(document.name);

  const add = useCallback(
    (kind: string, where: AddWhere) => {
      const { history, edit } = store.getState();
      const manifest = byKind.get(kind);
      if (!manifest) return;
      const plan = planAdd(history.document, byKind, manifest, where);
      const done = edit(plan.edit, plan.select);
      if (!done.ok) {
        notifyError(done.message);
        return;
      }
      // A step added by key or press may lie outside of the window; one dropped lies where it was dropped.
      if (!where.at)
        window.requestAnimationFrame(
          () =>
            void flow.fitView({
              nodes: plan.select.map((id) => ({ id })),
              maxZoom: flow.getZoom(),
              minZoom: flow.getZoom(),
              duration: 120,
            }),
        );
    },
    [store, byKind, flow],
  );

  /** After the list the keyboard goes on at the selected card. */
  const focusCard = () =>
    window.requestAnimationFrame(() =>
      window.document.querySelector<HTMLElement>('.react-flow__node.selected')?.focus({ preventScroll: true }),
    );

  const pick = (kind: string) => {
    const place = quickAdd;
    store.setState({ quickAdd: undefined });
    const manifest = byKind.get(kind);
    if (!place || !manifest) return;
    if (place.edge === undefined) {
      add(kind, { behind: place.behind, at: place.at });
      focusCard();
      return;
    }
    const plan = planInsert(store.getState().history.document, manifest, place.edge);
    const done = plan && store.getState().edit(plan.edit, plan.select);
    if (done && !done.ok) notifyError(done.message);
    focusCard();
  };

  const openProblem = (problem: Problem) => {
    const edge = /^\/edges\/(\d+)/.exec(problem.pointer)?.[1];
    const id = edge === undefined ? undefined : document.edges[Number(edge)]?.id;
    if (id === undefined) store.getState().select({ steps: problem.step === undefined ? [] : [problem.step] });
    else store.getState().select({ edges: [id] });
    store.setState({ focus: { pointer: problem.pointer } });
    if (problem.step !== undefined)
      void flow.fitView({
        nodes: [{ id: problem.step }],
        maxZoom: flow.getZoom(),
        minZoom: flow.getZoom(),
        duration: 120,
      });
  };

  const exportJson = async () => {
    await saver.flush();
    try {
      const file = await client.call('workflows.export', { id: draft.id });
      saveText(file.fileName, file.text);
    } catch {
      notifyError('The workflow could not be exported; try again in a moment.');
    }
  };

  const shown = useMemo(
    () => (isEditing ? { document, state: undefined } : { document: run?.document ?? document, state: run?.state }),
    [isEditing, document, run],
  );

  return (
    <div className={classes.workbench}>
      <TopBar
        isEditing={isEditing}
        starting={start.starting}
        onRun={() => void start.press()}
        onExport={() => void exportJson()}
      />
      <ConflictNotice onReload={onReload} />
      {!isEditing && <LiveStrip run={run} error={error} onEdit={() => store.setState({ runId: undefined })} />}
      <div className={classes.body} data-live={!isEditing || undefined}>
        {isEditing && (
          <Palette
            manifests={manifests}
            onAdd={(kind) =>
              add(kind, selected.length === 1 && selected[0] !== undefined ? { behind: { step: selected[0] } } : {})
            }
          />
        )}
        <div className={classes.middle}>
          <div className={classes.canvas}>
            <EditorCanvas document={shown.document} isEditing={isEditing} live={shown.state} />
            {isEditing && Object.keys(document.steps).length === 0 && (
              <div className={classes.hint}>
                <p>Add the first step: choose one on the left, or press /.</p>
              </div>
            )}
          </div>
          {isEditing && problemsOpen && (
            <ProblemsPanel
              problems={problems}
              reason={problemsReason}
              labelOf={(step) => stepLabel(document, step)}
              onOpen={openProblem}
              onClose={() => store.setState({ problemsOpen: false })}
            />
          )}
        </div>
        {isEditing ? (
          <PropertyPanel />
        ) : (
          run && <StepResult state={run.state} document={run.document} step={selected[0]} manifests={byKind} />
        )}
      </div>
      {quickAdd && isEditing && (
        <QuickAdd
          manifests={manifests}
          at={quickAdd.screen}
          note={quickAddNote(document, quickAdd)}
          onPick={pick}
          onClose={() => {
            store.setState({ quickAdd: undefined });
            focusCard();
          }}
        />
      )}
      {start.asking && (
        <InputDialog inputs={document.inputs} onStart={(input) => void start.start(input)} onClose={start.cancel} />
      )}
      {start.consent && (
        <ConsentDialog
          name={document.name}
          touches={start.consent.touches}
          busy={start.starting}
          onAllow={() => void start.allow()}
          onClose={start.cancel}
        />
      )}
    </div>
  );
}
