/** Geometry of an edge: a gentle curve forward, an arc above the cards when it goes back. Pure. */
import { getBezierPath, getSmoothStepPath, type Position } from '@xyflow/react';

export interface EdgeEnds {
  sourceX: number;
  sourceY: number;
  sourcePosition: Position;
  targetX: number;
  targetY: number;
  targetPosition: Position;
}

export interface EdgePath {
  d: string;
  labelX: number;
  labelY: number;
}

const corner = 24;
const reach = 90;
const lowestArc = 120;
const highestArc = 260;

/** An edge that ends left of where it starts would cross its own cards: it is led over them instead. */
function arc(ends: EdgeEnds): EdgePath {
  const { sourceX, sourceY, targetX, targetY } = ends;
  const rise = Math.min(highestArc, Math.max(lowestArc, (sourceX - targetX) * 0.28));
  const top = Math.min(sourceY, targetY) - rise;
  const d = `M${sourceX},${sourceY} C${sourceX + reach},${top} ${targetX - reach},${top} ${targetX},${targetY}`;
  return { d, labelX: (sourceX + targetX) / 2, labelY: 0.125 * (sourceY + targetY) + 0.75 * top };
}

export function edgePath(ends: EdgeEnds, loop: boolean): EdgePath {
  if (loop) return arc(ends);
  // Towards the left a curve would lie on the cards; around corners it stays between them.
  const goesLeft = ends.sourcePosition === 'right' && ends.targetX < ends.sourceX + corner;
  const [d, labelX, labelY] = goesLeft
    ? getSmoothStepPath({ ...ends, borderRadius: 12, offset: corner })
    : getBezierPath({ ...ends, curvature: 0.3 });
  return { d, labelX, labelY };
}
