/**
 * What the editing and the read-only canvas have in common: kinds of nodes and edges, background, controls, map and the
 * words screen readers hear. Holds no graph of its own.
 */
import {
  Background,
  BackgroundVariant,
  ControlButton,
  Controls,
  MiniMap,
  Panel,
  useReactFlow,
  useStore,
  type AriaLabelConfig,
} from '@xyflow/react';
import { Maximize, Minus, Plus } from 'lucide-react';
import type { CardNode } from './flow.ts';
import { gridStep, legibleZoom } from './geometry.ts';
import { NodeCard } from './node-card.tsx';
import { PathEdge } from './path-edge.tsx';
import { statusOf } from './status.ts';
import classes from './surface.module.css';

export const nodeTypes = { step: NodeCard };
export const edgeTypes = { path: PathEdge };
export const zoomRange = { minZoom: 0.1, maxZoom: 2 };
export const fitOptions = { padding: 0.12, maxZoom: 1 };
const mapSize = { width: 160, height: 104 };

export const spokenLabels: Partial<AriaLabelConfig> = {
  'node.a11yDescription.default': 'Press Enter to open its properties, arrow keys to move it, Delete to remove it.',
  'node.a11yDescription.keyboardDisabled': 'Press Enter to see what it did.',
  'edge.a11yDescription.default': 'Press Enter to select this path, Delete to remove it.',
  'controls.ariaLabel': 'Zoom',
  'controls.zoomIn.ariaLabel': 'Zoom in',
  'controls.zoomOut.ariaLabel': 'Zoom out',
  'controls.fitView.ariaLabel': 'Show everything',
  'minimap.ariaLabel': 'Map of the workflow',
};

/** Class names of the canvas element: the colours of React Flow in our tokens, and less detail when zoomed out. */
export function useCanvasClass(): string {
  const far = useStore((state) => state.transform[2] < legibleZoom);
  return far ? `${classes.canvas} hf-far` : (classes.canvas ?? '');
}

function mapColor(node: CardNode): string {
  if (!node.data.live) return 'var(--hf-line-strong)';
  const look = statusOf(node.data.run).look;
  return look === 'pending' || look === 'skipped' ? 'var(--hf-line)' : `var(--hf-mark-${look.replace('_', '-')})`;
}

function ZoomControls() {
  const flow = useReactFlow();
  return (
    <Controls
      className={classes.controls ?? ''}
      showZoom={false}
      showFitView={false}
      showInteractive={false}
      position="bottom-left"
    >
      <ControlButton aria-label="Zoom in" title="Zoom in" onClick={() => void flow.zoomIn()}>
        <Plus aria-hidden strokeWidth={1.75} />
      </ControlButton>
      <ControlButton aria-label="Zoom out" title="Zoom out" onClick={() => void flow.zoomOut()}>
        <Minus aria-hidden strokeWidth={1.75} />
      </ControlButton>
      <ControlButton
        aria-label="Show everything"
        title="Show everything"
        onClick={() => void flow.fitView({ ...fitOptions, duration: 120 })}
      >
        <Maximize aria-hidden strokeWidth={1.75} />
      </ControlButton>
    </Controls>
  );
}

function ZoomValue() {
  const percent = useStore((state) => Math.round(state.transform[2] * 100));
  return (
    <Panel position="bottom-left" className={classes.zoom ?? ''}>
      {percent} %
    </Panel>
  );
}

/** Background, controls and map; goes inside a React Flow element. */
export function Surface() {
  return (
    <>
      <Background variant={BackgroundVariant.Dots} gap={gridStep} size={1.5} />
      <ZoomControls />
      <ZoomValue />
      <MiniMap<CardNode>
        pannable
        zoomable
        className={classes.map ?? ''}
        nodeColor={mapColor}
        nodeBorderRadius={16}
        style={mapSize}
        position="bottom-right"
        ariaLabel="Map of the workflow"
      />
    </>
  );
}
