/** The right side of the editor: the selected step, or the workflow. Also where a problem's field gets the focus. */
import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import { stepLabel } from '../../../../shared/workflow/describe.ts';
import type { Edit } from '../../../../shared/workflow/edits.ts';
import { notifyError } from '../../../lib/notify.ts';
import { checkpointRefusal, planDuplicate } from '../edit-actions.ts';
import { pathEdit, pathRows } from '../path-rows.ts';
import { withoutStep } from '../problem-text.ts';
import { ownersIn, sourcesFor } from '../sources.ts';
import { changesBetween } from '../step-changes.ts';
import { useDocument, useEditor, useEditorStore } from '../store.ts';
import { PanelContext } from './panel-context.ts';
import { EdgePanel, ManyPanel } from './selection-panels.tsx';
import { StepPanel } from './step-panel.tsx';
import { WorkflowPanel } from './workflow-panel.tsx';
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
    // Whoever comes to correct a text goes on at its end.
    if (field instanceof HTMLTextAreaElement) field.setSelectionRange(field.value.length, field.value.length);
    field?.scrollIntoView({ block: 'center' });
  }, [focus, panel]);
}

export function PropertyPanel() {
  const store = useEditorStore();
  const document = useDocument();
  const byKind = useEditor((state) => state.byKind);
  const problems = useEditor((state) => state.problems);
  const steps = useEditor((state) => state.selection.steps);
  const edges = useEditor((state) => state.selection.edges);
  const panel = useRef<HTMLElement>(null);
  useFocus(panel);
  const id = steps.length === 1 ? steps[0] : undefined;
  const step = id === undefined ? undefined : document.steps[id];
  const edge = edges.length === 1 ? document.edges.find((candidate) => candidate.id === edges[0]) : undefined;
  const context = useMemo(
    () => ({
      problems:
        id === undefined
          ? problems.filter((problem) => problem.step === undefined || problem.pointer.startsWith('/edges/'))
          : problems
              .filter((problem) => problem.step === id)
              .map((problem) => ({ ...problem, message: withoutStep(problem, stepLabel(document, id)) })),
      sources: id === undefined ? [] : sourcesFor(document, id, byKind),
      owners: ownersIn(document),
    }),
    [problems, id, document, byKind],
  );
  const edit = (next: Edit | undefined, select?: readonly string[]) => {
    const done = next && store.getState().edit(next, select);
    if (done && !done.ok) notifyError(done.message);
  };
  let content: ReactNode;
  if (id !== undefined && step) {
    const manifest = byKind.get(step.kind);
    content = (
      <StepPanel
        key={id}
        id={id}
        step={step}
        manifest={manifest}
        owner={document.owner ?? 'role:reviewer'}
        paths={pathRows(document, id, manifest)}
        onStep={(next) => {
          const changes = changesBetween(step, next);
          if (changes.length > 0) edit({ type: 'updateStep', step: id, changes });
        }}
        onTargets={(port, targets) => edit(pathEdit(document, id, port, targets))}
        onRefused={() => notifyError(checkpointRefusal(stepLabel(document, id)))}
      />
    );
  } else if (steps.length > 1) {
    const duplicate = () => {
      const plan = planDuplicate(document, steps);
      edit(plan.edit, plan.select);
    };
    content = (
      <ManyPanel
        count={steps.length}
        onDuplicate={duplicate}
        onRemove={() => edit({ type: 'removeSteps', steps: [...steps] })}
      />
    );
  } else if (edge) {
    content = (
      <EdgePanel
        key={edge.id}
        document={document}
        edge={edge}
        onChange={(changes) => edit({ type: 'updateEdge', edge: edge.id, changes })}
        onRemove={() => edit({ type: 'disconnect', edges: [edge.id] })}
      />
    );
  } else {
    content = (
      <WorkflowPanel
        document={document}
        onHeader={(header) => {
          const changes = Object.entries(header).flatMap(([field, value]) =>
            changesBetween(document[field as keyof typeof document], value, [field]),
          );
          if (changes.length > 0) edit({ type: 'setWorkflow', changes });
        }}
      />
    );
  }
  return (
    <aside ref={panel} className={classes.panel} aria-label="Properties" onBlur={() => store.getState().seal()}>
      <PanelContext.Provider value={context}>{content}</PanelContext.Provider>
    </aside>
  );
}
