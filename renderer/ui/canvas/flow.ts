/**
 * The mapping from a graph document (and, during a run, its folded state) to what React Flow draws. Pure: the same
 * document gives the same nodes and edges. The document stays the truth; nothing is ever read back from here.
 */
import type { Edge as FlowEdgeBase, Node as FlowNodeBase, NodeHandle } from '@xyflow/react';
import type { RunState, StepState } from '../../../shared/run/state.ts';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import type { Edge, Step, WorkflowDocument } from '../../../shared/workflow/document.ts';
import type { Severity } from '../../../shared/workflow/problem.ts';
import { noteOf, occurrencesOf, type Occurrence } from '../../lib/occurrences.ts';
import { cardHeight, cardWidth, columnStep } from './geometry.ts';
import { labelOf, lineOf } from './line.ts';
import { portsOf } from './ports.ts';
import { edgeLook, statusOf, type EdgeLook } from './status.ts';

export interface CardData extends Record<string, unknown> {
  id: string;
  step: Step;
  manifest: StepManifest | undefined;
  /** A run is shown: every card carries its status. */
  live: boolean;
  run: StepState | undefined;
  /** Which round it is, or in how many items it is done. */
  note: string | undefined;
  /** Names of the ports with an edge, joined: a wired port needs no label of its own. */
  wired: string;
  severity: Severity | undefined;
}
export type CardNode = FlowNodeBase<CardData, 'step'>;

export type PathKind = 'plain' | 'fallback' | 'rejected' | 'rule';

export interface PathData extends Record<string, unknown> {
  kind: PathKind;
  label: string | undefined;
  /** A loop edge: how often it may be taken. */
  limit: number | undefined;
  look: EdgeLook;
  /** The step it leads to is being worked on now. */
  moving: boolean;
}
export type PathEdge = FlowEdgeBase<PathData, 'path'>;

export interface Flow {
  nodes: CardNode[];
  edges: PathEdge[];
}

export type ManifestMap = ReadonlyMap<string, StepManifest>;

const handleSize = 12;

function pathKind(edge: Edge): PathKind {
  switch (edge.from.port) {
    case 'failed':
      return 'fallback';
    case 'rejected':
      return 'rejected';
    case 'out':
      return 'plain';
    default:
      return 'rule';
  }
}

/** What an edge says: its own label first, then what its port means. */
function edgeLabel(edge: Edge, portLabel: string | undefined): string | undefined {
  if (edge.label !== undefined && edge.label !== '') return edge.label;
  if (edge.from.port === 'out') return undefined;
  const base = portLabel ?? edge.from.port;
  return edge.onErrors ? `${base}: ${edge.onErrors.join(', ')}` : base;
}

function handlesOf(step: Step, manifest: StepManifest | undefined): NodeHandle[] {
  const half = handleSize / 2;
  const size = { width: handleSize, height: handleSize };
  const source: NodeHandle[] = portsOf(step, manifest).map((port) => ({
    id: port.id,
    type: 'source',
    position: port.side as NodeHandle['position'],
    x: port.x - half,
    y: port.y - half,
    ...size,
  }));
  const target: NodeHandle = {
    id: 'in',
    type: 'target',
    position: 'left' as NodeHandle['position'],
    x: -half,
    y: cardHeight / 2 - half,
    ...size,
  };
  return [target, ...source];
}

/** A step without a place in the layout stands at the end of a row of its own, so that nothing overlaps. */
export function placeOf(document: WorkflowDocument, id: string, index: number): { x: number; y: number } {
  return document.layout?.[id] ?? { x: index * columnStep, y: 0 };
}

/** The sentence a screen reader says for a card. */
export function spokenCard(id: string, step: Step, manifest: StepManifest | undefined, now?: Occurrence): string {
  const parts = [labelOf(id, step, manifest), manifest?.title ?? step.kind, lineOf(step, manifest)];
  const note = now && noteOf(now);
  if (now?.run) parts.push(statusOf(now.run).word);
  if (note !== undefined) parts.push(note);
  return parts.join(', ');
}

