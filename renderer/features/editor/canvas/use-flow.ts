/**
 * The nodes and edges that React Flow draws: the document mapped, with the selection of the store and the positions of
 * a drag in progress on top. The document is only ever changed through the store's edits.
 */
import type { EdgeChange, NodeChange } from '@xyflow/react';
import { useCallback, useMemo, useRef, useState } from 'react';
import type { RunState } from '../../../../shared/run/state.ts';
import type { WorkflowDocument } from '../../../../shared/workflow/document.ts';
import type { Point } from '../../../../shared/workflow/edits.ts';
import type { Problem, Severity } from '../../../../shared/workflow/problem.ts';
import { carryOver, toFlow, type CardNode, type Flow, type PathEdge } from '../../../ui/canvas/flow.ts';
import { useEditor, useEditorStore } from '../store.ts';

const empty: Flow = { nodes: [], edges: [] };
const noDrag: ReadonlyMap<string, Point> = new Map();

/** The worst problem of each step. */
export function severitiesOf(problems: readonly Problem[]): Map<string, Severity> {
  const worst = new Map<string, Severity>();
  for (const problem of problems) {
    if (problem.step === undefined || worst.get(problem.step) === 'error') continue;
    worst.set(problem.step, problem.severity);
  }
  return worst;
}

function chosenAfter(
  current: readonly string[],
  changes: readonly (NodeChange<CardNode> | EdgeChange<PathEdge>)[],
): string[] | undefined {
  const selects = changes.filter((change) => change.type === 'select');
  if (selects.length === 0) return undefined;
  const chosen = new Set(current);
  for (const change of selects) {
    if (change.selected) chosen.add(change.id);
    else chosen.delete(change.id);
  }
  return [...chosen];
}

export function useFlow(document: WorkflowDocument, live: RunState | undefined) {
  const store = useEditorStore();
  const byKind = useEditor((state) => state.byKind);
  const selection = useEditor((state) => state.selection);
  const problems = useEditor((state) => state.problems);
  const [drag, setDrag] = useState<ReadonlyMap<string, Point>>(noDrag);
  const previous = useRef<Flow>(empty);

  const flow = useMemo(() => {
    const next = toFlow(document, byKind, live, live ? undefined : severitiesOf(problems));
    previous.current = carryOver(previous.current, next);
    return previous.current;
  }, [document, byKind, live, problems]);

  const nodes = useMemo(() => {
    const chosen = new Set(selection.steps);
    return flow.nodes.map((node) => {
      const selected = chosen.has(node.id);
      const position = drag.get(node.id);
      if (position) return { ...node, selected, position, dragging: true };
      return (node.selected ?? false) === selected ? node : { ...node, selected };
    });
  }, [flow.nodes, selection.steps, drag]);
  const edges = useMemo(() => {
    const chosen = new Set(selection.edges);
    return flow.edges.map((edge) =>
      (edge.selected ?? false) === chosen.has(edge.id) ? edge : { ...edge, selected: chosen.has(edge.id) },
    );
  }, [flow.edges, selection.edges]);

  const onNodesChange = useCallback(
    (changes: NodeChange<CardNode>[]) => {
      const { selection: current, select, edit } = store.getState();
      const chosen = chosenAfter(current.steps, changes);
      if (chosen) select({ steps: chosen, edges: current.edges });
      const moving = new Map<string, Point>();
      const moved: Record<string, Point> = {};
      for (const change of changes) {
        if (change.type !== 'position' || !change.position) continue;
        if (change.dragging === true) moving.set(change.id, change.position);
        else moved[change.id] = change.position;
      }
      if (moving.size > 0) setDrag(moving);
      if (Object.keys(moved).length === 0) return;
      setDrag(noDrag);
      edit({ type: 'moveSteps', positions: moved });
    },
    [store],
  );
  const onEdgesChange = useCallback(
    (changes: EdgeChange<PathEdge>[]) => {
      const { selection: current, select } = store.getState();
      const chosen = chosenAfter(current.edges, changes);
      if (chosen) select({ steps: current.steps, edges: chosen });
    },
    [store],
  );
  return { nodes, edges, onNodesChange, onEdgesChange };
}
