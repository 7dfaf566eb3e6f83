/**
 * The inbox: what waits for a person's decision on the left, the item and its answers on the right. Works by keyboard
 * alone; after a decision the next item comes up by itself.
 */
import { SegmentedControl } from '@mantine/core';
import { Inbox, ListChecks, MousePointerClick } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useWatch } from '../../client.ts';
import { countOf } from '../../lib/format.ts';
import { navigate } from '../../lib/route.ts';
import { useTitle } from '../../lib/use-title.ts';
import { EmptyState, ErrorState, RowsSkeleton } from '../../ui/page.tsx';
import { isTyping } from '../../ui/frame/go-keys.ts';
import { latestFirst, nextAfter, stepFrom } from './answers.ts';
import { InboxList } from './inbox-list.tsx';
import { TaskCard } from './task-card.tsx';
import classes from './inbox.module.css';

type Shown = 'open' | 'done';

/** J and K, wherever the focus is, unless somebody types. */
function useListKeys(move: (by: 1 | -1) => void): void {
  const latest = useRef(move);
  useEffect(() => {
    latest.current = move;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const key = event.key.toLowerCase();
      if (key !== 'j' && key !== 'k') return;
      event.preventDefault();
      latest.current(key === 'j' ? 1 : -1);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

export function InboxPage({ taskId }: { taskId: string | undefined }) {
  useTitle('Inbox');
  const [shown, setShown] = useState<Shown>('open');
  const { value, error } = useWatch('inbox.list', { state: shown });
  const items = useMemo(() => (shown === 'done' ? value && latestFirst(value) : value), [value, shown]);
  const ids = useMemo(() => (items ?? []).map((item) => item.taskId), [items]);
  // Without a choice in the address the first item is open: there is nothing to gain from an empty right side.
  const selected = taskId ?? ids[0];

  const open = (id: string | undefined) =>
    navigate(id === undefined ? { screen: 'inbox' } : { screen: 'inbox', task: id }, { replace: true });
  useListKeys((by) => {
    const next = stepFrom(ids, selected, by);
    if (next !== undefined) open(next);
  });

  const list = error ? (
    <ErrorState error={error} />
  ) : !items ? (
    <div className={classes.listPad}>
      <RowsSkeleton rows={4} />
    </div>
  ) : items.length === 0 ? (
    shown === 'open' ? (
      <EmptyState
        icon={Inbox}
        title="Nothing waits for a decision"
        text="When a workflow needs a person, it asks here."
      />
    ) : (
      <EmptyState
        icon={ListChecks}
        title="Nothing decided yet"
        text="What was decided stays here, with by whom and why."
      />
    )
  ) : (
    <InboxList items={items} selected={selected} onSelect={open} />
  );

  return (
    <div className={classes.inbox}>
      <section className={classes.left} aria-label="Items">
        <div className={classes.leftHead}>
          <h1 className={classes.title}>Inbox</h1>
          <SegmentedControl
            size="xs"
            aria-label="Which items"
            value={shown}
            onChange={(value) => {
              setShown(value === 'done' ? 'done' : 'open');
              navigate({ screen: 'inbox' }, { replace: true });
            }}
            data={[
              { value: 'open', label: 'Open' },
              { value: 'done', label: 'Done' },
            ]}
          />
        </div>
        <div className={classes.scroll}>{list}</div>
        <p className={classes.keys}>
          <kbd>J</kbd> <kbd>K</kbd> move
          {shown === 'open' && (
            <>
              {' '}
              · <kbd>1</kbd>–<kbd>4</kbd> decide
            </>
          )}
          {items !== undefined && <span className={classes.total}>{countOf(items.length, 'item')}</span>}
        </p>
      </section>
      <section className={classes.right} aria-label="Selected item">
        {selected === undefined ? (
          <EmptyState
            icon={MousePointerClick}
            title="No item selected"
            text="Items show here with everything that is needed to decide."
          />
        ) : (
          <TaskCard
            key={selected}
            taskId={selected}
            onDecided={() => {
              if (shown === 'open') open(nextAfter(ids, selected));
            }}
          />
        )}
      </section>
    </div>
  );
}
