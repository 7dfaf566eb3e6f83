/**
 * The three marks on a card's lower edge: filled when on, outlined on hover when off. A click toggles one where the
 * canvas allows it; the sentence of why comes from the editor, not from here.
 */
import { Flag, RotateCw, UserCheck, type LucideIcon } from 'lucide-react';
import { useCanvasActions } from './actions.ts';
import { markKeys, markWords, type Mark, type MarkView } from './marks.ts';
import classes from './mark-badges.module.css';

const icons: Record<Mark, LucideIcon> = { retry: RotateCw, checkpoint: Flag, review: UserCheck };

export function MarkBadges({ step, views }: { step: string; views: MarkView[] }) {
  const actions = useCanvasActions();
  if (!actions) {
    const on = views.filter((view) => view.on);
    return (
      <div className={classes.row}>
        {on.map((view) => {
          const Icon = icons[view.mark];
          const words = `${markWords[view.mark]}: ${view.hint}`;
          return (
            <span key={view.mark} className={classes.badge} data-on role="img" aria-label={words} title={words}>
              <Icon aria-hidden strokeWidth={2.25} />
            </span>
          );
        })}
      </div>
    );
  }
  return (
    <div className={classes.row}>
      {views.map((view) => {
        const Icon = icons[view.mark];
        return (
          <button
            key={view.mark}
            type="button"
            tabIndex={-1}
            className={`${classes.badge} nodrag nopan`}
            data-on={view.on || undefined}
            aria-pressed={view.on}
            aria-label={`${markWords[view.mark]}: ${view.hint}`}
            title={`${markWords[view.mark]} (${markKeys[view.mark]}) – ${view.hint}`}
            onClick={(event) => {
              event.stopPropagation();
              actions.toggleMark(step, view.mark);
            }}
          >
            <Icon aria-hidden strokeWidth={2.25} />
          </button>
        );
      })}
    </div>
  );
}
