/**
 * The quick-add list at a point of the screen: type, choose with the arrows, Enter. It only chooses a kind; where the
 * step goes and what it is connected to is the caller's business.
 */
import { useEffect, useId, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import type { StepManifest } from '../../../../shared/steps/manifest.ts';
import { KindIcon } from '../../../ui/canvas/kind-icon.tsx';
import { searchKinds } from './search.ts';
import classes from './quick-add.module.css';

export interface QuickAddProps {
  manifests: readonly StepManifest[];
  /** In pixels of the window. */
  at: { x: number; y: number };
  /** What happens to the chosen step, e.g. “After Read the order”. */
  note: string;
  onPick: (kind: string) => void;
  onClose: () => void;
}

/** Keeps the list inside the window, whatever its own size is. */
function fit(element: HTMLElement, at: { x: number; y: number }): void {
  const { width, height } = element.getBoundingClientRect();
  const left = Math.max(0, Math.min(at.x, window.innerWidth - width));
  const top = Math.max(0, Math.min(at.y, window.innerHeight - height));
  element.style.setProperty('translate', `${left}px ${top}px`);
}

export function QuickAdd({ manifests, at, note, onPick, onClose }: QuickAddProps) {
  const [query, setQuery] = useState('');
  const [index, setIndex] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const found = searchKinds(manifests, query);
  const active = found[Math.min(index, found.length - 1)];

  useEffect(() => {
    if (box.current) fit(box.current, at);
  }, [at]);

  const onKey = (event: KeyboardEvent) => {
    switch (event.key) {
      case 'ArrowDown':
        setIndex(Math.min(index + 1, found.length - 1));
        break;
      case 'ArrowUp':
        setIndex(Math.max(index - 1, 0));
        break;
      case 'Enter':
        if (active) onPick(active.kind);
        break;
      case 'Escape':
      case 'Tab':
        onClose();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={box}
      className={classes.box}
      role="dialog"
      aria-label="Add a step"
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) onClose();
      }}
    >
      <input
        className={classes.search}
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={active ? `${id}-${active.kind}` : undefined}
        aria-label="Which step?"
        placeholder="Which step?"
        autoFocus
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setIndex(0);
        }}
        onKeyDown={onKey}
      />
      <ul id={`${id}-list`} role="listbox" aria-label="Steps" className={classes.list}>
        {found.map((manifest) => (
          <li
            key={manifest.kind}
            id={`${id}-${manifest.kind}`}
            role="option"
            aria-selected={manifest === active}
            className={classes.option}
            // A press would take the focus out of the list and close it before the click arrives.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onPick(manifest.kind)}
          >
            <KindIcon name={manifest.icon} className={classes.icon} />
            <span className={classes.text}>
              <span>{manifest.title}</span>
              <span className={classes.summary}>{manifest.summary}</span>
            </span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={classes.note}>No step is called that.</p>}
      <p className={classes.note}>{note}</p>
    </div>
  );
}
