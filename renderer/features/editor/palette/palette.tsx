/** The step kinds, by group: drag one onto the canvas, or press it to add it behind the selection. */
import { Kbd } from '@mantine/core';
import type { StepManifest } from '../../../../shared/steps/manifest.ts';
import { KindIcon } from '../../../ui/canvas/kind-icon.tsx';
import { groupKinds } from './search.ts';
import classes from './palette.module.css';

/** What a dragged palette entry carries. */
export const dragType = 'application/x-holdfast-kind';

export function Palette({ manifests, onAdd }: { manifests: readonly StepManifest[]; onAdd: (kind: string) => void }) {
  return (
    <nav className={classes.palette} aria-label="Steps to add">
      {groupKinds(manifests).map((group) => (
        <section key={group.title}>
          <h2 className={classes.group}>{group.title}</h2>
          <ul className={classes.list}>
            {group.kinds.map((manifest) => (
              <li key={manifest.kind}>
                <button
                  type="button"
                  className={classes.entry}
                  title={manifest.summary}
                  draggable
                  onDragStart={(event) => {
                    event.dataTransfer.setData(dragType, manifest.kind);
                    event.dataTransfer.effectAllowed = 'copy';
                  }}
                  onClick={() => onAdd(manifest.kind)}
                >
                  <span className={classes.icon} data-group={manifest.group}>
                    <KindIcon name={manifest.icon} />
                  </span>
                  {manifest.title}
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
      <p className={classes.hint}>
        Drag a step onto the canvas, or press <Kbd size="xs">/</Kbd> to search.
      </p>
    </nav>
  );
}
