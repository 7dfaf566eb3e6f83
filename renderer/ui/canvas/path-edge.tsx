/**
 * A path between two steps: plain, fallback (dashed red), after a rejection (amber) or going back (curved, with its
 * limit). During a run the paths taken stand out and the others step back.
 */
import { BaseEdge, EdgeLabelRenderer, useStore, type EdgeProps, type ReactFlowState } from '@xyflow/react';
import { Plus, Repeat } from 'lucide-react';
import { memo } from 'react';
import { useCanvasActions } from './actions.ts';
import type { PathEdge as PathEdgeType } from './flow.ts';
import { sketchZoom } from './geometry.ts';
import { edgePath } from './paths.ts';
import classes from './path-edge.module.css';

/** A label must not lie on the cards at its ends. */
function roomFor(distance: number): number {
  const narrowest = 64;
  const widest = 160;
  const margin = 10;
  return Math.max(narrowest, Math.min(widest, distance - margin));
}

function isFar(state: ReactFlowState): boolean {
  return state.transform[2] < sketchZoom;
}

function Path(props: EdgeProps<PathEdgeType>) {
  const { id, data, selected, sourceX, targetX, targetY } = props;
  const actions = useCanvasActions();
  const far = useStore(isFar);
  const loop = data?.limit !== undefined;
  const { d, labelX, labelY } = edgePath(props, loop);
  const label = data?.label;
  const place = { transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` };
  return (
    <>
      <g
        className={classes.path}
        data-kind={loop ? 'loop' : data?.kind}
        data-look={data?.look}
        data-selected={selected || undefined}
        data-moving={data?.moving || undefined}
      >
        <BaseEdge id={id} path={d} interactionWidth={far ? 0 : 24} />
        {!far && (
          <path
            className={classes.arrow}
            d={`M${targetX - 7},${targetY - 4.5} L${targetX},${targetY} L${targetX - 7},${targetY + 4.5}`}
          />
        )}
      </g>
      {!far && (label !== undefined || loop) && (
        <EdgeLabelRenderer>
          <div
            className={`${classes.label} nopan`}
            style={{ ...place, maxWidth: roomFor(targetX - sourceX) }}
            title={label}
            data-kind={loop ? 'loop' : data?.kind}
            data-look={data?.look}
          >
            {label !== undefined && <span className={classes.text}>{label}</span>}
            {loop && (
              <span className={classes.limit}>
                <Repeat aria-hidden strokeWidth={2} />
                at most {data?.limit} ×
              </span>
            )}
          </div>
        </EdgeLabelRenderer>
      )}
      {actions && selected && (
        <EdgeLabelRenderer>
          <button
            type="button"
            className={`${classes.insert} nodrag nopan`}
            style={place}
            data-below={label !== undefined || loop || undefined}
            aria-label="Insert a step here"
            title="Insert a step here"
            onClick={(event) => actions.insertOn(id, { x: event.clientX, y: event.clientY })}
          >
            <Plus aria-hidden strokeWidth={2} />
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

export const PathEdge = memo(Path);
