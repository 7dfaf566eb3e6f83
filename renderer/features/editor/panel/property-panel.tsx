/** The right side of the editor: the selected step, or the workflow. Also where a problem's field gets the focus. */
import { useEffect, useMemo, useRef } from 'react';
import { notifyError } from '../../../lib/notify.ts';
import { checkpointRefusal } from '../edit-actions.ts';
import { pathEdit, pathRows } from '../path-rows.ts';
import { ownersIn, sourcesFor } from '../sources.ts';
import { changesBetween } from '../step-changes.ts';
import { useDocument, useEditor, useEditorStore } from '../store.ts';
import { PanelContext } from './panel-context.ts';
import { StepPanel } from './step-panel.tsx';
import { WorkflowPanel } from './workflow-panel.tsx';
import { stepLabel } from '../../../../shared/workflow/describe.ts';
import classes from './panel.module.css';

const focusable = 'input:not([type="hidden"]), textarea, button, select';

/** The field at the pointer, or the nearest one around it. */
function fieldAt(panel: HTMLElement, pointer: string): HTMLElement | undefined {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const place = panel.querySelector(`[data-pointer="${CSS.escape(at)}"]`);
    const field = place?.querySelector<HTMLElement>(focusable);
    if (field) return field;
    if (place) return panel.querySelector<HTMLElement>(focusable) ?? undefined;
  }
  return undefined;
}

function useFocus(panel: React.RefObject<HTMLElement | null>): void {
  const focus = useEditor((state) => state.focus);
  useEffect(() => {
    if (!focus || !panel.current) return;
    const field = fieldAt(panel.current, focus.pointer);
    field?.focus();
    field?.scrollIntoView({ block: 'center' });
  }, [focus, panel]);
}

export function PropertyPanel() {
  const store = useEditorStore();
  const document = useDocument();
  const byKind = useEditor((state) => state.byKind);
  const problems = useEditor((state) => state.problems);
  const steps = useEditor((state) => state.selection.steps);
  const panel = useRef<HTMLElement>(null);
  useFocus(panel);
  const id = steps.length === 1 ? steps[0] : undefined;
  const step = id === undefined ? undefined : document.steps[id];
  const context = useMemo(
    () => ({
      problems:
        id === undefined
          ? problems.filter((problem) => problem.step === undefined)
          : problems.filter((problem) => problem.step === id),
      sources: id === undefined ? [] : sourcesFor(document, id, byKind),
      owners: ownersIn(document),
    }),
    [problems, id, document, byKind],
  );
  const refuse = (done: { ok: true } | { ok: false; message: string }) => {
    if (!done.ok) notifyError(done.message);
  };
  return (
    <aside ref={panel} className={classes.panel} aria-label="Properties" onBlur={() => store.getState().seal()}>
      <PanelContext.Provider value={context}>
        {id !== undefined && step ? (
          <StepPanel
            key={id}
            id={id}
            step={step}
            manifest={byKind.get(step.kind)}
            owner={document.owner ?? 'role:reviewer'}
            onStep={(next) => {
              const changes = changesBetween(step, next);
              if (changes.length > 0) refuse(store.getState().edit({ type: 'updateStep', step: id, changes }));
            }}
            paths={pathRows(document, id, byKind.get(step.kind))}
            onTargets={(port, targets) => {
              const edit = pathEdit(document, id, port, targets);
              if (edit) refuse(store.getState().edit(edit));
            }}
            onRefused={() => notifyError(checkpointRefusal(stepLabel(document, id)))}
          />
        ) : (
          <WorkflowPanel
            document={document}
            onHeader={(header) => {
              const changes = Object.entries(header).flatMap(([field, value]) =>
                changesBetween(document[field as keyof typeof document], value, [field]),
              );
              if (changes.length > 0) refuse(store.getState().edit({ type: 'setWorkflow', changes }));
            }}
          />
        )}
      </PanelContext.Provider>
    </aside>
  );
}
