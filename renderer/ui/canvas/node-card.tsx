/**
 * A step on the canvas: icon, label, one line of what it does, its marks, its effect, its ports and – during a run –
 * its status. Draws data only; what a click means is the canvas's business.
 */
import { Handle, Position, useStore, type NodeProps, type ReactFlowState } from '@xyflow/react';
import { CircleAlert } from 'lucide-react';
import { memo } from 'react';
import { effectOf } from '../../../shared/steps/manifest.ts';
import { EffectGlyph } from '../effect-glyph.tsx';
import type { CardNode } from './flow.ts';
import { cardBorder, sketchZoom } from './geometry.ts';
import { KindIcon } from './kind-icon.tsx';
import { labelOf, lineOf } from './line.ts';
import { MarkBadges } from './mark-badges.tsx';
import { marksOf } from './marks.ts';
import { portsOf, type Port } from './ports.ts';
import { statusOf } from './status.ts';
import { StatusChip } from './status-chip.tsx';
import classes from './node-card.module.css';

function PortHandle({ port, wired }: { port: Port; wired: boolean }) {
  const style = port.side === 'right' ? { top: port.y - cardBorder } : { left: port.x - cardBorder };
  return (
    <Handle
      id={port.id}
      type="source"
      position={port.side === 'right' ? Position.Right : Position.Bottom}
      className={classes.port}
      data-kind={port.kind}
      data-wired={wired || undefined}
      title={port.kind === 'out' ? 'Drag to the next step' : port.label}
      style={style}
    >
      {port.kind !== 'out' && !wired && (
        <span className={classes.portLabel} data-side={port.side}>
          {port.label}
        </span>
      )}
    </Handle>
  );
}

function isFar(state: ReactFlowState): boolean {
  return state.transform[2] < sketchZoom;
}

/** Thousands of cards at once are only possible if each is a single element. */
function Sketch({ data }: { data: CardNode['data'] }) {
  const look = data.live ? statusOf(data.run).look : undefined;
  return <div className={classes.sketch} data-look={look} data-severity={data.severity} />;
}

function Card(props: NodeProps<CardNode>) {
  const far = useStore(isFar);
  return far ? <Sketch data={props.data} /> : <FullCard {...props} />;
}

function FullCard({ data }: NodeProps<CardNode>) {
  const { id, step, manifest } = data;
  const label = labelOf(id, step, manifest);
  const effect = effectOf(step, manifest);
  const status = data.live ? statusOf(data.run, data.note) : undefined;
  const wired = data.wired.split(' ');
  return (
    <div
      className={classes.card}
      data-look={status?.look}
      data-provisional={status?.provisional || undefined}
      data-severity={data.severity}
      data-kind-group={manifest?.group}
    >
      <Handle id="in" type="target" position={Position.Left} className={classes.port} data-kind="in" />
      <div className={classes.top}>
        <span className={classes.icon}>
          <KindIcon name={manifest?.icon} />
        </span>
        <span className={classes.label} title={label}>
          {label}
        </span>
        <span className={classes.effect}>
          <EffectGlyph effect={effect} />
        </span>
      </div>
      <div className={classes.line}>{lineOf(step, manifest)}</div>
      {data.severity && (
        <span
          className={classes.problem}
          role="img"
          aria-label={data.severity === 'error' ? 'Has a problem' : 'Has a warning'}
        >
          <CircleAlert aria-hidden />
        </span>
      )}
      {status && <StatusChip status={status} />}
      <MarkBadges step={id} views={marksOf(step, manifest)} />
      {portsOf(step, manifest).map((port) => (
        <PortHandle key={port.id} port={port} wired={wired.includes(port.id)} />
      ))}
    </div>
  );
}

export const NodeCard = memo(Card, (before, after) => before.data === after.data && before.selected === after.selected);
