/** Every event in order: when, which number, one plain sentence, and the raw record on request. Virtual for long runs. */
import { ChevronRight } from 'lucide-react';
import { useRef, useState } from 'react';
import type { RunEvent } from '../../../shared/run/events.ts';
import { eventMark, eventSentence } from '../../lib/event-words.ts';
import type { LabelOf } from '../../lib/event-words.ts';
import { formatClock, formatExact } from '../../lib/format.ts';
import { useSettings } from '../../lib/settings.ts';
import { JsonTree } from '../../ui/json-tree.tsx';
import { StatusShape } from '../../ui/status-badge.tsx';
import { useVirtualRows } from '../../ui/use-virtual-rows.ts';
import classes from './inspector.module.css';

export interface EventsTabProps {
  events: RunEvent[];
  /** Everything up to this number is on disk. */
  savedSeq: number;
  labelOf: LabelOf;
}

export function EventsTab({ events, savedSeq, labelOf }: EventsTabProps) {
  const currency = useSettings((store) => store.settings.currency);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualRows(scroller, events.length, (index) => events[index]?.seq ?? index);
  const toggle = (seq: number) => {
    const next = new Set(open);
    if (!next.delete(seq)) next.add(seq);
    setOpen(next);
  };
  return (
    <div className={classes.events} ref={scroller} role="region" aria-label="Events" tabIndex={0}>
      <ol className={classes.eventList} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const event = events[item.index];
          if (!event) return null;
          const isOpen = open.has(event.seq);
          return (
            <li
              key={event.seq}
              ref={virtual.measureElement}
              data-index={item.index}
              className={classes.event}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <button
                type="button"
                className={classes.eventLine}
                aria-expanded={isOpen}
                onClick={() => toggle(event.seq)}
              >
                <ChevronRight aria-hidden className={classes.chevron} />
                <span className={classes.seq}>{event.seq}</span>
                <time
                  className={classes.clock}
                  dateTime={new Date(event.at).toISOString()}
                  title={formatExact(event.at)}
                >
                  {formatClock(event.at)}
                </time>
                <StatusShape word={eventMark(event)} />
                <span className={classes.sentence}>{eventSentence(event, labelOf, currency)}</span>
                {event.lazy === true && event.seq > savedSeq && <span className={classes.unsaved}>not saved yet</span>}
              </button>
              {isOpen && (
                <div className={classes.raw}>
                  <JsonTree value={event} label={`Event ${event.seq}`} />
                </div>
              )}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