export function toFlow(
  document: WorkflowDocument,
  manifests: ManifestMap,
  state?: RunState,
  severities?: ReadonlyMap<string, Severity>,
): Flow {
  const now = state ? occurrencesOf(document, state) : undefined;
  const wired = new Map<string, string[]>();
  for (const edge of document.edges) {
    const ports = wired.get(edge.from.step) ?? [];
    ports.push(edge.from.port);
    wired.set(edge.from.step, ports);
  }
  const nodes = Object.entries(document.steps).map(([id, step], index): CardNode => {
    const manifest = manifests.get(step.kind);
    const occurrence = now?.get(id);
    return {
      id,
      type: 'step',
      position: placeOf(document, id, index),
      width: cardWidth,
      height: cardHeight,
      // Known beforehand, so that everything can be brought into view before anything was drawn.
      measured: { width: cardWidth, height: cardHeight },
      handles: handlesOf(step, manifest),
      ariaLabel: spokenCard(id, step, manifest, occurrence),
      data: {
        id,
        step,
        manifest,
        live: state !== undefined,
        run: occurrence?.run,
        note: occurrence && noteOf(occurrence),
        wired: (wired.get(id) ?? []).join(' '),
        severity: severities?.get(id),
      },
    };
  });
  const edges = document.edges.flatMap((edge): PathEdge[] => {
    const source = document.steps[edge.from.step];
    const target = document.steps[edge.to.step];
    if (!source || !target) return [];
    const manifest = manifests.get(source.kind);
    const port = portsOf(source, manifest).find((candidate) => candidate.id === edge.from.port);
    // An edge from a port that no longer exists is kept in the document and named by the problems; there is no place to draw it.
    if (!port) return [];
    const look = edgeLook(now?.get(edge.from.step)?.run, edge.from.port);
    const label = edgeLabel(edge, port.label);
    return [
      {
        id: edge.id,
        type: 'path',
        source: edge.from.step,
        sourceHandle: edge.from.port,
        target: edge.to.step,
        targetHandle: 'in',
        ariaLabel: `From ${labelOf(edge.from.step, source, manifest)}${label ? ` ${label}` : ''} to ${labelOf(edge.to.step, target, manifests.get(target.kind))}`,
        data: {
          kind: pathKind(edge),
          label,
          limit: edge.loop?.maxIterations,
          look,
          moving: look === 'taken' && now?.get(edge.to.step)?.run?.status === 'running',
        },
      },
    ];
  });
  return { nodes, edges };
}

function sameData(before: Record<string, unknown>, after: Record<string, unknown>): boolean {
  const keys = Object.keys(after);
  return keys.length === Object.keys(before).length && keys.every((key) => Object.is(before[key], after[key]));
}

/** Keeps the objects of the previous drawing wherever nothing changed, so that one edit redraws one card. */
export function carryOver(previous: Flow, next: Flow): Flow {
  const knownNodes = new Map(previous.nodes.map((node) => [node.id, node]));
  const knownEdges = new Map(previous.edges.map((edge) => [edge.id, edge]));
  const nodes = next.nodes.map((node) => {
    const known = knownNodes.get(node.id);
    if (!known) return node;
    const isSame = sameData(known.data, node.data);
    const isStill = known.position.x === node.position.x && known.position.y === node.position.y;
    if (isSame && isStill && known.ariaLabel === node.ariaLabel) return known;
    return isSame ? { ...node, data: known.data } : node;
  });
  const edges = next.edges.map((edge) => {
    const known = knownEdges.get(edge.id);
    if (!known) return edge;
    const same =
      known.source === edge.source &&
      known.target === edge.target &&
      known.sourceHandle === edge.sourceHandle &&
      known.ariaLabel === edge.ariaLabel &&
      sameData(known.data ?? {}, edge.data ?? {});
    return same ? known : edge;
  });
  return { nodes, edges };
}
