/** The items of the inbox as a list: what is asked, of whom, until when, since when; the kind by shape, word and colour. */
import { CircleHelp, TriangleAlert, UserCheck } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { InboxItem } from '../../../shared/api/contract.ts';
import type { TaskKind } from '../../../shared/run/state.ts';
import { answerDone, taskKindTitles } from '../../lib/words.ts';
import { formatActor } from '../../lib/format.ts';
import { ActorText, DueText, TimeText } from '../../ui/values.tsx';
import classes from './inbox.module.css';

const kindIcons: Record<TaskKind, LucideIcon> = {
  review: UserCheck,
  escalation: TriangleAlert,
  in_doubt: CircleHelp,
};

export function KindMark({ kind }: { kind: TaskKind }) {
  const Icon = kindIcons[kind];
  return (
    <span className={classes.kind} data-kind={kind}>
      <Icon aria-hidden className={classes.icon} strokeWidth={2} />
      {taskKindTitles[kind]}
    </span>
  );
}

function Item({ item, current, onSelect }: { item: InboxItem; current: boolean; onSelect: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const element = button.current;
    if (!current || !element) return;
    element.scrollIntoView({ block: 'nearest' });
    // The ring of the keyboard goes along with J and K, but never comes in from elsewhere.
    if (element.closest('ul')?.contains(document.activeElement)) element.focus();
  }, [current]);
  return (
    <li>
      <button
        ref={button}
        type="button"
        className={classes.item}
        aria-current={current || undefined}
        onClick={onSelect}
      >
        <span className={classes.itemTop}>
          <KindMark kind={item.kind} />
          <span className={classes.itemAge}>
            <TimeText at={item.decision?.at ?? item.closedAt ?? item.openedAt} />
          </span>
        </span>
        <span className={classes.itemLabel}>{item.label}</span>
        <span className={classes.itemFoot}>
          <span className={classes.itemWorkflow}>{item.workflowName}</span>
          {item.decision ? (
            <span>
              {formatActor(item.decision.by)} {answerDone[item.decision.answer]}
            </span>
          ) : item.closedAt !== undefined ? (
            <span>No longer needed</span>
          ) : (
            <span className={classes.itemOwner}>
              <ActorText actor={item.owner} />
              {item.dueAt !== undefined && (
                <>
                  {' · '}
                  <DueText at={item.dueAt} />
                </>
              )}
            </span>
          )}
        </span>
      </button>
    </li>
  );
}

export interface InboxListProps {
  items: InboxItem[];
  selected: string | undefined;
  onSelect: (taskId: string) => void;
}

export function InboxList({ items, selected, onSelect }: InboxListProps) {
  return (
    <ul className={classes.list}>
      {items.map((item) => (
        <Item key={item.taskId} item={item} current={item.taskId === selected} onSelect={() => onSelect(item.taskId)} />
      ))}
    </ul>
  );
}
