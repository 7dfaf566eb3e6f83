/**
 * The graph of a run, lit up: read-only, selectable by pointer and keyboard. The caller folds the run and owns the
 * selection; nothing here talks to the application.
 */
import { ReactFlow, ReactFlowProvider, type NodeChange } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useCallback, useMemo, useRef } from 'react';
import type { RunState } from '../../../shared/run/state.ts';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';
import { carryOver, toFlow, type CardNode, type Flow } from './flow.ts';
import { edgeTypes, fitOptions, nodeTypes, spokenLabels, Surface, useCanvasClass, zoomRange } from './surface.tsx';
import surface from './surface.module.css';

export interface RunCanvasProps {
  document: WorkflowDocument;
  state: RunState;
  manifests: StepManifest[];
  /** Step id, not step key. */
  selected?: string | undefined;
  onSelect: (step: string | undefined) => void;
}

const empty: Flow = { nodes: [], edges: [] };

function Canvas({ document, state, manifests, selected, onSelect }: RunCanvasProps) {
  const byKind = useMemo(() => new Map(manifests.map((manifest) => [manifest.kind, manifest])), [manifests]);
  const previous = useRef(empty);
  const flow = useMemo(() => {
    const next = toFlow(document, byKind, state);
    previous.current = carryOver(previous.current, next);
    return previous.current;
  }, [document, byKind, state]);
  const nodes = useMemo(
    () =>
      flow.nodes.map((node) =>
        (node.selected ?? false) === (node.id === selected) ? node : { ...node, selected: node.id === selected },
      ),
    [flow, selected],
  );
  const className = useCanvasClass();
  // Enter and Space on a focused card arrive as a change, not as a click.
  const change = useCallback(
    (changes: NodeChange<CardNode>[]) => {
      const chosen = changes.find((one) => one.type === 'select' && one.selected);
      if (chosen && chosen.type === 'select') onSelect(chosen.id);
    },
    [onSelect],
  );
  return (
    <ReactFlow
      nodes={nodes}
      edges={flow.edges}
      nodeTypes={nodeTypes}
      edgeTypes={edgeTypes}
      className={className}
      nodesDraggable={false}
      nodesConnectable={false}
      edgesFocusable={false}
      deleteKeyCode={null}
      panOnScroll
      zoomActivationKeyCode={['Control', 'Meta']}
      onlyRenderVisibleElements
      fitView
      fitViewOptions={fitOptions}
      onNodesChange={change}
      onNodeClick={(_event, node) => onSelect(node.id)}
      onPaneClick={() => onSelect(undefined)}
      ariaLabelConfig={spokenLabels}
      {...zoomRange}
    >
      <Surface />
    </ReactFlow>
  );
}

export function RunCanvas(props: RunCanvasProps) {
  return (
    <div className={surface.frame}>
      <ReactFlowProvider>
        <Canvas {...props} />
      </ReactFlowProvider>
    </div>
  );
}
