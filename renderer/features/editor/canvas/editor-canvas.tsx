/**
 * The canvas one edits on – and, while a run is shown, the same canvas lit up and read-only. Turns gestures into edits
 * of the store; draws nothing by itself.
 */
import { ReactFlow, SelectionMode, useReactFlow, type Connection, type FinalConnectionState } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useCallback, useMemo, useRef, type DragEvent } from 'react';
import type { RunState } from '../../../../shared/run/state.ts';
import { stepLabel } from '../../../../shared/workflow/describe.ts';
import type { WorkflowDocument } from '../../../../shared/workflow/document.ts';
import { freshEdgeId } from '../../../../shared/workflow/fresh.ts';
import { notifyError } from '../../../lib/notify.ts';
import { CanvasActionsProvider, type CanvasActions } from '../../../ui/canvas/actions.ts';
import { cardHeight, cardWidth, gridStep } from '../../../ui/canvas/geometry.ts';
import { edgeTypes, nodeTypes, spokenLabels, Surface, useCanvasClass, zoomRange } from '../../../ui/canvas/surface.tsx';
import { planAdd, planMark } from '../edit-actions.ts';
import { dragType } from '../palette/palette.tsx';
import { connectionFault } from '../placing.ts';
import { useEditorStore } from '../store.ts';
import { useFlow } from './use-flow.ts';
import { useView } from './use-view.ts';

export interface EditorCanvasProps {
  document: WorkflowDocument;
  /** False while a run is shown: nothing can be changed. */
  isEditing: boolean;
  live: RunState | undefined;
}

const snapGrid: [number, number] = [gridStep, gridStep];
const middleButton = [1];

function pointOf(event: MouseEvent | TouchEvent): { x: number; y: number } {
  const at = 'clientX' in event ? event : event.changedTouches[0];
  return { x: at?.clientX ?? 0, y: at?.clientY ?? 0 };
}

export function EditorCanvas({ document, isEditing, live }: EditorCanvasProps) {
  const store = useEditorStore();
  const flow = useReactFlow();
  const { nodes, edges, onNodesChange, onEdgesChange } = useFlow(document, live);
  const className = useCanvasClass();
  const refused = useRef<string>(undefined);

  const actions = useMemo<CanvasActions>(
    () => ({
      toggleMark: (step, mark) => {
        const { history, byKind, edit } = store.getState();
        const plan = planMark(history.document, byKind, step, mark);
        const done = plan.ok ? edit(plan.edit) : plan;
        if (!done.ok) notifyError(done.message);
      },
      insertOn: (edge, at) => store.setState({ quickAdd: { screen: at, edge } }),
    }),
    [store],
  );

  const isValid = useCallback(
    (connection: { source: string; sourceHandle?: string | null | undefined; target: string }) => {
      const from = { step: connection.source, port: connection.sourceHandle ?? 'out' };
      refused.current = connectionFault(store.getState().history.document, from, connection.target);
      return refused.current === undefined;
    },
    [store],
  );

  const connect = useCallback(
    (connection: Connection) => {
      const { history, edit } = store.getState();
      const done = edit({
        type: 'connect',
        edge: {
          id: freshEdgeId(history.document),
          from: { step: connection.source, port: connection.sourceHandle ?? 'out' },
          to: { step: connection.target },
        },
      });
      if (!done.ok) notifyError(done.message);
    },
    [store],
  );

  /** A wire dropped on nothing offers the steps that can follow; one dropped where it may not go says why. */
  const connectEnd = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      if (state.isValid === true || !state.fromNode || state.fromHandle?.type !== 'source') return;
      if (state.toNode) {
        if (refused.current !== undefined && state.toNode.id !== state.fromNode.id) notifyError(refused.current);
        return;
      }
      const screen = pointOf(event);
      const point = flow.screenToFlowPosition(screen);
      store.setState({
        quickAdd: {
          screen,
          at: { x: point.x, y: point.y - cardHeight / 2 },
          behind: { step: state.fromNode.id, port: state.fromHandle.id ?? 'out' },
        },
      });
    },
    [flow, store],
  );

  const { onInit } = useView(isEditing);

  const drop = (event: DragEvent) => {
    const kind = event.dataTransfer.getData(dragType);
    const { history, byKind, edit } = store.getState();
    const manifest = byKind.get(kind);
    if (!manifest || !isEditing) return;
    event.preventDefault();
    const point = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    const plan = planAdd(history.document, byKind, manifest, {
      at: { x: point.x - cardWidth / 2, y: point.y - cardHeight / 2 },
    });
    edit(plan.edit, plan.select);
  };

  return (
    <CanvasActionsProvider value={isEditing ? actions : undefined}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        className={className}
        aria-label={`Canvas of ${document.name}`}
        nodesDraggable={isEditing}
        nodesConnectable={isEditing}
        edgesFocusable={isEditing}
        isValidConnection={isValid}
        onConnect={connect}
        onConnectEnd={connectEnd}
        connectionRadius={32}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes(dragType)) return;
          event.preventDefault();
          event.dataTransfer.dropEffect = 'copy';
        }}
        onDrop={drop}
        onNodeDoubleClick={(_event, node) => store.setState({ focus: { pointer: `/steps/${node.id}` } })}
        deleteKeyCode={null}
        panOnScroll
        panOnDrag={middleButton}
        panActivationKeyCode="Space"
        zoomActivationKeyCode={['Control', 'Meta']}
        zoomOnDoubleClick={false}
        selectionOnDrag
        selectionMode={SelectionMode.Partial}
        multiSelectionKeyCode={['Shift', 'Control', 'Meta']}
        snapToGrid
        snapGrid={snapGrid}
        onlyRenderVisibleElements
        onInit={onInit}
        ariaLabelConfig={spokenLabels}
        {...zoomRange}
      >
        <Surface />
      </ReactFlow>
    </CanvasActionsProvider>
  );
}

/** What the quick-add list says it will do. */
export function quickAddNote(
  document: WorkflowDocument,
  place: { behind?: { step: string } | undefined; edge?: string | undefined },
): string {
  if (place.edge !== undefined) return 'Goes between the two steps.';
  return place.behind
    ? `Comes after “${stepLabel(document, place.behind.step)}”.`
    : 'Stands on its own until you connect it.';
}
