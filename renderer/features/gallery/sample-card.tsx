/** A sample as a card: what it shows, how large it is, which kinds of step it uses. The whole card opens it. */
import { Loader } from '@mantine/core';
import { ArrowRight } from 'lucide-react';
import type { SampleSummary } from '../../../shared/api/contract.ts';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { countOf } from '../../lib/format.ts';
import { KindIcon } from '../../ui/canvas/kind-icon.tsx';
import classes from './gallery.module.css';

export interface SampleCardProps {
  sample: SampleSummary;
  manifests: StepManifest[];
  opening: boolean;
  onOpen: () => void;
}

export function SampleCard({ sample, manifests, opening, onOpen }: SampleCardProps) {
  return (
    <li className={classes.card}>
      <h3 className={classes.cardTitle}>{sample.name}</h3>
      <p className={classes.cardText}>{sample.description}</p>
      <div className={classes.cardFoot}>
        <span className={classes.kinds}>
          {sample.kinds.map((kind) => {
            const manifest = manifests.find((entry) => entry.kind === kind);
            const title = manifest?.title ?? kind;
            return (
              <span key={kind} className={classes.kind} title={title}>
                <KindIcon name={manifest?.icon} className={classes.icon} />
                <span className="hf-hidden">{title}</span>
              </span>
            );
          })}
        </span>
        <span className={classes.quiet}>{countOf(sample.steps, 'step')}</span>
        <button
          type="button"
          className={classes.open}
          aria-label={`Open ${sample.name}`}
          disabled={opening}
          onClick={onOpen}
        >
          Open
          {opening ? <Loader size="xs" /> : <ArrowRight aria-hidden className={classes.icon} />}
        </button>
      </div>
    </li>
  );
}
